"""HangRules: the decisions of a watch over the main thread of a node or a service.

Monotonic seconds in, decisions out; no clock of its own and no I/O.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from adapters.process.stop_signals import LEFT_AT_ONCE, StopRequests

SILENCE_S: Final = 1.5
"""After this time without a turn a thread counts as hanging; a turn is due every 0.25 s."""
HANG_LIMIT_S: Final = 10.0
"""A running node whose thread hangs for this long is asked to stop."""
START_SILENCE_S: Final = 5.0
"""After this time the import or the constructor of a strategy counts as hanging."""
START_LIMIT_S: Final = 60.0
"""The same of a node that starts, and of the making of its strategy: it may load a model."""
STOP_TIMEOUT_S: Final = 4.0
"""From the request to stop to the forced end of the process."""
END_TIMEOUT_S: Final = 45.0
"""From the node's end to the end of the process by force."""
STOP_SLACK_S: Final = 0.5
"""How long a node may take to notice that its time is over."""

OK: Final = 0
FAILED: Final = 1
LEFT_OPEN: Final = 3

NOTHING: Final = "nothing"
ALARM: Final = "POSITION OR ORDERS LEFT OPEN - "
CANCELS: Final = "cancelling orders and closing the position; once more to leave at once"


class ThreadState:
    """The state that the watched thread last reported.

    No dataclass, whose module alone would be a quarter of what the start of a watch costs.

    Attributes
    ----------
    is_preparing : bool
        The strategy is being imported and made, which is one turn.
    has_node : bool
        A node exists; before that, the first request ends the process.
    is_running : bool
        The node has started; a hang before that may take longer.
    until_s : float
        When the run's time is over, in seconds of the monotonic clock; 0: never.
    is_stopping : bool
        The thread has asked the node to stop.
    has_ended : bool
        The node has stopped; the remaining bookkeeping has bounds of its own.
    is_told : bool
        The end of the run, and what it left open, have been printed.
    code : int
        The exit code, once the node has stopped.
    left_open : str
        The open position and orders, or "nothing"; empty: of what owns the thread there are none.
    owner : str
        What the thread belongs to, in sentences: a node, a service.
    stop_timeout_s : float
        From the request to stop to the forced end of the process, seconds.
    stop_notice : str
        What is told at the first request; empty: the owner tells it.

    """

    is_preparing: bool = False
    has_node: bool = False
    is_running: bool = False
    until_s: float = 0.0
    is_stopping: bool = False
    has_ended: bool = False
    is_told: bool = False
    code: int = OK
    left_open: str = NOTHING
    owner: str = "node"
    stop_timeout_s: float = STOP_TIMEOUT_S
    stop_notice: str = CANCELS


class Hang(NamedTuple):
    """The thread hangs: its stack is to be printed, unless a debugger holds it."""

    silent_s: float


class Notice(NamedTuple):
    """A line for the user, on standard error if it is an alarm."""

    text: str
    is_alarm: bool = True


class Stop(NamedTuple):
    """The node is to stop as soon as its thread turns again."""

    reason: str


class Leave(NamedTuple):
    """The process is to end at once."""

    code: int
    text: str


type Decision = Hang | Notice | Stop | Leave


