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


async def healthy(sides: Sequence[Side]) -> None:
    """Wait until every side is well.

    Raises
    ------
    AssertionError
        If one is not within a minute.
    """
    begin_s, since_s = time.monotonic(), time.time()
    left = list(sides)
    while left:
        await _look(sides)
        left = [side for side in left if not side.has_since(since_s)]
        if time.monotonic() - begin_s > HEALTH_TIMEOUT_S:
            msg = f"not well before the fault: {[side.name for side in left]}"
            raise AssertionError(msg)


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
    await healthy(sides)
    noticed = dict.fromkeys([side.name for side in sides], NEVER)
    recovered = dict(noticed)
    stale = {side.name: side.stale for side in sides}
    begin_s = time.monotonic()
    begin()
    while True:
        await _look(sides)
        took_s = time.monotonic() - begin_s
        for side in sides:
            if noticed[side.name] == NEVER and side.has_noticed():
                noticed[side.name] = took_s
        has_lasted = took_s > lasting_s
        if has_lasted and (NEVER not in noticed.values() or took_s > NOTICE_TIMEOUT_S):
            break
    ending = end()
    if ending is not None:
        await ending
    end_s, since_s = time.monotonic(), time.time()
    while NEVER in recovered.values() and time.monotonic() - end_s < RECOVERY_TIMEOUT_S:
        await _look(sides)
        for side in sides:
            if recovered[side.name] == NEVER and side.has_since(since_s):
                recovered[side.name] = time.monotonic() - end_s
    return [
        Outcome(
            fault=fault,
            side=side.name,
            noticed_s=noticed[side.name],
            recovered_s=recovered[side.name],
            stale=side.stale - stale[side.name],
            by_design=by_design,
        )
        for side in sides
    ]


async def _look(sides: Sequence[Side]) -> None:
    for side in sides:
        side.look()
    await asyncio.sleep(PAUSE_S)
