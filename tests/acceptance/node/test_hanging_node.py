"""A node whose thread does not turn: noticed, reported with its stack, and ended in time."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Final

import pytest

from adapters.process.hanging.hang_rules import SILENCE_S
from tests.support.lengths import long
from tests.support.nodes.node_process import NodeProcess, node

ODD: Final = "tests.support.strategies.odd_strategies"
HANGS: Final = (long("Loops"), long("Sleeps"), long("SleepsInC"), "SleepsInCWithTheLock")
"""In Python and in C, with the interpreter's lock (GIL) and without."""


def assert_reported_and_left_open(process: NodeProcess) -> None:
    """Check the order of events: holding, hanging in the callback, ended with what is open."""
    process.wait_for("LEFT OPEN - ")
    assert process.exit_code() == 3, process.output
    held, hung, in_callback, left = (
        process.output.index(text)
        for text in ("HOLDING", "HANG: ", "in on_factors", "LEFT OPEN - ")
    )
    assert held < hung < in_callback < left
    assert "odd_strategies.py" in process.output[hung:left]
    assert "in hang" in process.output[hung:left]
    assert "left open: position +0.01, 1 orders (as of " in process.output[left:]
    assert process.run_folders() == []


@pytest.mark.parametrize("strategy", HANGS)
def test_the_time_of_a_run_ends_it_though_its_thread_hangs(strategy: str) -> None:
    """With ``--seconds``, the process reports the hang and ends by itself, with exit code 3."""
    with node("--strategy", f"{ODD}:{strategy}", "--seconds", 12) as process:
        assert_reported_and_left_open(process)


@pytest.mark.parametrize("strategy", [long("Loops"), "SleepsInCWithTheLock"])
def test_a_signal_ends_a_node_whose_thread_hangs(strategy: str) -> None:
    """One request: the stop's deadline holds, and the exit code is 3."""
    with node("--strategy", f"{ODD}:{strategy}") as process:
        process.wait_for("HOLDING")
        process.wait_for("HANG: ")
        process.signal(signal.SIGTERM)
        process.wait_for("once more")
        assert_reported_and_left_open(process)


@pytest.mark.long
def test_a_long_hang_ends_a_run_that_nobody_stops() -> None:
    """Fault D04: without a request and without ``--seconds``, the node is asked to stop, and
    ended.
    """
    with node("--strategy", f"{ODD}:Loops") as process:
        assert_reported_and_left_open(process)
        assert "stopping the node" in process.output


def test_a_node_that_turns_again_goes_on() -> None:
    """Fault D07: a callback of three seconds is reported; the records of that time are no
    backlog, but one newest record; the run ends as asked and flat.
    """
    with node("--strategy", f"{ODD}:SleepsForAWhile") as process:
        process.wait_for("HANG over: ")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert process.output.index("HANG: ") < process.output.index("HANG over: ")
        assert "left open nothing" in process.output
        conflated = re.search(r"([\d,]+) conflated", process.output)
        assert conflated is not None
        assert int(conflated[1].replace(",", "")) > 100


@pytest.mark.parametrize("wait", ["event", long("spin")])
def test_a_busy_node_is_no_hanging_one(wait: str) -> None:
    """A strategy that keeps its thread busy in short callbacks raises no alarm."""
    with node("--strategy", f"{ODD}:KeepsBusy", "--wait", wait) as process:
        process.wait_for("ENOUGH")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert "HOLDING" in process.output
        assert "HANG" not in process.output


def test_a_stopped_process_is_no_hanging_one() -> None:
    """SIGSTOP for longer than a hang takes to be noticed, then SIGCONT: no alarm."""
    with node("--strategy", f"{ODD}:HoldsPosition") as process:
        process.wait_for("HOLDING")
        process.signal(signal.SIGSTOP)
        time.sleep(SILENCE_S * 2)
        process.signal(signal.SIGCONT)
        time.sleep(SILENCE_S)
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert "HANG" not in process.output


def test_a_run_outlives_the_watch_over_it() -> None:
    """A killed watch is reported once; trading goes on, and the signals work."""
    with node("--strategy", f"{ODD}:HoldsPosition") as process:
        process.wait_for("HOLDING")
        watch = next(pid for pid in process.children() if "hang_loop" in command_of(pid))
        os.kill(watch, signal.SIGKILL)
        process.wait_for("hangs are not noticed")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert "left open nothing" in process.output
        assert process.output.count("hangs are not noticed") == 1


def command_of(pid: int) -> str:
    """Return a process's command line."""
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


@pytest.mark.parametrize("strategy", [long("LoopsInInit"), "SleepsInInitInCWithTheLock"])
def test_a_hang_in_the_constructor_is_reported_and_ended_by_a_signal(strategy: str) -> None:
    """There is no node yet, so that nothing is open and the code is 0."""
    with node("--strategy", f"{ODD}:{strategy}") as process:
        process.wait_for("LOADING")
        process.wait_for("HANG: ")
        process.wait_for("in prepare_model")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert "SIGTERM; left open: nothing" in process.output
        assert "Traceback" not in process.output


@pytest.mark.long
@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ("LoopsInInit", "the strategy was not made within 60 s"),
        ("LoopsInOnStart", "the node's thread did not turn for 60 s; stopping the node"),
    ],
)
def test_a_long_hang_before_the_node_runs_ends_it(strategy: str, reason: str) -> None:
    """Without a request and without ``--seconds``, in the constructor and in on_start."""
    with node("--strategy", f"{ODD}:{strategy}") as process:
        process.wait_for("LOADING")
        process.wait_for("HANG: ")
        process.wait_for(reason, 100)
        assert process.exit_code() == 1, process.output
        assert process.run_folders() == []


@pytest.mark.long
def test_a_folder_named_like_a_debugger_holds_no_thread(tmp_path: Path) -> None:
    """A strategy that hangs in such a folder is reported as any other."""
    folder = tmp_path / "debugpy" / "pydevd"
    folder.mkdir(parents=True)
    (folder / "bdb_strategy.py").write_text(
        f"from {ODD} import Loops\n"
        "class Mine(Loops):\n"
        "    def hang(self):\n"
        "        while True: pass\n"
    )
    with node("--strategy", "bdb_strategy:Mine", "--seconds", 12, cwd=folder) as process:
        process.wait_for("HANG: ")
        process.wait_for("/debugpy/pydevd/bdb_strategy.py")
        process.wait_for("LEFT OPEN - ")
        assert process.exit_code() == 3, process.output
