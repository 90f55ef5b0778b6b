"""LatencyRecorder: the latencies of a run in constant memory, and their percentiles."""

from __future__ import annotations

import math
import time
from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from adapters.feed.busy_time import BusyTime
from dolphin_strategies.observation import StrategyObserver, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dolphin_strategies.factor_strategy import FactorStrategy
    from dolphin_strategies.factors.external_factors import ExternalFactors

_KEPT: Final = 1 << 17
_MASK: Final = _KEPT - 1


class Percentiles(NamedTuple):
    """Percentiles of ``n`` latencies, in microseconds; NaN without latencies."""

    p50: float
    p99: float
    p999: float
    max: float
    n: int

    def __str__(self) -> str:
        if not self.n:
            return "no latencies yet"
        return (
            f"p50 {self.p50:.1f} µs, p99 {self.p99:.1f} µs, p99.9 {self.p999:.1f} µs, "
            f"max {self.max:.1f} µs (n={self.n:,})"
        )


class LatencyRecorder:
    """Keep the newest 131,072 latencies, and the maximum and the count of all."""

    def __init__(self) -> None:
        self._ns: Final = array("q", bytes(8 * _KEPT))
        self._n = 0
        self._max = 0

    def add(self, latency_ns: int) -> None:
        """Record one latency in nanoseconds."""
        n = self._n
        self._ns[n & _MASK] = latency_ns
        self._n = n + 1
        if latency_ns > self._max:  # noqa: PLR1730 - a call of max would cost more
            self._max = latency_ns

    @property
    def count(self) -> int:
        """Latencies so far."""
        return self._n

    def newest(self, limit: int = _KEPT) -> NDArray[np.int64]:
        """Return at most the ``limit`` newest latencies in ns, oldest first; int64, a copy."""
        count = min(self._n, _KEPT, limit)
        slots = np.arange(self._n - count, self._n) & _MASK
        latencies: NDArray[np.int64] = np.frombuffer(self._ns, dtype=np.int64)[slots]
        return latencies

    def percentiles(self, newest: int = _KEPT) -> Percentiles:
        """Return the percentiles of at most the ``newest`` latencies; the maximum is of all."""
        us = self.newest(newest) / 1e3
        if not len(us):
            return Percentiles(math.nan, math.nan, math.nan, math.nan, 0)
        p50, p99, p999 = np.percentile(us, [50, 99, 99.9])
        return Percentiles(float(p50), float(p99), float(p999), self._max / 1e3, self._n)


class MeasuredLatencies(NamedTuple):
    """From the producer's write to each call of a strategy's ``on_factors``."""

    all: LatencyRecorder
    while_busy: LatencyRecorder
    """Of the records that arrived while the node's thread was busy."""


def measure_on_factors(
    strategy: FactorStrategy[Any], busy: BusyTime | None = None
) -> MeasuredLatencies:
    """Record the time from the producer's write to each call of the strategy's ``on_factors``;
    both ends read ``CLOCK_MONOTONIC`` of this machine.

    Parameters
    ----------
    strategy : FactorStrategy
        The strategy to observe.
    busy : BusyTime, optional
        The feed's; without one, nothing counts as arrived while the node was busy.

    """
    latencies = MeasuredLatencies(LatencyRecorder(), LatencyRecorder())
    observe(strategy, _LatencyObserver(latencies, busy or BusyTime()))
    return latencies


class _LatencyObserver(StrategyObserver):
    """Records the latency of each record before the strategy acts on it."""

    def __init__(self, latencies: MeasuredLatencies, busy: BusyTime) -> None:
        self._latencies: Final = latencies
        self._busy: Final = busy

    def around_factors(
        self, on_factors: Callable[[ExternalFactors], None]
    ) -> Callable[[ExternalFactors], None]:
        now_ns, busy = time.monotonic_ns, self._busy
        add, add_busy = self._latencies.all.add, self._latencies.while_busy.add

        def measured(f: ExternalFactors) -> None:
            published_ns = f.published_mono_ns
            if published_ns:
                latency_ns = now_ns() - published_ns
                add(latency_ns)
                if published_ns < busy.until_ns:
                    add_busy(latency_ns)
            on_factors(f)

        return measured
