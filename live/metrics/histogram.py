"""Histogram: latencies in the buckets of a classic and of a native histogram of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from live.metrics.metric_table import BUCKETS_S

if TYPE_CHECKING:
    from collections.abc import Iterator

LOWEST: Final = -240
"""The index whose bound, 2 ** (index / 8) seconds, is less than a nanosecond."""
HIGHEST: Final = 265
"""The index of the longest time that 64 bits of nanoseconds hold."""


class NativeBuckets(NamedTuple):
    """Sparse exponential buckets, of which an index i ends at 2 ** (i / 8) seconds.

    https://prometheus.io/docs/specs/native_histograms, schema 3.

    Attributes
    ----------
    zero : int
        How many values were 0 or less.
    first : int
        The index of the first of ``counts``.
    counts : tuple of int
        How many values were in each bucket.

    """

    zero: int
    first: int
    counts: tuple[int, ...]

    @property
    def zero_threshold_s(self) -> float:
        """The bound of the bucket around zero, seconds."""
        return 2.0 ** (LOWEST / 8)

    def runs(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the first index and the counts of each run of buckets that are not empty."""
        begin = 0
        for end in range(len(self.counts) + 1):
            if end == len(self.counts) or not self.counts[end]:
                if end > begin:
                    yield self.first + begin, self.counts[begin:end]
                begin = end + 1


class Histogram(NamedTuple):
    """How many values were in each bucket of ``BUCKETS_S`` and beyond the last, and their sum."""

    counts: tuple[int, ...]
    sum_s: float
    native: NativeBuckets | None = None

    @property
    def bounds_s(self) -> tuple[float, ...]:
        """The upper bounds, seconds; one more bucket has none."""
        return BUCKETS_S

    def row(self) -> list[Any]:
        """Return it as plain lists."""
        return [self.counts, self.sum_s, None if self.native is None else tuple(self.native)]


def histogram_of(row: list[Any]) -> Histogram:
    """Return what :meth:`Histogram.row` made.

    Raises
    ------
    TypeError, ValueError
        If it is no such row.

    """
    counts, total, *more = row
    if len(counts) != len(BUCKETS_S) + 1:
        msg = f"expected {len(BUCKETS_S) + 1} buckets, found {len(counts)}"
        raise ValueError(msg)
    found = Histogram(tuple(map(whole, counts)), float(total))
    if not more or more[0] is None:
        return found
    zero, first, natives = more[0]
    native = NativeBuckets(whole(zero), first, tuple(map(whole, natives)))
    is_first = isinstance(first, int) and LOWEST < first <= HIGHEST
    if not is_first or first + len(natives) > HIGHEST + 1:
        msg = f"expected buckets from {LOWEST} to {HIGHEST}, found {first!r:.40}"
        raise ValueError(msg)
    if native.zero + sum(native.counts) != sum(found.counts):
        msg = "the two kinds of buckets hold different numbers of values"
        raise ValueError(msg)
    return found._replace(native=native)


def whole(value: Any) -> int:
    """Return a whole number from 0.

    Raises
    ------
    TypeError
        If it is something else.

    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        msg = f"expected a whole number from 0, found {value!r:.40}"
        raise TypeError(msg)
    return value
