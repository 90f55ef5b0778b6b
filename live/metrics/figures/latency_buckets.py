"""LatencyBuckets: a histogram of all latencies of a run, kept without work at each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from live.metrics.metric_table import BUCKETS_S
from live.metrics.snapshot import Histogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOUNDS_NS: Final = np.array([round(bound * 1e9) for bound in BUCKETS_S])


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
        self._sum_s = 0.0

    def take(self) -> Histogram:
        """Return the histogram of all latencies so far."""
        total = self._recorder.count
        new = total - self._taken
        if new:
            found = self._recorder.newest(new)
            buckets = np.searchsorted(_BOUNDS_NS, found, side="left")
            counts = np.bincount(buckets, minlength=len(self._counts))
            missing = new - len(found)
            counts[np.argmax(counts)] += missing
            np.add(self._counts, counts, out=self._counts)
            self._sum_s += float(found.sum()) / 1e9 * new / len(found)
            self._taken = total
        return Histogram(tuple(self._counts.tolist()), self._sum_s)
