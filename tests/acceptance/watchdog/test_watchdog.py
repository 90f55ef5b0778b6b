"""live/watchdog.py over a real node that is killed, stopped, hangs, or does not come up."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.guarding.guarded_nodes import (
    OPEN,
    RESTING,
    hang_watch_of,
    node_with_state,
    watchdog,
)
from tests.support.lengths import long
from tests.support.nodes.node_process import NodeProcess, node

if TYPE_CHECKING:
    from pathlib import Path


def wait_for_position(process: NodeProcess, guard: NodeProcess) -> None:
    """Wait until the node holds its position, and is watched."""
    process.wait_for("HOLDING 0.01")
    guard.wait_for("is watched")


@pytest.mark.parametrize("number", [signal.SIGKILL, long(signal.SIGABRT), long(signal.SIGSEGV)])
def test_a_killed_node_is_reported_with_what_it_left_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Fault D02: the alarm names position and order; a paper account ended with the process."""
    state = tmp_path / "state"
    with (
        watchdog("--node", state, "--until-end") as guard,
        node_with_state("HoldsPosition", state) as process,
    ):
        wait_for_position(process, guard)
        # The state is written four times a second.
        eventually(lambda: b"O-" in state.read_bytes(), "the order in the state")
        process.signal(number)
        assert guard.exit_code() == 3, guard.output
        # What is no SIGKILL the node still answers itself, with what it left open.
        assert process.exit_code() == (-number if number == signal.SIGKILL else 3)
    assert "ALARM DIED: HoldsPosition" in guard.output
    assert OPEN in guard.output
    assert RESTING in guard.output
    lost = "nothing can be closed: the paper account ended with its process; lost: position +0.01"
    assert lost in guard.output


def test_a_node_that_hangs_in_c_is_reported_and_ended(tmp_path: Path) -> None:
    """Fault D04: with the interpreter's lock; SIGTERM lets the node's own watch end it."""
    state = tmp_path / "state"
    with (
        watchdog("--node", state, "--until-end") as guard,
        node_with_state("SleepsInCWithTheLock", state) as process,
    ):
        guard.wait_for("ALARM HANG: SleepsInCWithTheLock")
        assert OPEN in guard.output
        guard.wait_for("was sent SIGTERM")
        assert process.exit_code() == 3, process.output
        assert guard.exit_code() == 3, guard.output
    hang, term, died = (guard.output.index(t) for t in ("HANG", "was sent SIGTERM", "DIED"))
    assert hang < term < died
    assert "SIGKILL" not in guard.output


