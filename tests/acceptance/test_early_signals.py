"""A signal while a script imports what it needs: nothing is open yet, and it ends cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.lengths import long

ROOT: Final = Path(__file__).resolve().parents[2]
TIMEOUT_S: Final = 120.0
SCRIPTS: Final[tuple[tuple[list[str], str, int], ...]] = (
    (["live/run_node.py"], "numpy", 0),
    (["live/run_exf.py", "run"], "orjson", 5),
    (["live/run_exf.py", "status"], "orjson", 130),
    (["live/record_factors.py", "--catalog", "nowhere"], "numpy", 0),
    (["live/bridge_hazelcast.py"], "orjson", 0),
    (["live/bridge_aeron.py", "aeron:ipc"], "numpy", 0),
    (["live/aeron_driver.py"], "ipaddress", 0),
    (["live/hazelcast_member.py"], "shutil", 130),
    (["live/measure_latency.py"], "numpy", 130),
    (["backtests/run_backtest.py", "--catalog", "nowhere"], "numpy", 130),
    (["backtests/import_factors.py", "--spec", "x", "--check"], "numpy", 130),
    (["backtests/compute_factors.py", "--catalog", "nowhere"], "tqdm", 130),
    (["backtests/check_parity.py", "nowhere"], "numpy", 130),
    (["-m", "adapters.catalog", "nowhere"], "pyarrow", 130),
    (["-m", "tests.benchmarks", "calls"], "numpy", 130),
)
"""The words of a command, a module that it imports, and its code when it is stopped at once."""


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, long(signal.SIGINT), long(signal.SIGHUP)], ids=lambda n: n.name
)
@pytest.mark.parametrize(
    ("words", "module", "code"), SCRIPTS, ids=[" ".join(words[:2]) for words, _, _ in SCRIPTS]
)
def test_a_signal_during_the_imports_ends_a_command_cleanly(
    words: list[str], module: str, code: int, number: signal.Signals, tmp_path: Path
) -> None:
    """With the documented exit code and one line, whichever signal it is."""
    # In place of a module that takes long to load. A signal just before one long sleep would wait.
    (tmp_path / f"{module}.py").write_text(
        "import time\nprint('loading', flush=True)\nwhile True: time.sleep(0.01)\n"
    )
    first, *arguments = words
    command = words if first == "-m" else [str(ROOT / first), *arguments]
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "loading\n"
            process.send_signal(number)
            _, errors = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
    assert process.returncode == code, errors
    module_name = arguments[0] if first == "-m" else ""
    name = (
        "dolphin catalog" if module_name == "adapters.catalog" else module_name or Path(first).name
    )
    assert errors == f"{name}: ended by {number.name}\n"
