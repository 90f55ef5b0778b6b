"""Backoff: how long to wait before a service is started again, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Waits that double, over ends in a row.

    Attributes
    ----------
    first_s, longest_s : float
        The first wait and the longest one, seconds.
    most : int
        Restarts in a row.
    stable_s : float
        A run of at least so many seconds begins the row anew.

    """

    first_s: float
    longest_s: float
    most: int
    stable_s: float

    def row_after(self, row: int, ran_s: float) -> int:
        """Return how many restarts in a row there were, for a run that lasted ``ran_s``."""
        return 0 if ran_s >= self.stable_s else row

    def wait_s(self, row: int) -> float | None:
        """Return the wait before the restart after ``row`` others, seconds; None: no more."""
        if row >= self.most:
            return None
        # A power of 2 beyond 1023 is no float.
        return min(self.first_s * 2.0 ** min(row, 60), self.longest_s)
