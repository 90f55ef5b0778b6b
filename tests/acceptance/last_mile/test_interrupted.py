"""Ctrl-C in every program, from its first line on: it ends as it says, nothing is half done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.process.stop_signals import LEFT_AT_ONCE
from docs.site.programs import exit_codes_of
from tests.acceptance.last_mile.manners import (
    EXAMPLES,
    PROGRAMS,
    TIMEOUT_S,
    USES_TERMINAL,
    page_text,
)
from tests.support.eventually import eventually
from tests.support.lengths import long

if TYPE_CHECKING:
    from docs.site.programs import Program

HANDLED: Final = 1 << signal.SIGTERM - 1
"""In the mask of handled signals: Python by itself handles SIGINT, and a program SIGTERM too."""
MOMENTS_S: Final = (0.0, 0.3, 1.0, 2.5, 6.0)
"""After a program's first line."""
EARLY_S: Final = (0.02, 0.0, 0.01, 0.04, 0.06)
"""Around the start of the interpreter."""
AGAIN_S: Final = 20.0
"""After which a person who sees nothing happen presses Ctrl-C once more: where Python clears an
error while it starts, it clears a KeyboardInterrupt with it, or prints it and goes on.
"""
BACKTEST: Final = ("--catalog", "{catalog}", "--config", str(EXAMPLES / "backtest.toml"))
WORK: Final = {
    "advise": ("{positions}", "--out", "advice.json"),
    "aeron_driver": ("--dir", "{shm}.d"),
    "backfill": ("{catalog}", "--catalog", "new"),
    "bridge_aeron": ("aeron:ipc?dir={shm}.d", "--region", "{shm}"),
    "bridge_hazelcast": ("hazelcast://127.0.0.1:9/FEATURES/latest", "--region", "{shm}"),
    "catalog": ("{catalog}", "verify"),
    "check_parity": ("{catalog}",),
    "compute_factors": ("--catalog", "ten_days", "--calendar", "1s"),
    "dolphin": ("init", "mine"),
    "envelope": ("{positions}", "--out", "envelope.json"),
    "evaluate_factors": ("--catalog", "{catalog}", "--out", "out"),
    "fit_regimes": ("--catalog", "{catalog}", "--out", "regimes.json"),
    "hazelcast_member": ("--port", "0"),
    "import_factors": ("--spec", str(EXAMPLES / "import_ten_days.toml"), "--catalog", "new"),
    "measure_latency": ("--hazelcast", "none", "--json", "figures.json"),
    "monitor": ("--once", "{shm}"),
    "record_factors": ("--catalog", "new", "--region", "{shm}"),
    "region_headers": ("include",),
    "run_backtest": (*BACKTEST, "--prove-no-lookahead", "--out", "out"),
    "run_exf": ("run", "--venues", "clock", "--calendar", "--region", "{shm}"),
    "run_fleet": (str(EXAMPLES / "fleet.toml"), "--check"),
    "run_node": ("--record", "session"),
    "sweep": ("--catalog", "{catalog}", "--config", str(EXAMPLES / "sweep.toml"), "--out", "out"),
    "switch": ("status", "--node", "none"),
    "train_exits": ("{positions}", "--horizon", "4h", "--interval", "15m", "--out", "exits.json"),
    "watchdog": ("--node", "{shm}.state", "--alarm-only"),
}
INTERRUPTED: Final = {
    "aeron_driver": 0, "bridge_aeron": 0, "bridge_hazelcast": 0, "monitor": 0, "record_factors": 0,
    "run_exf": 5, "run_node": 0, "watchdog": 0,
}  # fmt: skip
"""The code of a program that Ctrl-C ends before its work; 130 if it is not here."""
WHOLE_OR_NOTHING: Final = (
    "advice.json", "envelope.json", "regimes.json", "figures.json", "exits.json", "new",
)  # fmt: skip
"""What a program that was left has not begun, or has taken back."""


def test_every_program_is_interrupted_here() -> None:
    """A new program needs a row."""
    assert sorted(WORK) == sorted(PROGRAMS)


def begin(program: Program, words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start a program in a session of its own, so that what it leaves is found."""
    return subprocess.Popen(
        [*program.words, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def handles_stop_signals(process: subprocess.Popen[Any]) -> bool:
    """Return whether a program's own handling is in place, or it has ended."""
    if process.poll() is not None:
        return True
    text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return bool(int(text.partition("SigCgt:")[2].split()[0], 16) & HANDLED)


def is_halted(process: subprocess.Popen[str]) -> bool:
    """Return whether a process is stopped, or has ended."""
    if process.poll() is not None:
        return True
    stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] == "T"


