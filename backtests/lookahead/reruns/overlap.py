"""The overlap of a backtest: when there was a market, and a value of every required factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.presence.market_gaps import MarketPresence
    from backtests.inputs.backtest_data import BacktestData

type Span = tuple[int, int]
"""A closed span of time, UNIX nanoseconds."""

_LEAST_HOLE_NS: Final = 5_000_000_000
_DISTANCES: Final = 30
"""A hole in the factors is longer than so many typical distances of two records."""


def overlap(data: BacktestData, required: Sequence[str]) -> list[Span]:
    """Return the spans of a window in which there are both market data and the required factors.

    Parameters
    ----------
    data : BacktestData
        The data of the backtest.
    required : sequence of str
        The factors of which each must have a value; none: every record counts.

    Returns
    -------
    list of tuple of int
        Closed spans in order, UNIX nanoseconds; a hole in the market or in the factors is between
        two of them.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    market = [span for presence in data.presences() for span in _present(presence)]
    return common(joined(market), _factor_spans(data, required))


def joined(spans: Iterable[Span], within_ns: int = 1) -> list[Span]:
    """Return spans in order, those that overlap or are no farther apart as one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first - found[-1][1] <= within_ns:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def common(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """Return what two ordered sequences of spans have in common."""
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, last = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first <= last:
            found.append((first, last))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def _present(presence: MarketPresence) -> Iterator[Span]:
    """Yield the spans in which one instrument has prices, without its gaps."""
    first_ns = presence.first_ns
    for gap in presence.gaps:
        if first_ns is not None:
            yield first_ns, gap.after_ns
        first_ns = gap.until_ns
    if first_ns is not None and presence.last_ns is not None:
        yield first_ns, presence.last_ns


def _factor_spans(data: BacktestData, required: Sequence[str]) -> list[Span]:
    """Return the spans of the records, read twice: for their distance, then for holes."""
    medians, weights = [0.0], [0]
    for ts in _factor_stamps(data, required):
        gaps = np.diff(ts)
        gaps = gaps[gaps > 0]
        if len(gaps):
            medians.append(float(np.median(gaps)))
            weights.append(len(gaps))
    order = np.argsort(medians)
    reached = np.cumsum(np.array(weights)[order])
    typical = medians[order[int(np.searchsorted(reached, reached[-1] / 2))]]
    hole_ns = int(max(_DISTANCES * typical, _LEAST_HOLE_NS))
    found: list[Span] = []
    for ts in _factor_stamps(data, required):
        if not len(ts):
            continue
        ends = np.flatnonzero(np.diff(ts) > hole_ns)
        firsts, lasts = ts[np.append(0, ends + 1)], ts[np.append(ends, len(ts) - 1)]
        found += zip(firsts.tolist(), lasts.tolist(), strict=True)
    return joined(found, hole_ns)


def _factor_stamps(data: BacktestData, required: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    """Yield the instants of the records in which every required factor has a value."""
    names = list(required) or list(data.schema().names[:1])
    for batch in data.all_batches(names):
        if not required:
            yield batch.ts_init
        elif all(name in batch.schema for name in required):
            columns = [batch.schema.index(name) for name in required]
            yield batch.ts_init[~np.isnan(batch.values[:, columns]).any(axis=1)]
