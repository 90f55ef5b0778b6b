"""Cadence: when a source is polled next."""

from __future__ import annotations

import math
import random
from typing import Final

FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 4.0
"""The longest pause after failures; a source with a longer period is retried at that period."""
JITTER: Final = 0.2
SLOT_S: Final = 0.05
"""Polls begin at multiples of this, so that several coincide: a wake-up for a single poll, with
cold caches, costs three times as much CPU."""


class Cadence:
    """A fixed grid of instants, each source's shifted by a random phase against the others'.

    Parameters
    ----------
    period_s : float
        From one instant to the next, seconds.
    now_s : float
        Monotonic seconds.

    """

    def __init__(self, period_s: float, now_s: float) -> None:
        self.period_s: Final = period_s
        # Slow sources are also polled soon after the start.
        self.due_s = _slot(now_s + random.uniform(0, min(period_s, FIRST_RETRY_S)))  # noqa: S311

    def advance(self, now_s: float) -> int:
        """Move to the next instant of the grid after now; return how many were skipped."""
        steps = max(1, math.floor((now_s - self.due_s) / self.period_s) + 1)
        self.due_s += steps * self.period_s
        return steps - 1

    def retry(self, now_s: float, failures: int) -> None:
        """Move to a later instant after a number of consecutive failures."""
        delay_s = min(
            FIRST_RETRY_S * 2.0 ** min(failures - 1, 16), max(self.period_s, LONGEST_RETRY_S)
        )
        self.wait(now_s, delay_s)

    def wait(self, now_s: float, delay_s: float) -> None:
        """Move to an instant after a delay, to which a small random time is added."""
        self.due_s = _slot(now_s + delay_s * random.uniform(1, 1 + JITTER))  # noqa: S311


def _slot(at_s: float) -> float:
    """Return the beginning of the next slot."""
    return math.ceil(at_s / SLOT_S) * SLOT_S
