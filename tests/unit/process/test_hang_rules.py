"""What the watch over a node's thread decides, at which time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.process.hanging.hang_rules import (
    END_TIMEOUT_S,
    HANG_LIMIT_S,
    SILENCE_S,
    START_LIMIT_S,
    START_SILENCE_S,
    STOP_SLACK_S,
    STOP_TIMEOUT_S,
    Hang,
    HangRules,
    Leave,
    Notice,
    Stop,
)
from adapters.process.stop_signals import COPY_S

if TYPE_CHECKING:
    from adapters.process.hanging.hang_rules import Decision


def running(**state: Any) -> HangRules:
    """Return the rules for a node that runs and turned at 0."""
    rules = HangRules(0.0)
    rules.turned(0.0, {"has_node": True, "is_running": True, **state})
    return rules


def kinds(decisions: list[Decision]) -> list[type]:
    """Return the kinds of decisions."""
    return [type(decision) for decision in decisions]


def leave_of(decisions: list[Decision]) -> Leave:
    """Return the only decision, which ends the process."""
    (decision,) = decisions
    assert isinstance(decision, Leave)
    return decision


def test_a_silent_thread_is_reported_once_and_again_when_it_turns() -> None:
    """Nothing while it turns, one report of a hang, and one when the hang is over."""
    rules = running()
    assert rules.look(SILENCE_S - 0.01) == []
    assert rules.look(SILENCE_S) == [Hang(SILENCE_S)]
    assert rules.look(SILENCE_S + 1) == []
    (line,) = rules.turned(SILENCE_S + 2, {})
    assert isinstance(line, Notice)
    assert "after 3.5 s" in line.text
    assert rules.look(SILENCE_S + 2) == []


def test_before_the_node_and_after_its_end_nothing_hangs() -> None:
    """Loading a strategy and writing files at the end may take long."""
    rules = HangRules(0.0)
    assert rules.look(100.0) == []
    rules.turned(100.0, {"has_node": True})
    rules.turned(101.0, {"has_ended": True})
    assert rules.look(101.0 + END_TIMEOUT_S - 1) == []


def test_a_hang_while_the_node_starts_is_reported_and_ended_later() -> None:
    """A strategy may load a model in on_start, for a minute."""
    rules = running(is_running=False)
    assert kinds(rules.look(SILENCE_S)) == [Hang]
    assert rules.look(START_LIMIT_S - 0.01) == []
    assert kinds(rules.look(START_LIMIT_S)) == [Notice, Stop]
    assert leave_of(rules.look(START_LIMIT_S + STOP_TIMEOUT_S)).code == 1


def test_a_strategy_that_is_not_made_is_reported_and_then_ended() -> None:
    """Its import and its constructor may take a while, and not for ever; nothing is open."""
    rules = HangRules(0.0)
    rules.turned(10.0, {"is_preparing": True})
    assert rules.look(10.0 + START_SILENCE_S - 0.01) == []
    assert kinds(rules.look(10.0 + START_SILENCE_S)) == [Hang]
    assert rules.look(10.0 + START_LIMIT_S - 0.01) == []
    leave = leave_of(rules.look(10.0 + START_LIMIT_S))
    assert (leave.code, leave.text) == (
        1, "the strategy was not made within 60 s; left open: nothing",
    )  # fmt: skip
    rules = HangRules(0.0)
    rules.turned(10.0, {"is_preparing": True})
    rules.look(10.0 + START_SILENCE_S)
    assert kinds(rules.turned(20.0, {"is_preparing": False})) == [Notice]
    assert rules.look(200.0) == []


def test_a_long_hang_stops_the_node_and_then_ends_the_process() -> None:
    """Asked once; what is left open decides the code."""
    rules = running(left_open="position +1")
    assert kinds(rules.look(HANG_LIMIT_S)) == [Hang, Notice, Stop]
    assert rules.look(HANG_LIMIT_S + 1) == []
    leave = leave_of(rules.look(HANG_LIMIT_S + STOP_TIMEOUT_S))
    assert leave.code == 3
    assert leave.text.endswith("left open: position +1 (as of 14.0 s ago)")


def test_the_time_of_a_run_holds_without_its_thread() -> None:
    """The deadline runs from the end of the run's time; with nothing open the code is 1."""
    rules = running(until_s=1.0)
    rules.look(1.0 + STOP_SLACK_S)
    deadline_s = 1.0 + STOP_SLACK_S + STOP_TIMEOUT_S
    assert Leave not in kinds(rules.look(deadline_s - 0.01))
    assert leave_of(rules.look(deadline_s)).code == 1


def test_a_turning_node_that_does_not_stop_is_ended() -> None:
    """The deadline of a stop holds while the thread turns, from the first request on."""
    rules = running()
    for n in range(5):
        assert rules.turned(float(n), {"is_stopping": True}) == []
    assert leave_of(rules.look(STOP_TIMEOUT_S)).code == 1


