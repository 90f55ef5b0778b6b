"""LatencyBuckets: a histogram of all latencies of a run, kept without work at each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from live.metrics.metric_table import BUCKETS_S
from live.metrics.snapshot import HIGHEST, LOWEST, Histogram, NativeBuckets

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOUNDS_NS: Final = np.array([round(bound * 1e9) for bound in BUCKETS_S])
# The last native bucket has no bound: nothing that 64 bits hold is beyond it. The first, whose
# bound is 0 here, is that of zero.
_NATIVE_BOUNDS_NS: Final = np.array(
    [int(2.0 ** (index / 8) * 1e9) for index in range(LOWEST, HIGHEST)]
)


class Recorder(Protocol):
    """What keeps the newest latencies, such as LatencyRecorder."""

    @property
    def count(self) -> int:
        """All latencies so far."""

    def newest(self, limit: int = ...) -> NDArray[np.int64]:
        """Return at most the ``limit`` newest, nanoseconds."""


class LatencyBuckets:
    """Puts the latencies that have come since the last call into their buckets.

    Parameters
    ----------
    recorder : Recorder
        Keeps enough of them for the time between two calls. Those that it no longer has count
        as the newest ones did, so that the histogram's count is right.

    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder: Final = recorder
        self._taken = 0
        self._counts: Final = np.zeros(len(BUCKETS_S) + 1, dtype=np.int64)
        self._native: Final = np.zeros(len(_NATIVE_BOUNDS_NS) + 1, dtype=np.int64)
        self._sum_s = 0.0

    def take(self) -> Histogram:
        """Return the histogram of all latencies so far."""
        total = self._recorder.count
        new = total - self._taken
        if new:
            found = self._recorder.newest(new)
            _add(found, _BOUNDS_NS, new - len(found), self._counts)
            _add(found, _NATIVE_BOUNDS_NS, new - len(found), self._native)
            self._sum_s += float(found.sum()) / 1e9 * new / len(found)
            self._taken = total
        return Histogram(tuple(self._counts.tolist()), self._sum_s, self._sparse())

    def _sparse(self) -> NativeBuckets:
        used = np.flatnonzero(self._native[1:]) + 1
        if not len(used):
            return NativeBuckets(int(self._native[0]), LOWEST + 1, ())
        first, last = int(used[0]), int(used[-1])
        counts = tuple(self._native[first : last + 1].tolist())
        return NativeBuckets(int(self._native[0]), LOWEST + first, counts)


def _add(
    found: NDArray[np.int64], bounds_ns: NDArray[np.int64], missing: int, to: NDArray[np.int64]
) -> None:
    """Count values into the buckets of ``to``, and the missing ones where most of them are."""
    buckets = np.searchsorted(bounds_ns, found, side="left")
    counts = np.bincount(buckets, minlength=len(to))
    counts[np.argmax(counts)] += missing
    np.add(to, counts, out=to)
