"""What would end a node's process on the spot ends it in order, or at least with a word."""

from __future__ import annotations

import signal

import pytest

from tests.support.eventually import eventually
from tests.support.lengths import long
from tests.support.nodes.node_process import node

ABRUPT = "tests.support.strategies.raising_strategies"


@pytest.mark.parametrize(
    ("strategy", "word"),
    [
        ("ExitsProcess", "os._exit was called"),
        long("ExitsProcessInThread", "os._exit was called"),
        long("ReplacesProcess", "os.execv was called"),
        ("AsksTwice", "CRASH: SIGABRT in another thread"),
        long("AsksInExecutor", "CRASH: SIGABRT in another thread"),
        long("StopsLoop", "stop() was called"),
        long("GetsAlarm", "SIGALRM came"),
        long("RaisesNamelessError", "NamelessError"),
        ("ForgetsTask", "planted in a task"),
    ],
)
def test_it_stops_flat_with_the_reason(strategy: str, word: str) -> None:
    """Fault D03: os._exit, exec, an abort in another thread and the like: flat, exit code 1."""
    with node("--strategy", f"{ABRUPT}:{strategy}") as process:
        assert process.exit_code() == 1, process.output
        assert "HOLDING 0.01" in process.output
        assert word in process.output
        assert "left open nothing" in process.output
        assert process.run_folders() == []


def test_a_strategy_that_gets_no_factors_says_so() -> None:
    """An on_start without super() would wait for ever for factors that never come."""
    with node("--strategy", f"{ABRUPT}:ForgetsSuper") as process:
        assert process.exit_code() == 1, process.output
        assert "on_start does not call super().on_start()" in process.output


def test_a_crash_of_the_main_thread_is_told_with_its_place() -> None:
    """Fault D02: no negative exit code: 3, the stack, and what was left open."""
    with node("--strategy", f"{ABRUPT}:ReadsNull") as process:
        assert process.exit_code() == 3, process.output
        crashed = process.output.index("CRASH: SIGSEGV in the main thread")
        left = process.output.index("LEFT OPEN - the process has crashed")
        assert "in string_at" in process.output[crashed:left]
        assert "position +0.01" in process.output[left:]
        assert process.run_folders() == []


def test_exit_of_c_does_not_choose_the_code() -> None:
    """Fault D02: what was open is printed, and the code is not that of success."""
    with node("--strategy", f"{ABRUPT}:ExitsInC") as process:
        assert process.exit_code() == 1, process.output
        assert "ended without stopping the node" in process.output


def test_signals_that_a_strategy_took_are_taken_back() -> None:
    """SIGTERM with its default action would end the process on the spot."""
    with node("--strategy", f"{ABRUPT}:TakesSignals") as process:
        process.wait_for("SIGINT, SIGTERM had another handler or were blocked")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert "left open nothing" in process.output


def test_a_copy_that_a_strategy_forked_is_ended_and_the_node_goes_on() -> None:
    """Two processes must not be one node; the first is as before."""
    with node("--strategy", f"{ABRUPT}:Forks") as process:
        process.wait_for("came back from it and is ended")
        eventually(lambda: "ENOUGH" in process.output, "the node goes on")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert process.output.count("HOLDING") == 1
        assert process.output.count("left open nothing") == 1


@pytest.mark.parametrize("strategy", [long("ExitsInInit"), "ExitsProcessInInit"])
def test_an_exit_of_the_constructor_is_a_wrong_strategy(strategy: str) -> None:
    """Exit code 2, although the strategy asked for 0."""
    with node("--strategy", f"{ABRUPT}:{strategy}") as process:
        assert process.exit_code() == 2, process.output
        assert "cannot be made: SystemExit" in process.output
