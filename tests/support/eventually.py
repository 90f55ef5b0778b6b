"""Waiting for a condition with a limit, in place of sleeping and hoping."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S: Final = 120.0
_PAUSE_S: Final = 0.002


def eventually[T](condition: Callable[[], T], what: str, timeout_s: float = TIMEOUT_S) -> T:
    """Return the first true result of ``condition``; fail with ``what`` after a limit."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        if time.monotonic() > deadline:
            msg = f"waited {timeout_s} s in vain: {what}"
            raise AssertionError(msg)
        time.sleep(_PAUSE_S)
    return result


async def eventually_async[T](
    condition: Callable[[], T], what: str, timeout_s: float = TIMEOUT_S
) -> T:
    """Do the same inside an asyncio loop, which goes on meanwhile."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        if time.monotonic() > deadline:
            msg = f"waited {timeout_s} s in vain: {what}"
            raise AssertionError(msg)
        await asyncio.sleep(_PAUSE_S)
    return result
