"""HistoryWindows: cuts a span of the past into windows of about equally many records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

US: Final = 1_000
"""Nautilus takes the ends of a request as datetimes, which have no nanoseconds."""
FIRST_WIDTH_NS: Final = 1_000_000_000
LONGEST_GUESS_NS: Final = 60_000_000_000
"""The number of records behind a gap is unknown: a minute bounds it."""
GROWTH: Final = 2
FILE_RECORDS: Final = 100
"""Opening one more file takes about as long as reading this many records."""


class StoredSpan(NamedTuple):
    """One stored piece of history: its first and last ``ts_init``, and how many records."""

    first_ns: int
    last_ns: int
    records: int


class HistoryWindows:
    """Yield the half-open windows of ``[begin_ns, end_ns)``, one after another.

    With spans, a window holds about ``records``, as far as the records of each span lie evenly.
    Without spans, the first window is one second wide, and the width of each following window is
    estimated from the density of the previous ones, at most twice the previous width.

    Parameters
    ----------
    begin_ns, end_ns : int
        UNIX nanoseconds.
    records : int
        How many records a window should hold.
    spans : sequence of StoredSpan, optional
        Where records are stored, if that is known.
    longest_guess_ns : int, optional
        The largest width of a window whose density is unknown, nanoseconds.

    """

    def __init__(
        self,
        begin_ns: int,
        end_ns: int,
        records: int,
        spans: Sequence[StoredSpan] = (),
        longest_guess_ns: int = LONGEST_GUESS_NS,
    ) -> None:
        self.begin_ns = begin_ns // US * US
        """Where the current window begins; a multiple of microseconds."""
        self.end_ns = self.begin_ns
        """Where the current window ends; a multiple of microseconds but for the last one."""
        self._stop_ns = max(end_ns, self.begin_ns)
        self._records = records
        self._width_ns = FIRST_WIDTH_NS
        self._longest_ns = longest_guess_ns
        self._spans = np.array([s for s in spans if s.last_ns >= begin_ns], dtype=np.int64)

    def advance(self) -> bool:
        """Go to the next window; return False if there is none."""
        if self.end_ns >= self._stop_ns:
            return False
        self.begin_ns = self.end_ns
        width_ns = self._planned_width() if len(self._spans) else self._width_ns
        self.end_ns = min(self.begin_ns + max(width_ns // US, 1) * US, self._stop_ns)
        return True

    def learn(self, records: int) -> None:
        """Report how many records the current window held."""
        width_ns = self.end_ns - self.begin_ns
        if records:
            # The estimate rises slowly: half of this window may have been a gap.
            wanted_ns = width_ns * self._records // records
            self._longest_ns = max(min(wanted_ns, self._longest_ns * 5 // 4), US)
        self._width_ns = max(min(self._longest_ns, width_ns * GROWTH), US)

    def _planned_width(self) -> int:
        """Return the width up to which the spans promise the records of a window."""
        first, last, records = self._spans.T
        lengths = np.maximum(last - first, 1)

        def work_until(ns: int) -> float:
            parts = np.clip((ns - first) / lengths, 0, 1) * records
            return float(parts.sum() + FILE_RECORDS * (first < ns).sum())

        enough = work_until(self.begin_ns) + self._records
        low, high = US, self._stop_ns - self.begin_ns
        if work_until(self._stop_ns) <= enough:
            return high
        while high - low > US:
            middle = (low + high) // 2
            if work_until(self.begin_ns + middle) <= enough:
                low = middle
            else:
                high = middle
        return low
