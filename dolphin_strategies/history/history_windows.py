"""HistoryWindows: cuts a span of the past into windows of about equally many records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

US: Final = 1_000
"""Nautilus takes the ends of a request as datetimes, which know no nanoseconds."""
FIRST_WIDTH_NS: Final = 1_000_000_000
LONGEST_GUESS_NS: Final = 60_000_000_000
"""Nobody knows how many records lie behind a gap: a minute bounds the surprise."""
GROWTH: Final = 2
FILE_RECORDS: Final = 100
"""Opening one more file takes about as long as reading so many records."""


class StoredSpan(NamedTuple):
    """One stored piece of history: its first and last ``ts_init``, and how many records."""

    first_ns: int
    last_ns: int
    records: int


class HistoryWindows:
    """Give half-open windows of ``[begin_ns, end_ns)``, one after another.

    With spans, a window holds about ``records``, as far as the records of each span lie evenly.
    Without, the first window is a second wide and each next one as wide as the density of those
    before suggests, at most twice as wide as the last.

    Parameters
    ----------
    begin_ns, end_ns : int
        UNIX nanoseconds.
    records : int
        How many records a window should hold.
    spans : sequence of StoredSpan, optional
        Where records are stored, if that is known.
    longest_guess_ns : int, optional
        How wide a window may be at the most when nothing is known of its density.

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
        """Take in how many records the current window held."""
        width_ns = self.end_ns - self.begin_ns
        if records:
            # Slowly up: this window may have been half in a gap.
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
