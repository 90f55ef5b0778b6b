"""What a watchdog decides about a node, at which time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import OpenPosition, RunState
from live.guarding.guard_rules import (
    ENDING_S,
    Alarm,
    CloseOpen,
    GuardRules,
    Kill,
    Limits,
    Notice,
    Terminate,
)

if TYPE_CHECKING:
    from live.guarding.guard_rules import Decision

LIMITS = Limits(alarm_s=1.5, term_s=5.0, kill_s=15.0, start_s=60.0)
LONG = OpenPosition(instrument="BTCUSDT-PERP.BINANCE", quantity="0.01", price="60000")
FLAT = RunState(process=ProcessIdentity(7, 8, "boot"), phase="running")
OPEN = replace(FLAT, positions=(LONG,))


def rules(state: RunState = OPEN) -> GuardRules:
    """Return the rules for a node that turned at 0."""
    return GuardRules(LIMITS, state, 0.0)


def alarms(decisions: list[Decision]) -> list[str]:
    """Return the kinds of alarms."""
    return [d.kind for d in decisions if isinstance(d, Alarm)]


def look(found: GuardRules, now_s: float, *, is_stopped: bool = False) -> list[Decision]:
    """Look at a time."""
    return found.look(now_s, is_stopped=is_stopped)


def test_a_silent_node_is_reported_then_terminated_then_killed_once_each() -> None:
    """Fault D04: alarm, SIGTERM and SIGKILL at their limits, with what is open."""
    node = rules()
    assert look(node, 1.4) == []
    (alarm,) = look(node, 1.5)
    assert isinstance(alarm, Alarm)
    assert alarm.kind == "HANG"
    assert "position +0.01 BTCUSDT-PERP.BINANCE at 60000" in alarm.text
    assert look(node, 4.9) == []
    assert look(node, 5.0) == [Terminate()]
    assert look(node, 14.9) == []
    assert look(node, 15.0) == [Kill()]
    assert look(node, 99.0) == []


def test_a_node_that_turns_again_may_hang_again() -> None:
    """Fault D04: one line that it is over, and the limits count anew."""
    node = rules()
    look(node, 6.0)
    (line,) = node.turned(OPEN, 7.0)
    assert line == Notice("turns again, after 7.0 s")
    assert look(node, 8.4) == []
    assert alarms(look(node, 8.5)) == ["HANG"]
    assert look(node, 12.0) == [Terminate()]


def test_a_limit_of_zero_is_never_reached() -> None:
    """``--alarm-only``: no signal at any time."""
    node = GuardRules(replace(LIMITS, term_s=0.0, kill_s=0.0), OPEN, 0.0)
    assert alarms(look(node, 1000.0)) == ["HANG"]
    assert look(node, 2000.0) == []


@pytest.mark.parametrize("phase", ["starting", "running", "stopping", "ended"])
def test_a_stopped_process_is_reported_in_every_phase(phase: str) -> None:
    """Fault D04: SIGSTOP within two seconds, though a node that starts may be silent for long."""
    node = rules(replace(FLAT, phase=phase))
    assert look(node, 0.1, is_stopped=True) == []
    assert alarms(look(node, 1.7, is_stopped=True)) == ["STOPPED"]
    assert look(node, 3.0, is_stopped=True) == []


def test_a_node_that_starts_has_time_and_then_none() -> None:
    """A model may load for a minute; then it is reported, terminated and killed."""
    node = rules(replace(FLAT, phase="starting"))
    assert look(node, 59.9) == []
    node.turned(replace(FLAT, phase="starting"), 59.95)
    assert alarms(look(node, 60.0)) == ["NOT_UP"]
    assert look(node, 63.5) == [Terminate()]
    assert look(node, 73.5) == [Kill()]


def test_a_node_that_writes_its_files_at_the_end_has_time() -> None:
    """It does not turn any more, and ends by itself."""
    node = rules()
    node.turned(replace(FLAT, phase="ended"), 1.0)
    assert look(node, ENDING_S) == []
    assert alarms(look(node, ENDING_S + 1.0)) == ["HANG"]


def test_a_flat_end_as_asked_is_no_alarm() -> None:
    """Exit code 0 and nothing open."""
    node = rules(replace(FLAT, phase="ended", reason="stopped by SIGTERM"))
    assert node.died(1.0) == [Notice("ended as asked: stopped by SIGTERM")]
    assert node.died(2.0) == []


@pytest.mark.parametrize(
    ("state", "kinds", "is_closed"),
    [
        (FLAT, ["DIED"], False),
        (OPEN, ["DIED"], True),
        (replace(OPEN, phase="stopping"), ["DIED"], True),
        (replace(FLAT, phase="starting"), ["NOT_UP"], False),
        (replace(FLAT, phase="ended", code=1), ["FAILED"], False),
        (replace(OPEN, phase="ended", code=3), ["LEFT_OPEN"], True),
    ],
    ids=["flat", "open", "stopping", "starting", "failed", "left open"],
)
def test_an_end_is_named_and_what_is_open_may_be_closed(
    state: RunState, kinds: list[str], *, is_closed: bool
) -> None:
    """Fault D02: each way to end has its alarm, and only what is open is closed."""
    found = rules(state).died(1.0)
    assert alarms(found) == kinds
    assert [d for d in found if isinstance(d, CloseOpen)] == [CloseOpen(state)] * is_closed


def test_what_an_ended_node_leaves_open_is_reported_before_its_process_is_gone() -> None:
    """And once, not again at the end of the process."""
    node = rules(replace(OPEN, phase="ended", code=3))
    assert alarms(look(node, 0.1)) == ["LEFT_OPEN"]
    assert node.died(0.2) == [CloseOpen(node.state)]


def test_missing_factors_are_reported_while_something_is_open() -> None:
    """Fault D08: once, and when they are back; a flat node that waits for factors is no alarm."""
    lacks = replace(OPEN, factors="stale: the producer is gone")
    node = rules(replace(FLAT, factors="waiting: no producer"))
    node.turned(node.state, 3.0)
    assert look(node, 3.1) == []
    for at_s in (4.0, 5.0, 6.0):
        node.turned(lacks, at_s)
        assert alarms(look(node, at_s)) == (["FACTORS"] if at_s == 6.0 else [])
    node.turned(OPEN, 7.0)
    assert look(node, 7.0) == [Notice("has its factors again")]


def test_a_pause_of_the_watchdog_itself_is_not_the_nodes() -> None:
    """A suspended machine: once for each silence, so that a real hang is noticed nevertheless."""
    node = rules()
    node.late(100.0)
    assert look(node, 101.0) == []
    node.late(100.0)
    assert alarms(look(node, 202.0)) == ["HANG"]
