"""A signal while a script imports what it needs: nothing is open yet, and it ends cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
TIMEOUT_S: Final = 60.0
SCRIPTS: Final[tuple[tuple[str, str, list[str], int], ...]] = (
    ("live/run_node.py", "numpy", [], 0),
    ("live/run_exf.py", "orjson", ["run"], 5),
    ("live/run_exf.py", "orjson", ["status"], 130),
    ("backtests/run_backtest.py", "numpy", ["--catalog", "nowhere"], 130),
)
"""A script, a module that it imports, its arguments, and its code when it is stopped at once."""
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("script", "module", "arguments", "code"),
    SCRIPTS,
    ids=["node", "exf", "exf status", "backtest"],
)
def test_a_signal_during_the_imports_ends_a_script_cleanly(  # noqa: PLR0917
    script: str,
    module: str,
    arguments: list[str],
    code: int,
    number: signal.Signals,
    tmp_path: Path,
) -> None:
    """With the documented exit code and one line, whichever signal it is."""
    # In place of a module that takes long to load.
    (tmp_path / f"{module}.py").write_text(
        "import time\nprint('loading', flush=True)\ntime.sleep(3600)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(ROOT / script), *arguments],
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
    assert errors == f"{Path(script).name}: ended by {number.name}\n"
