"""The rules of a service's life, over made-up instants."""

from __future__ import annotations

import pytest

from live.fleet.supervision.backoff import Backoff
from live.fleet.supervision.service_life import KILL_S, Facts, Limits, ServiceLife

LIMITS = Limits(start_s=30.0, silent_s=10.0, stop_s=20.0)
BACKOFF = Backoff(first_s=1.0, longest_s=8.0, most=2, stable_s=60.0)


def alive(beat: int = 1, phase: str = "running") -> Facts:
    """Return what is known of a process that turns."""
    return Facts(is_alive=True, beat=beat, phase=phase)


def dead(code: int | None = 1) -> Facts:
    """Return what is known of a process that has ended."""
    return Facts(is_alive=False, code=code, error="last words")


class Clocked:
    """A life with a clock of its own."""

    def __init__(self, *, restarts_when_done: bool = False) -> None:
        self.life = ServiceLife(LIMITS, BACKOFF, restarts_when_done=restarts_when_done)
        self.now_s = 1_000.0

    @property
    def condition(self) -> str:
        """What it is in."""
        return self.life.condition

    def at(
        self, after_s: float, facts: Facts, *, may_start: bool = True, may_stop: bool = True
    ) -> str | None:
        """Look after so many further seconds."""
        self.now_s += after_s
        found = self.life.look(self.now_s, facts, may_start=may_start, may_stop=may_stop)
        if found == "spawn":
            self.life.began(self.now_s)
        return found


@pytest.fixture
def running() -> Clocked:
    """Return a service that runs."""
    clocked = Clocked()
    clocked.life.want()
    assert clocked.at(0, dead(), may_start=False) is None
    assert clocked.condition == "waiting"
    assert clocked.at(0, dead()) == "spawn"
    assert clocked.at(1, alive(phase="starting")) is None
    assert clocked.condition == "starting"
    clocked.at(1, alive(2))
    assert clocked.condition == "running"
    return clocked


def test_what_ends_unasked_is_started_again_after_growing_waits_and_then_has_failed(
    running: Clocked,
) -> None:
    """Restarts in a row are counted; its last words are kept."""
    for wait_s in (1.0, 2.0):
        running.at(1, dead())
        assert running.condition == "backing off"
        assert running.at(wait_s - 0.1, dead()) is None
        assert running.at(0.2, dead(), may_start=False) is None
        assert running.at(0.0, dead()) == "spawn"
        running.at(1, alive(1))
    running.at(1, dead(-9))
    assert running.condition == "failed"
    assert running.life.restarts == 2
    assert "signal 9: last words" in running.life.error


def test_a_stable_run_forgives_earlier_restarts(running: Clocked) -> None:
    """Three ends with an hour between them are three first ones."""
    for _ in range(3):
        running.at(3_600, dead())
        assert running.at(1.0, dead()) == "spawn"
        running.at(1, alive(1))
        assert running.condition == "running"


@pytest.mark.parametrize("code", [2, 3])
def test_a_wrong_configuration_or_something_left_open_is_no_case_for_a_restart(
    running: Clocked, code: int
) -> None:
    """Somebody has to look at it."""
    running.at(1, dead(code))
    assert running.condition == "failed"


@pytest.mark.parametrize("restarts_when_done", [True, False])
def test_an_end_with_code_0_is_an_end_for_nodes_only(*, restarts_when_done: bool) -> None:
    """A node with ``seconds`` is done; a producer is not."""
    clocked = Clocked(restarts_when_done=restarts_when_done)
    clocked.life.want()
    clocked.at(0, dead())
    clocked.at(1, alive())
    clocked.at(1, dead(0))
    assert clocked.condition == ("backing off" if restarts_when_done else "ended")


def test_silence_is_ended_by_sigterm_then_sigkill_and_mended(running: Clocked) -> None:
    """A heartbeat just before the limit is enough; without one it is ended in two steps."""
    assert running.at(9.9, alive(3)) is None
    assert running.at(9.9, alive(3)) is None
    assert running.at(0.2, alive(3)) == "terminate"
    assert running.at(KILL_S - 0.1, alive(3)) is None
    assert running.at(0.2, alive(3)) == "kill"
    assert running.at(5, alive(3)) is None
    running.at(1, dead(-9))
    assert running.condition == "backing off"
    assert "silent" in running.life.error


def test_time_in_which_the_supervisor_did_not_run_is_no_silence(running: Clocked) -> None:
    """A suspended machine ends nothing."""
    running.now_s += 3_600
    running.life.late(3_600)
    assert running.at(0.1, alive(2)) is None
    assert running.condition == "running"


def test_a_start_has_a_limit() -> None:
    """Also with heartbeats: a node that never connects does not run."""
    clocked = Clocked()
    clocked.life.want()
    clocked.at(0, dead())
    for n in range(29):
        assert clocked.at(1, alive(n + 1, "starting")) is None
    assert clocked.at(1.1, alive(99, "starting")) == "terminate"


def test_a_stop_waits_for_what_needs_the_service_and_is_bounded(running: Clocked) -> None:
    """SIGTERM once nobody needs it, SIGKILL after the limit; then it is stopped, and says so."""
    running.life.unwant()
    assert running.at(1, alive(3), may_stop=False) is None
    assert running.at(1, alive(4)) == "terminate"
    assert running.at(19.9, alive(5)) is None
    assert running.at(0.2, alive(6)) == "kill"
    running.at(1, dead(-9))
    assert running.condition == "stopped"
    assert "killed" in running.life.error


def test_a_service_that_was_asked_to_stop_is_not_settled_before_it_has(running: Clocked) -> None:
    """A command that waits for the stop does not take what still runs for the outcome."""
    assert running.life.is_settled
    running.life.unwant()
    assert running.condition == "running"
    assert not running.life.is_settled
    assert running.at(0.1, alive(3)) == "terminate"
    assert not running.life.is_settled
    running.at(0.1, dead(0))
    assert running.life.is_settled


def test_a_stop_in_order_leaves_no_error(running: Clocked) -> None:
    """And nothing starts it again."""
    running.life.unwant()
    running.at(1, alive(3))
    running.at(1, dead(0))
    assert (running.condition, running.life.error) == ("stopped", "")
    assert running.at(100, dead()) is None


def test_a_start_that_is_asked_for_during_a_stop_follows_it(running: Clocked) -> None:
    """It is not forgotten, and there are never two processes."""
    running.life.unwant()
    running.at(1, alive(3))
    running.life.want()
    assert running.at(1, alive(4)) is None
    running.at(1, dead(0))
    assert running.condition == "waiting"
    assert running.at(0, dead(0)) == "spawn"
