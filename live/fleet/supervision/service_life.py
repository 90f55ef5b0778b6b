"""ServiceLife: the rules by which a service is started, ended and started again; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from live.fleet.supervision.backoff import Backoff

type Action = Literal["spawn", "terminate", "kill"]
type Condition = Literal[
    "stopped", "waiting", "starting", "running", "silent", "stopping", "backing off", "failed",
    "ended", "held",
]  # fmt: skip

NEVER_AGAIN: Final = {2: "its configuration is wrong", 3: "it left something open"}
"""Exit codes after which a start would end the same way, or must wait for a person."""
AS_ASKED: Final = {0, None, 5}
"""Exit codes of a stop in order: 5 is that of the ExtF service if no host had ever answered."""
KILL_S: Final = 10.0
"""From SIGTERM to SIGKILL for a service that is silent, seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How long what may take, seconds."""

    start_s: float
    silent_s: float
    stop_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of a service's process at a look.

    Attributes
    ----------
    is_alive : bool
        Whether its process runs.
    code : int or None
        Its exit code once it does not, negative for a signal; None: nobody knows.
    phase : str
        The phase in its state; empty before it has written one.
    beat : int
        Grows with each heartbeat.
    error : str
        What it said last.

    """

    is_alive: bool
    code: int | None = None
    phase: str = ""
    beat: int = 0
    error: str = ""