def test_a_node_that_has_stopped_in_time_is_not_ended() -> None:
    """Writing the recording may take longer than a stop."""
    rules = running(is_stopping=True)
    rules.turned(1.0, {"has_ended": True})
    assert rules.look(1.0 + END_TIMEOUT_S - 1) == []


def test_a_process_that_does_not_end_after_its_node_is_ended_with_its_code() -> None:
    """An executor's thread, for example; with the code that the run has, or as a failure."""
    for code, expected in ((3, 3), (0, 1)):
        rules = running(is_stopping=True)
        rules.turned(1.0, {"has_ended": True})
        rules.turned(2.0, {"code": code})
        assert leave_of(rules.look(1.0 + END_TIMEOUT_S)).code == expected


def test_a_run_that_ends_without_stopping_its_node_is_reported() -> None:
    """Its process was killed, or its loop was stopped; what was open is printed."""
    (line,) = running(left_open="position +1").died(1.0)
    assert isinstance(line, Notice)
    assert line.text.startswith("POSITION OR ORDERS LEFT OPEN - ")
    rules = running()
    rules.turned(1.0, {"has_ended": True, "is_told": True})
    assert rules.died(2.0) == []
    assert HangRules(0.0).died(1.0) == []


def test_requests_are_counted_without_their_copies() -> None:
    """The first is printed, copies are not; the second ends the process with 130."""
    rules = running(left_open="1 orders")
    (line,) = rules.signalled(1.0, "SIGTERM")
    assert isinstance(line, Notice)
    assert not line.is_alarm
    assert rules.signalled(1.2, "SIGINT") == []
    leave = leave_of(rules.signalled(1.0 + COPY_S, "SIGINT"))
    assert leave.code == 130
    assert leave.text.startswith("POSITION OR ORDERS LEFT OPEN - second signal (SIGINT)")


def test_a_request_before_there_is_a_node_ends_the_process() -> None:
    """Nothing can be open, so the code is 0."""
    assert leave_of(HangRules(0.0).signalled(1.0, "SIGTERM")).code == 0


def test_a_pause_of_the_whole_process_is_no_hang() -> None:
    """Neither the silence nor a deadline counts the time in which nothing ran."""
    rules = running(is_stopping=True)
    rules.paused(100.0)
    assert rules.look(100.0 + SILENCE_S - 0.01) == []
    assert kinds(rules.look(100.0 + STOP_TIMEOUT_S)) == [Leave]


def test_a_watch_that_is_always_late_notices_a_hang_all_the_same() -> None:
    """Lateness is taken for a pause of the machine once until the thread turns again."""
    rules = running()
    rules.late(2.0)
    assert rules.look(2.0 + SILENCE_S - 0.01) == []
    rules.late(2.0)
    assert kinds(rules.look(2.0 + SILENCE_S)) == [Hang]


def test_a_thread_that_a_debugger_holds_does_not_hang() -> None:
    """It is asked for its stack again and again, and never ended."""
    rules = running()
    for n in range(1, 20):
        assert kinds(rules.look(n * SILENCE_S)) == [Hang]
        rules.held_by_debugger(n * SILENCE_S)


def test_an_end_without_a_summary_tells_what_is_open() -> None:
    """The node has stopped, and what was to print it failed."""
    for left_open, alarm in (("position +1", "POSITION OR ORDERS LEFT OPEN - "), ("nothing", "")):
        rules = running()
        rules.turned(1.0, {"has_ended": True, "left_open": left_open})
        (line,) = rules.died(2.0)
        assert isinstance(line, Notice)
        text = f"{alarm}the process ended without a summary; left open: {left_open}"
        assert line.text == text


def test_a_crash_whose_thread_is_held_stops_the_node_once() -> None:
    """However many threads crash; before there is a node the process ends."""
    rules = running()
    (stop,) = rules.crashed(1.0, "SIGABRT in another thread", is_held=True)
    assert stop == Stop("a crash: SIGABRT in another thread")
    assert rules.crashed(1.1, "SIGABRT in another thread", is_held=True) == []
    assert leave_of(rules.look(1.0 + STOP_TIMEOUT_S)).code == 1
    assert leave_of(HangRules(0.0).crashed(1.0, "SIGABRT", is_held=True)).code == 1


def test_a_crash_of_the_main_thread_ends_the_process() -> None:
    """With code 3 if something is open, else 1."""
    for left_open, code in (("position +1", 3), ("nothing", 1)):
        rules = running(left_open=left_open)
        leave = leave_of(rules.crashed(1.0, "SIGSEGV in the main thread", is_held=False))
        assert leave.code == code
        assert "the process has crashed: SIGSEGV in the main thread" in leave.text