def left_of(session: int) -> list[str]:
    """Return the processes of a session that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text(encoding="utf-8").rpartition(")")
        except OSError:  # it has ended meanwhile
            continue
        state, _, _, of = rest.split()[:4]
        if int(of) == session and state != "Z":
            found.append(name)
    return found


def check_folder(folder: Path, *, is_left: bool) -> None:
    """Every file of JSON is whole, and what is whole or nothing is not there if it was left."""
    for path in folder.rglob("*.json"):
        if path.parts[-2] != "session":  # that of a recording, written beside it
            json.loads(path.read_text(encoding="utf-8"))
    unfinished = [*folder.rglob("*.new"), *folder.rglob("*.dolphin-new")]
    assert not [path for path in unfinished if "session" not in path.parts]
    if is_left:
        assert not [name for name in WHOLE_OR_NOTHING if _has_content(folder / name)]
        assert not list(folder.glob("ten_days/recordings/calendar"))
        assert not list(folder.glob("include/*/*.pc"))


def _has_content(path: Path) -> bool:
    return path.is_file() or any(p.suffix in {".parquet", ".jsonl"} for p in path.rglob("*"))


@pytest.mark.long
@pytest.mark.parametrize("moment_s", MOMENTS_S)
@pytest.mark.parametrize("name", WORK)
def test_ctrl_c_ends_a_program_as_it_says(
    name: str, moment_s: float, catalog: Path, positions: Path, tmp_path: Path
) -> None:
    """No traceback, a documented code, no process, no half of a result; at any moment."""
    program = PROGRAMS[name]
    places = {
        "catalog": catalog,
        "positions": positions,
        "shm": f"/dev/shm/dolphin_last_mile_{os.getpid()}_{name}",
    }
    if "ten_days" in WORK[name]:
        shutil.copytree(catalog, tmp_path / "ten_days")
    before = {path: path.read_bytes() for path in catalog.rglob("*") if path.is_file()}
    process = begin(program, [word.format_map(places) for word in WORK[name]], tmp_path)
    try:
        eventually(lambda: handles_stop_signals(process), f"{name} handles SIGTERM")
        time.sleep(moment_s)
        was_over = process.poll() is not None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
        process.wait()
    shown = out + err
    assert "Traceback" not in shown, shown
    assert USES_TERMINAL not in shown
    # A member's virtual machine that does not handle signals yet: 130 in a shell.
    code = LEFT_AT_ONCE if process.returncode == -signal.SIGINT else process.returncode
    assert str(code) in exit_codes_of(page_text(program)), shown
    if moment_s == 0.0 and not was_over:
        assert code == INTERRUPTED.get(name, 130), shown
    eventually(lambda: not left_of(process.pid), f"no process of {name} is left")
    check_folder(tmp_path, is_left=code == LEFT_AT_ONCE and name != "backfill")
    after = {path: path.read_bytes() for path in catalog.rglob("*") if path.is_file()}
    assert after == before
    for path in Path("/dev/shm").glob(f"dolphin_last_mile_{os.getpid()}_{name}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("moment_s", [EARLY_S[0], *(long(s) for s in EARLY_S[1:])])
@pytest.mark.parametrize("name", ["run_node", *(long(n) for n in WORK if n != "run_node")])
def test_ctrl_c_while_the_interpreter_starts_leaves_nothing(
    name: str, moment_s: float, tmp_path: Path
) -> None:
    """Until a program's first line it is Python that ends, and may say KeyboardInterrupt; no work
    was begun. A program that is further on already does what the other test says.
    """
    words = [
        word.format(catalog="none", positions="none", shm="/dev/shm/none") for word in WORK[name]
    ]
    process = begin(PROGRAMS[name], words, tmp_path)
    try:
        time.sleep(moment_s)
        # Halted, so that it is at the same place when the signal comes.
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: is_halted(process), f"{name} is halted")
        is_early = not handles_stop_signals(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        try:
            _, err = process.communicate(timeout=AGAIN_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
        process.wait()
    if "Traceback" in err or "Fatal Python error" in err:
        # Before its lines `python -m` imports the packages around a module; in an import of C
        # Python has an ImportError in place of the interruption.
        assert "KeyboardInterrupt" in err or "PyCapsule_Import could not import" in err
        assert is_early
    eventually(lambda: not left_of(process.pid), f"no process of {name} is left")
    if is_early and process.returncode != 0:
        assert list(tmp_path.iterdir()) == []
    check_folder(tmp_path, is_left=process.returncode == LEFT_AT_ONCE and name != "backfill")
