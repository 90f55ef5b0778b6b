"""Everything that the README and the pages of a newcomer show is run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_PAGES: Final = (
    "first_run",
    "gather_factors",
    "first_backtest",
    "record_and_replay",
    "write_a_strategy",
    "write_factors",
    "roadmap",
)
"""What a newcomer reads next, in ``docs``; the tutorial has a test of its own."""
SHOWN: Final = "\n".join(
    [README, *((ROOT / "docs" / f"{n}.md").read_text(encoding="utf-8") for n in FIRST_PAGES)]
)
SITE: Final = "uv run --group docs python -m docs.site"
"""Built by a step of CI of its own, with the tools that it needs."""
ENDLESS: Final = "uv run live/run_node.py"
THIS_SUITE: Final = "uv run pytest"
LONG: Final = "uv run python -m tests.benchmarks"
TIMEOUT_S: Final = 400.0
"""Of one command, whose imports alone take a minute on a machine that has much to do."""


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language, of the README first."""
    return re.findall(rf"```{language}\n(.*?)```", SHOWN, re.DOTALL)


COMMANDS: Final = list(
    dict.fromkeys(line for block in blocks("bash") for line in block.splitlines() if line)
)


def working_uv() -> str | None:
    """Return a uv that answers: the one that runs this suite, or one on the path."""
    for uv in (os.environ.get("UV"), shutil.which("uv")):
        if (
            uv
            and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0
        ):
            return uv
    return None


def words_of(command: str) -> list[str]:
    """Return a command's words; without uv, what it would run inside this environment."""
    _, run, *words = shlex.split(command)
    uv = working_uv()
    if uv:
        return [uv, run, *words]
    return [sys.executable, *(words[1:] if words[0] == "python" else words)]


def test_the_readme_has_the_two_commands() -> None:
    """All set-up is two commands, and they come first."""
    assert COMMANDS[:2] == [ENDLESS, THIS_SUITE]


def test_the_demo_command_runs_until_ctrl_c() -> None:
    """As typed, it shows progress; Ctrl-C in its terminal ends it with a summary."""
    process = subprocess.Popen(
        words_of(ENDLESS), cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        lines = []
        deadline = time.monotonic() + TIMEOUT_S
        for line in process.stdout:
            lines.append(line)
            if "latency" in line or time.monotonic() > deadline:
                break
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0, "".join(lines) + rest
        assert "left open nothing" in rest
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(240)


ALONE: Final = [
    c
    for c in COMMANDS
    if c not in {ENDLESS, THIS_SUITE, SITE} and "contrarian" not in c and "recordings/" not in c
]
CATALOG_COMMANDS: Final = [c for c in COMMANDS if "recordings/ten_days" in c]
SESSION_COMMANDS: Final = [c for c in COMMANDS if "recordings/session" in c]


@pytest.mark.parametrize("command", ALONE)
def test_a_shown_command_succeeds(command: str) -> None:
    """Each command that needs no other one ends with 0."""
    succeed(command)


@pytest.mark.long
@pytest.mark.timeout(TIMEOUT_S * 5)
@pytest.mark.parametrize(
    "commands", [CATALOG_COMMANDS, SESSION_COMMANDS], ids=["catalog", "session"]
)
def test_the_shown_commands_succeed_one_after_another(commands: list[str], tmp_path: Path) -> None:
    """What one writes, the next reads; all end with 0."""
    assert len(commands) >= 3
    for command in commands:
        succeed(command.replace("recordings/", f"{tmp_path}/"))


def succeed(command: str) -> None:
    """Run a command in the project's folder; it must end with 0."""
    result = subprocess.run(
        words_of(command), cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_strategy_of_the_readme_trades(tmp_path: Path) -> None:
    """Saved under the name that the README gives it, it runs from its own folder."""
    strategy = next(b for b in blocks("python") if "class SellTheCrowd" in b)
    (tmp_path / "sell_the_crowd.py").write_text(strategy)
    run_in(tmp_path, "--strategy", "sell_the_crowd:SellTheCrowd", "--seconds", "5")


def test_the_shown_strategy_trades(tmp_path: Path) -> None:
    """The strategy of its page runs from its own folder, with the settings shown."""
    strategy = next(b for b in blocks("python") if "class Contrarian" in b)
    (tmp_path / "contrarian.py").write_text(strategy)
    (tmp_path / "node.toml").write_text(blocks("toml")[0])
    command = next(c for c in COMMANDS if "contrarian" in c)
    words = [w for w in shlex.split(command)[2:] if w != "live/run_node.py"]
    run_in(tmp_path, *words, "--config", "node.toml")


def run_in(folder: Path, *options: str) -> None:
    """Run a node in a folder; it must end with 0 and have traded."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "live" / "run_node.py"), *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    fills = re.search(r"fills +(\d+)", result.stdout)
    assert fills
    assert int(fills.group(1)) > 0, result.stdout


@pytest.mark.long
def test_the_shown_strategy_has_types(tmp_path: Path) -> None:
    """Its author's ``mypy --strict``, in a folder of its own, finds no error in it, and finds a
    misspelt name beside it: what is imported has types.
    """
    strategy = next(b for b in blocks("python") if "class Contrarian" in b)
    (tmp_path / "contrarian.py").write_text(strategy)
    (tmp_path / "misspelt.py").write_text(
        "from adapters.shm import FactorReader\n"
        "from contrarian import Contrarian\n"
        "from dolphin_strategies import FactorStrateggy\n"
        "text: str = FactorReader().capacity\n"
        "Contrarian.on_factors(1)\n"
    )
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-pretty",
         "contrarian.py", "misspelt.py"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "MYPYPATH"}},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )  # fmt: skip
    found = re.findall(r"^(\S+?):(\d+): error: .*\[(\S+)\]$", result.stdout, re.MULTILINE)
    assert found == [
        ("misspelt.py", "3", "attr-defined"),
        ("misspelt.py", "4", "assignment"),
        ("misspelt.py", "5", "call-arg"),
        ("misspelt.py", "5", "arg-type"),
    ], result.stdout + result.stderr


def test_the_shown_test_of_the_strategy_passes(tmp_path: Path) -> None:
    """In a folder of its own, with the fixture that pytest finds by itself; and it can fail."""
    shown = next(b for b in blocks("python") if "strategy_harness" in b)
    wrong = shown.replace("-0.01", "0.01").replace("def test_", "def test_wrong_")
    (tmp_path / "contrarian.py").write_text(
        next(b for b in blocks("python") if "class Contrarian" in b)
    )
    (tmp_path / "test_contrarian.py").write_text(shown)
    (tmp_path / "test_wrong.py").write_text(wrong)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert "1 failed, 1 passed" in result.stdout, result.stdout + result.stderr
    assert "FAILED test_wrong.py" in result.stdout


def test_the_shown_writer_and_reader_work() -> None:
    """The other Python block runs as it is and prints the factor."""
    code = next(b for b in blocks("python") if "FactorWriter" in b)
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "2.5\n"), result.stderr


def test_the_benchmark_command_exists() -> None:
    """The long benchmark that the pages name explains itself."""
    assert LONG in SHOWN
    result = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 0
    assert "usage" in result.stdout