@pytest.mark.long
def test_a_node_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Fault D04: it hangs in C and its own watch is gone, so SIGKILL is what is left."""
    state = tmp_path / "state"
    with (
        watchdog("--node", state, "--until-end", "--term-after", 2, "--kill-after", 4) as guard,
        node_with_state("SleepsInCWithTheLock", state) as process,
    ):
        wait_for_position(process, guard)
        os.kill(hang_watch_of(process), signal.SIGKILL)
        guard.wait_for("was sent SIGKILL")
        assert process.exit_code() == -signal.SIGKILL
        assert guard.exit_code() == 3, guard.output
    assert guard.output.index("was sent SIGTERM") < guard.output.index("was sent SIGKILL")


def test_a_stopped_node_is_reported_and_then_stops_flat(tmp_path: Path) -> None:
    """Fault D04: SIGSTOP; SIGTERM with SIGCONT lets it close its position, and it ends with 0."""
    state = tmp_path / "state"
    with (
        watchdog("--node", state, "--until-end") as guard,
        node_with_state("HoldsPosition", state) as process,
    ):
        wait_for_position(process, guard)
        process.signal(signal.SIGSTOP)
        guard.wait_for("ALARM STOPPED: HoldsPosition")
        guard.wait_for("was sent SIGTERM")
        assert process.exit_code() == 0, process.output
        assert guard.exit_code() == 1, guard.output
    assert "left open nothing" in process.output
    assert "ended as asked: stopped by SIGTERM" in guard.output


@pytest.mark.long
def test_alarm_only_signals_nothing(tmp_path: Path) -> None:
    """A callback of three seconds is an alarm, and the node goes on and ends as asked."""
    state = tmp_path / "state"
    with (
        watchdog("--node", state, "--until-end", "--alarm-only", "--term-after", 2) as guard,
        node_with_state("SleepsForAWhile", state) as process,
    ):
        guard.wait_for("turns again")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        assert guard.exit_code() == 1, guard.output
    assert "was sent" not in guard.output


def test_a_node_that_is_stopped_as_asked_is_no_alarm(tmp_path: Path) -> None:
    """Exit code 0 of both."""
    state = tmp_path / "state"
    with (
        watchdog("--node", state, "--until-end") as guard,
        node_with_state("HoldsPosition", state) as process,
    ):
        wait_for_position(process, guard)
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert guard.exit_code() == 0, guard.output
    assert "ALARM" not in guard.output


def test_a_node_that_cannot_start_is_reported(tmp_path: Path) -> None:
    """Fault D02: with its exit code and the reason; and one that nobody starts, too."""
    state = tmp_path / "state"
    with watchdog("--node", state, "--until-end") as guard:
        with node("--strategy", "no_such_module:None", "--state", state) as process:
            assert process.exit_code() == 2, process.output
        assert guard.exit_code() == 1, guard.output
        assert "ALARM FAILED: node" in guard.output
        assert "code 2: " in guard.output
    missing = tmp_path / "missing"
    with watchdog("--node", missing, "--until-end", "--start-within", 0.5) as guard:
        assert guard.exit_code() == 1, guard.output
        assert f"ALARM NOT_UP: {missing} no node has come up" in guard.output


def test_a_restarted_node_is_adopted_and_starts_flat(tmp_path: Path) -> None:
    """Fault D02: after a kill, the next run says what the paper account lost."""
    state = tmp_path / "state"
    pid = 0
    with watchdog("--node", state) as guard:
        for run in (1, 2):
            with node_with_state("HoldsPosition", state) as process:
                process.wait_for("HOLDING 0.01")
                lost = (
                    f"the run before this one (pid {pid}) left open: position" if run == 2 else ""
                )
                assert lost in process.output
                assert ("paper account ended with it" in process.output) == (run == 2)
                # Of this run, not of both.
                assert "position +0.02" not in process.output
                pid = process.pid
                process.signal(signal.SIGKILL)
                guard.wait_for(f"ALARM DIED: HoldsPosition (pid {pid}")
        guard.signal(signal.SIGTERM)
        assert guard.exit_code() == 3, guard.output
    assert guard.output.count("is watched") == 2


def test_a_second_node_with_the_same_state_is_refused(tmp_path: Path) -> None:
    """The same node would trade twice."""
    state = tmp_path / "state"
    with node_with_state("HoldsPosition", state) as process:
        process.wait_for("on the simulated market")
        with node_with_state("HoldsPosition", state) as second:
            assert second.exit_code() == 1, second.output
            assert f"is the state of process {process.pid}, which runs" in second.output


def test_all_runs_of_a_user_are_watched_without_a_name() -> None:
    """Fault D02: two nodes that were given no --state, found in their runs' folders."""
    with watchdog("--alarm-only") as guard:
        guard_lines = guard.lines
        with node("--strategy", "tests.support.strategies.odd_strategies:HoldsPosition") as one:
            with node("--seconds", 1) as two:
                assert two.exit_code() == 0, two.output
                eventually(
                    lambda: any(
                        f"(pid {two.pid}, sandbox orders) ended as asked" in line
                        for line in guard_lines
                    ),
                    "the end of the second node",
                )
            one.wait_for("HOLDING 0.01")
            guard.wait_for(f"(pid {one.pid}, sandbox orders) is watched")
            one.signal(signal.SIGKILL)
            guard.wait_for(f"ALARM DIED: HoldsPosition (pid {one.pid}")
