"""Observing: when each side tells of a fault, and when it has what was written after its end."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, Protocol

from tests.proof.network_faults.outcomes import NEVER, Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

PAUSE_S: Final = 0.005
"""Between two looks."""
HEALTH_TIMEOUT_S: Final = 60.0
NOTICE_TIMEOUT_S: Final = 10.0
RECOVERY_TIMEOUT_S: Final = 60.0
MOST_LATE_S: Final = 0.1
"""If the observer itself is later than this, the machine was busy elsewhere: it is done again."""
TRIES: Final = 3
NOTICED_S: Final = 1.0
RECOVERED_S: Final = 5.0


class Side(Protocol):
    """One part of the product that has to notice."""

    @property
    def name(self) -> str:
        """Its name in the table."""

    @property
    def stale(self) -> int:
        """How many values it passed on as fresher than they were."""

    def look(self) -> None:
        """Take what has arrived."""

    def has_noticed(self) -> bool:
        """Return whether it tells that something is wrong."""

    def has_since(self, unix_s: float) -> bool:
        """Return whether it is well, and has a value that was written after an instant."""


async def unhealthy(sides: Sequence[Side]) -> list[str]:
    """Wait until every side is well; return the names of those that are not within a minute."""
    begin_s, since_s = time.monotonic(), time.time()
    left = list(sides)
    while left:
        await _look(sides)
        left = [side for side in left if not side.has_since(since_s)]
        if time.monotonic() - begin_s > HEALTH_TIMEOUT_S:
            break
    return [side.name for side in left]


async def suffer(
    fault: str,
    sides: Sequence[Side],
    begin: Callable[[], object],
    end: Callable[[], Awaitable[None] | None],
    lasting_s: float,
    *,
    by_design: str = "",
) -> list[Outcome]:
    """Inject a fault, end it, and return what it did to each side.

    Where a reach was missed while the observer itself stood still, the fault is injected again,
    up to twice: what stands still because of the product does so each time. The last time
    counts, and wrong values of all of them. A side that is not well before the fault, a minute
    long, has not recovered from the one before.

    Parameters
    ----------
    fault : str
        Its id and what is done.
    sides : sequence of Side
        All who have to notice; they are well before.
    begin, end : callable
        Inject it, and end it; what takes time to end is awaited, and the fault is over then.
    lasting_s : float
        How long it lasts at least, seconds; longer if a side has not noticed by then.
    by_design : str
        See Outcome.
    """
    stale = {side.name: side.stale for side in sides}
    for _ in range(TRIES):
        if left := await unhealthy(sides):
            what = f"before {fault}"
            return [Outcome(fault=what, side=name, recovered_s=NEVER) for name in left]
        observed = _Observed(sides)
        await observed.injected(begin, lasting_s)
        await observed.ended(end)
        if observed.is_within_reach() or observed.late_s <= MOST_LATE_S:
            break
    return [
        Outcome(
            fault=fault,
            side=side.name,
            noticed_s=observed.noticed[side.name],
            recovered_s=observed.recovered[side.name],
            stale=side.stale - stale[side.name],
            by_design=by_design,
        )
        for side in sides
    ]


class _Observed:
    """One injection, and when each side noticed and recovered."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self.noticed: Final = dict.fromkeys([side.name for side in sides], NEVER)
        self.recovered: Final = dict(self.noticed)
        self.late_s = 0.0
        """The longest time between two looks."""
        self._sides: Final = sides

    async def injected(self, begin: Callable[[], object], lasting_s: float) -> None:
        """Inject it, and look until it has lasted and everybody has noticed."""
        begin()
        # It is there once whoever injects it says so: to write 50 MB takes seconds by itself.
        begin_s = time.monotonic()
        while True:
            await self._look()
            took_s = time.monotonic() - begin_s
            for side in self._sides:
                if self.noticed[side.name] == NEVER and side.has_noticed():
                    self.noticed[side.name] = took_s
            have_all = NEVER not in self.noticed.values()
            if took_s > lasting_s and (have_all or took_s > NOTICE_TIMEOUT_S):
                return

    async def ended(self, end: Callable[[], Awaitable[None] | None]) -> None:
        """End it, and look until everybody is well."""
        ending = end()
        if ending is not None:
            await ending
        end_s, since_s = time.monotonic(), time.time()
        while NEVER in self.recovered.values():
            if time.monotonic() - end_s > RECOVERY_TIMEOUT_S:
                return
            await self._look()
            for side in self._sides:
                if self.recovered[side.name] == NEVER and side.has_since(since_s):
                    self.recovered[side.name] = time.monotonic() - end_s

    def is_within_reach(self) -> bool:
        """Return whether everybody noticed and recovered in time."""
        return (
            max(self.noticed.values()) <= NOTICED_S and max(self.recovered.values()) <= RECOVERED_S
        )

    async def _look(self) -> None:
        begin_s = time.monotonic()
        await _look(self._sides)
        self.late_s = max(self.late_s, time.monotonic() - begin_s - PAUSE_S)


async def _look(sides: Sequence[Side]) -> None:
    for side in sides:
        side.look()
    await asyncio.sleep(PAUSE_S)
