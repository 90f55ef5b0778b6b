"""Waiting for a condition with a limit, in place of sleeping and hoping."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S: Final = 120.0
_SHORTEST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.05
_PART_OF_THE_WAIT: Final = 1 / 32
"""A pause's share of what was waited so far: a long wait leaves the cores to what it waits for."""


def _pause_s(waited_s: float) -> float:
    return min(max(waited_s * _PART_OF_THE_WAIT, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)


def eventually[T](condition: Callable[[], T], what: str, timeout_s: float = TIMEOUT_S) -> T:
    """Return the first true result of ``condition``; fail with ``what`` after a limit."""
    began = time.monotonic()
    while not (result := condition()):
        waited_s = time.monotonic() - began
        if waited_s > timeout_s:
            msg = f"waited {timeout_s} s in vain: {what}"
            raise AssertionError(msg)
        time.sleep(_pause_s(waited_s))
    return result


async def eventually_async[T](
    condition: Callable[[], T], what: str, timeout_s: float = TIMEOUT_S
) -> T:
    """Do the same inside an asyncio loop, which goes on meanwhile."""
    began = time.monotonic()
    while not (result := condition()):
        waited_s = time.monotonic() - began
        if waited_s > timeout_s:
            msg = f"waited {timeout_s} s in vain: {what}"
            raise AssertionError(msg)
        await asyncio.sleep(_pause_s(waited_s))
    return result