class ServiceLife:
    """One service over all its runs.

    Parameters
    ----------
    limits : Limits
        How long what may take.
    backoff : Backoff
        The waits between restarts.
    restarts_when_done : bool
        Whether an end with code 0 that nobody asked for is one to be mended.

    Attributes
    ----------
    condition : str
        What it is in, as ``status`` shows it.
    restarts : int
        Restarts since it was last asked to start.
    error : str
        Why it ended last.

    Notes
    -----
    Times are seconds of one monotonic clock, given with each call.

    """

    def __init__(self, limits: Limits, backoff: Backoff, *, restarts_when_done: bool) -> None:
        self.condition: Condition = "stopped"
        self.restarts = 0
        self.error = ""
        self._limits: Final = limits
        self._backoff: Final = backoff
        self._restarts_when_done: Final = restarts_when_done
        self._row = 0
        self._is_wanted = False
        self._since_s = 0.0
        self._beat = 0
        self._beat_s = 0.0
        self._is_killed = False

    @property
    def is_wanted(self) -> bool:
        """Whether it is to run."""
        return self._is_wanted

    @property
    def is_up(self) -> bool:
        """Whether it does its work."""
        return self.condition == "running"

    @property
    def is_down(self) -> bool:
        """Whether it has no process."""
        return self.condition in {"stopped", "waiting", "backing off", "failed", "ended", "held"}

    @property
    def is_settled(self) -> bool:
        """Whether nothing is about to change."""
        if self.condition == "running":
            return self._is_wanted
        return self.condition in {"stopped", "failed", "ended", "held"}

    def beat_age_s(self, now_s: float) -> float | None:
        """Return the age of the newest heartbeat, seconds; None without a process."""
        return None if self.is_down else now_s - self._beat_s

    def next_try_s(self, now_s: float) -> float | None:
        """Return when it is started again, seconds from now; None: it is not waiting for that."""
        return max(self._since_s - now_s, 0.0) if self.condition == "backing off" else None

    def want(self) -> None:
        """Ask it to run, from now on and with a new row of restarts."""
        self._is_wanted = True
        if self.is_down:
            self.condition, self._row, self.restarts, self.error = "waiting", 0, 0, ""

    def unwant(self) -> None:
        """Ask it to stop."""
        self._is_wanted = False
        if self.is_down and self.condition != "stopped":
            self.condition, self.error = "stopped", ""

    def hold(self, why: str) -> None:
        """Keep it from starting until somebody asks again."""
        self._is_wanted = False
        if self.is_down:
            self.condition, self.error = "held", why

    def began(self, now_s: float) -> None:
        """Note that its process was started, or found."""
        self.condition = "starting"
        self._since_s = self._beat_s = now_s
        self._beat = 0
        self._is_killed = False

    def could_not_begin(self, now_s: float, why: str) -> None:
        """Note that no process could be made."""
        self.began(now_s)
        self._end(now_s, Facts(is_alive=False, code=1, error=why))

    def late(self, late_s: float) -> None:
        """Shift the heartbeat by a time in which the supervisor itself did not run."""
        self._beat_s += late_s
        self._since_s += late_s

    def look(
        self, now_s: float, facts: Facts, *, may_start: bool, may_stop: bool
    ) -> Action | None:
        """Take in what is known, and return what is to be done.

        Parameters
        ----------
        now_s : float
            The instant.
        facts : Facts
            What is known.
        may_start : bool
            Whether all that it needs runs.
        may_stop : bool
            Whether nothing that needs it runs.

        """
        if self.condition == "waiting":
            return "spawn" if may_start else None
        if self.condition == "backing off":
            return "spawn" if may_start and now_s >= self._since_s else None
        if self.is_down:
            return None
        if not facts.is_alive:
            self._end(now_s, facts)
            return None
        return self._look_at_living(now_s, facts, may_stop=may_stop)

    def _look_at_living(self, now_s: float, facts: Facts, *, may_stop: bool) -> Action | None:
        if facts.beat != self._beat:
            self._beat, self._beat_s = facts.beat, now_s
        if self.condition in {"stopping", "silent"}:
            limit_s = self._limits.stop_s if self.condition == "stopping" else KILL_S
            if now_s - self._since_s < limit_s or self._is_killed:
                return None
            self._is_killed = True
            return "kill"
        if not self._is_wanted:
            return self._ask_to_stop(now_s) if may_stop else None
        if facts.phase == "running" and self.condition == "starting":
            self.condition, self._since_s = "running", now_s
        silent_s = now_s - self._beat_s
        if self.condition == "starting" and now_s - self._since_s >= self._limits.start_s:
            return self._give_up(now_s, f"it did not run within {self._limits.start_s:g} s")
        if self.condition == "running" and silent_s >= self._limits.silent_s:
            return self._give_up(now_s, f"it was silent for {silent_s:.1f} s")
        return None

    def _ask_to_stop(self, now_s: float) -> Action:
        self.condition, self._since_s = "stopping", now_s
        return "terminate"

    def _give_up(self, now_s: float, why: str) -> Action:
        self.condition, self._since_s, self.error = "silent", now_s, why
        return "terminate"

    def _end(self, now_s: float, facts: Facts) -> None:
        """Decide what follows the end of its process."""
        was, ran_s = self.condition, now_s - self._since_s
        if was == "stopping" or not self._is_wanted:
            # Somebody may have asked for a start while it stopped.
            self.condition = "waiting" if self._is_wanted else "stopped"
            self.error = ""
            if self._is_killed:
                self.error = f"did not stop within {self._limits.stop_s:g} s, and was killed"
            elif facts.code not in AS_ASKED:
                self.error = _sentence(facts)
            return
        if was != "silent":
            self.error = _sentence(facts)
            if facts.code == 0 and not self._restarts_when_done:
                self.condition = "ended"
                return
            if facts.code in NEVER_AGAIN:
                self.condition = "failed"
                return
        self._row = self._backoff.row_after(self._row, ran_s if was == "running" else 0.0)
        wait_s = self._backoff.wait_s(self._row)
        if wait_s is None:
            self.condition = "failed"
            self.error = f"{self.error}; given up after {self._row} restarts in a row"
            return
        self._row += 1
        self.restarts += 1
        self.condition, self._since_s = "backing off", now_s + wait_s


def _sentence(facts: Facts) -> str:
    if facts.code is None:
        how = "it is gone, nobody knows why"
    elif facts.code < 0:
        how = f"ended by signal {-facts.code}"
    else:
        how = NEVER_AGAIN.get(facts.code, "it ended") + f", code {facts.code}"
    return f"{how}: {facts.error}" if facts.error else how