class HangRules:
    """Decide the actions of a watch from its thread's reports and the stop signals.

    Parameters
    ----------
    now_s : float
        The time, in seconds of the monotonic clock, like every time in this class.

    """

    def __init__(self, now_s: float) -> None:
        self.state: Final = ThreadState()
        self._requests: Final = StopRequests()
        self._turned_s = now_s
        self._is_hanging = self._is_asked = self._was_late = self._has_crashed = False
        self._stop_by_s = 0.0
        self._end_by_s = 0.0

    def turned(self, now_s: float, reported: dict[str, Any]) -> list[Decision]:
        """Handle a report of the thread, which shows that it turned."""
        for name, value in reported.items():
            setattr(self.state, name, value)
        silent_s, self._turned_s = now_s - self._turned_s, now_s
        self._was_late = False
        if self.state.has_ended:
            self._stop_by_s = 0.0
            self._end_by_s = self._end_by_s or now_s + END_TIMEOUT_S
        elif self.state.is_stopping:
            self._limit_stop(now_s)
        if not self._is_hanging:
            return []
        self._is_hanging = False
        text = f"HANG over: the {self.state.owner}'s thread turns again, after {silent_s:.1f} s"
        return [Notice(text)]

    def signalled(self, now_s: float, name: str) -> list[Decision]:
        """Handle a stop signal."""
        if not self._requests.add(now_s):
            return []
        if self._requests.count > 1:
            return [self._leave(now_s, f"second signal ({name})", LEFT_AT_ONCE)]
        if not self.state.has_node:
            return [self._leave(now_s, name, OK)]
        if self.state.has_ended:
            return []
        self._limit_stop(now_s)
        text = self.state.stop_notice
        return [Notice(f"{name}: {text}", is_alarm=False)] if text else []

    def look(self, now_s: float) -> list[Decision]:
        """Return the actions that are due at a time."""
        state = self.state
        if self._end_by_s and now_s >= self._end_by_s:
            reason = f"the process did not end within {END_TIMEOUT_S:g} s after the {state.owner}"
            return [self._leave(now_s, reason, state.code or FAILED)]
        if state.has_ended:
            return []
        if not state.has_node:
            return self._look_at_preparation(now_s) if state.is_preparing else []
        if self._stop_by_s and now_s >= self._stop_by_s:
            reason = f"the {state.owner} did not stop within {state.stop_timeout_s:g} s"
            code = FAILED if state.left_open in {NOTHING, ""} else LEFT_OPEN
            return [self._leave(now_s, reason, code)]
        if state.until_s and now_s >= state.until_s + STOP_SLACK_S:
            self._limit_stop(now_s)
        silent_s = now_s - self._turned_s
        found = self._hang(silent_s, SILENCE_S)
        limit_s = HANG_LIMIT_S if state.is_running else START_LIMIT_S
        if silent_s >= limit_s and not self._is_asked:
            self._is_asked = True
            self._limit_stop(now_s)
            reason = f"the {state.owner}'s thread did not turn for {limit_s:g} s"
            found += [Notice(f"HANG: {reason}; stopping the {state.owner}"), Stop(reason)]
        return found

    def _look_at_preparation(self, now_s: float) -> list[Decision]:
        silent_s = now_s - self._turned_s
        found = self._hang(silent_s, START_SILENCE_S)
        if silent_s >= START_LIMIT_S:
            reason = f"the strategy was not made within {START_LIMIT_S:g} s"
            found.append(self._leave(now_s, reason, FAILED))
        return found

    def _hang(self, silent_s: float, limit_s: float) -> list[Decision]:
        if silent_s < limit_s or self._is_hanging:
            return []
        self._is_hanging = True
        return [Hang(silent_s)]

    def crashed(self, now_s: float, what: str, *, is_held: bool) -> list[Decision]:
        """Handle a crash: the end, unless its thread is held and the node can stop."""
        state = self.state
        if is_held and state.has_node:
            if self._has_crashed or state.has_ended:
                return []
            self._has_crashed = True
            self._limit_stop(now_s)
            return [Stop(f"a crash: {what}")]
        code = FAILED if state.left_open in {NOTHING, ""} else LEFT_OPEN
        return [self._leave(now_s, f"the process has crashed: {what}", code)]

    def died(self, now_s: float) -> list[Decision]:
        """Take in the end of the process, or of its watch; a line if nobody had stopped it."""
        state = self.state
        if state.has_ended and not state.is_told and state.left_open:
            text = f"the process ended without a summary; left open: {state.left_open}"
            return [Notice(text if state.left_open == NOTHING else f"{ALARM}{text}")]
        if not state.has_node or state.has_ended:
            return []
        owner = self.state.owner
        reason = f"the {owner}'s run ended without stopping the {owner}"
        text = self._leave(now_s, reason, FAILED).text
        return [Notice(text)]

    def paused(self, seconds: float) -> None:
        """Disregard a time in which the whole process was stopped, by a signal or a debugger."""
        self._turned_s += seconds
        if self._stop_by_s:
            self._stop_by_s += seconds
        if self._end_by_s:
            self._end_by_s += seconds

    def late(self, seconds: float) -> None:
        """Disregard a time in which the watch itself did not run, as if the machine had paused.

        Once for each silence, so that a hang is noticed on a machine that is always late.
        """
        if not self._was_late:
            self._was_late = True
            self.paused(seconds)

    def held_by_debugger(self, now_s: float) -> None:
        """Withdraw the hang, and do not count its time: a debugger holds the thread."""
        self._is_hanging = False
        self.paused(now_s - self._turned_s)

    def _limit_stop(self, now_s: float) -> None:
        self._stop_by_s = self._stop_by_s or now_s + self.state.stop_timeout_s

    def _leave(self, now_s: float, reason: str, code: int) -> Leave:
        left_open = self.state.left_open
        if not left_open:
            return Leave(code, reason)
        alarm = "" if left_open == NOTHING else ALARM
        as_of = ""
        if self.state.has_node and not self.state.has_ended:
            as_of = f" (as of {now_s - self._turned_s:.1f} s ago)"
        return Leave(code, f"{alarm}{reason}; left open: {left_open}{as_of}")
