"""GuardRules: the decisions of a watchdog about one node.

Monotonic seconds and states in, decisions out; no clock of its own and no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from adapters.run_state.run_state import RunState

ENDING_S: Final = 60.0
"""A node that has stopped may write its recording for so long; HangWatch ends it before."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """After how many seconds without a turn a watchdog acts; 0: never.

    Attributes
    ----------
    alarm_s : float
        It alarms; a turn is due every 0.25 s.
    term_s : float
        It sends SIGTERM, at which a node that can still act stops flat.
    kill_s : float
        It sends SIGKILL.
    start_s : float
        From the first sign of a node to its first turn as a running one.

    """

    alarm_s: float = 1.5
    term_s: float = 5.0
    kill_s: float = 15.0
    start_s: float = 120.0


class Alarm(NamedTuple):
    """Something is wrong.

    Attributes
    ----------
    kind : str
        HANG, STOPPED, NOT_UP, DIED, FAILED, LEFT_OPEN, FACTORS, SWITCH or UNUSABLE.
    text : str
        One sentence.

    """

    kind: str
    text: str


class Notice(NamedTuple):
    """A line that is no alarm."""

    text: str


class Terminate(NamedTuple):
    """SIGTERM is due."""


class Kill(NamedTuple):
    """SIGKILL is due."""


class CloseOpen(NamedTuple):
    """The process is gone, and what it left open may be closed from outside."""

    state: RunState


type Decision = Alarm | Notice | Terminate | Kill | CloseOpen


class GuardRules:
    """Decide the actions of a watchdog over one run of a node.

    Parameters
    ----------
    limits : Limits
        Their seconds count from the last turn; of a node that starts, from ``start_s`` after its
        first sign, less ``alarm_s``.
    state : RunState
        The first state that was seen.
    now_s : float
        The time, in seconds of the monotonic clock, like every time in this class.

    """

    def __init__(self, limits: Limits, state: RunState, now_s: float) -> None:
        self._limits: Final = limits
        self._state = state
        self._turned_s = self._seen_s = now_s
        self._lacks_since_s = self._stopped_s = 0.0
        self._done: Final[set[str]] = set()

    @property
    def state(self) -> RunState:
        """The newest state."""
        return self._state

    def turned(self, state: RunState, now_s: float) -> list[Decision]:
        """Take a new state, which shows that the node turned."""
        silent_s, self._turned_s = now_s - self._turned_s, now_s
        was_up, self._state = self._state.phase != "starting", state
        found: list[Decision] = []
        if state.phase == "running" and not was_up and "NOT_UP" in self._done:
            self._done.clear()
            found.append(Notice(f"up after all, {now_s - self._seen_s:.1f} s after its start"))
        if self._done & {"HANG", "STOPPED"}:
            self._done.difference_update({"HANG", "STOPPED", "TERM", "KILL"})
            found.append(Notice(f"turns again, after {silent_s:.1f} s"))
        return found

    def look(self, now_s: float, *, is_stopped: bool) -> list[Decision]:
        """Return what is due at a time.

        Parameters
        ----------
        now_s : float
            The time.
        is_stopped : bool
            Whether the process is stopped (SIGSTOP, Ctrl-Z, a debugger).

        """
        limits, state = self._limits, self._state
        if state.phase == "ended" and not state.is_flat:
            return self._once(
                "LEFT_OPEN", f"ended with code {state.code}: {state.reason}{self._open()}"
            )
        silent_s = self._silent_s(now_s)
        found = self._look_at_stop(now_s, is_stopped=is_stopped)
        if limits.alarm_s and silent_s >= limits.alarm_s:
            found += self._alarm(now_s, is_stopped=is_stopped)
        if limits.term_s and silent_s >= limits.term_s and self._first("TERM"):
            found.append(Terminate())
        if limits.kill_s and silent_s >= limits.kill_s and self._first("KILL"):
            found.append(Kill())
        return found + self._look_at_factors(now_s)

    def _silent_s(self, now_s: float) -> float:
        """Return for how long a turn is missing, beyond what a phase allows."""
        match self._state.phase:
            case "starting":
                return now_s - self._seen_s - self._limits.start_s + self._limits.alarm_s
            case "ended":
                return now_s - self._turned_s - ENDING_S + self._limits.alarm_s
            case _:
                return now_s - self._turned_s

    def _alarm(self, now_s: float, *, is_stopped: bool) -> list[Decision]:
        if self._state.phase == "starting":
            text = f"does not run {now_s - self._seen_s:.1f} s after its start{self._open()}"
            return self._once("NOT_UP", text)
        if is_stopped or "STOPPED" in self._done:
            return []  # said already
        text = f"has not turned for {now_s - self._turned_s:.1f} s{self._open()}"
        return self._once("HANG", text)

    def _look_at_stop(self, now_s: float, *, is_stopped: bool) -> list[Decision]:
        """Report a process that is stopped in any phase: to load takes long, but it goes on."""
        if not is_stopped:
            self._stopped_s = 0.0
            return []
        # Of a node that runs, the last turn is the better begin.
        first_s = now_s if self._state.phase == "starting" else self._turned_s
        self._stopped_s = self._stopped_s or first_s
        silent_s = now_s - self._stopped_s
        if silent_s < self._limits.alarm_s:
            return []
        text = f"is stopped, and has not turned for {silent_s:.1f} s{self._open()}"
        return self._once("STOPPED", text)

    def _look_at_factors(self, now_s: float) -> list[Decision]:
        """Report factors that are missing while something is open: no order follows but exits."""
        state = self._state
        if not state.factors or state.is_flat or state.phase != "running":
            self._lacks_since_s = 0.0
            if "FACTORS" in self._done and not state.factors:
                self._done.discard("FACTORS")
                return [Notice("has its factors again")]
            return []
        self._lacks_since_s = self._lacks_since_s or now_s
        if now_s - self._lacks_since_s < self._limits.alarm_s:
            return []
        return self._once("FACTORS", f"has no factors ({state.factors}){self._open()}")

    def died(self, now_s: float) -> list[Decision]:
        """Take in the end of the process."""
        state = self._state
        if not self._first("END"):
            return []
        found: list[Decision] = []
        if state.phase == "ended":
            if state.is_flat and not state.code:
                return [Notice(f"ended as asked: {state.reason}")]
            kind = "FAILED" if state.is_flat else "LEFT_OPEN"
            found += self._once(
                kind, f"ended with code {state.code}: {state.reason}{self._open()}"
            )
        elif state.phase == "starting":
            found.append(Alarm("NOT_UP", f"ended before it ran{self._open()}"))
        else:
            as_of = f", as of {now_s - self._turned_s:.1f} s ago" if not state.is_flat else ""
            found.append(Alarm("DIED", f"ended without stopping{self._open()}{as_of}"))
        return found if state.is_flat else [*found, CloseOpen(state)]

    def late(self, seconds: float) -> None:
        """Disregard a time in which the watchdog itself did not run, as on a suspended machine.

        Once for each silence, so that a hang is noticed on a machine that is always late.
        """
        if self._first(f"LATE {self._turned_s}"):
            self._turned_s += seconds
            self._seen_s += seconds

    def _open(self) -> str:
        return f"; left open: {self._state.left_open()}"

    def _once(self, kind: str, text: str) -> list[Decision]:
        return [Alarm(kind, text)] if self._first(kind) else []

    def _first(self, what: str) -> bool:
        if what in self._done:
            return False
        self._done.add(what)
        return True
