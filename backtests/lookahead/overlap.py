"""The overlap of a backtest: when there was a market, and a value of every required factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.parquet as pq

from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable
    from backtests.inputs.backtest_data import BacktestData

type Span = tuple[int, int]
"""A closed span of time, UNIX nanoseconds."""

_LEAST_HOLE_NS: Final = 5_000_000_000
_HOLES: Final = {"bars": 3.0, "quotes": 1_000.0, "trades": 1_000.0, "factors": 30.0}
"""A hole is longer than this many typical distances of two rows."""
_BATCH_ROWS: Final = 65_536


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

    """
    tables = [table for table in data.tables if table.kind in _HOLES]
    market = [span for table in tables for span in _of_table(table, data)]
    factors = _spans([lambda: _factor_stamps(data, required)], _HOLES["factors"])
    return common(joined(market), factors)


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


def _of_table(table: MarketTable, data: BacktestData) -> list[Span]:
    """Return the spans of one table's rows in the window."""

    def stamps(path: str) -> Iterator[NDArray[np.int64]]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=["ts_init"], use_threads=False):
                ts = np.sort(numpy_of(batch.column("ts_init")))
                yield ts[slice(*np.searchsorted(ts, [data.start_ns, data.end_ns]))]

    files = [lambda path=str(path): stamps(path) for path in table.files]
    return _spans(files, _HOLES[table.kind])


def _factor_stamps(data: BacktestData, required: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    """Yield the instants of the records in which every required factor has a value."""
    names = list(required) or list(data.schema().names[:1])
    for batch in data.all_batches(names):
        if not required:
            yield batch.ts_init
        elif all(name in batch.schema for name in required):
            columns = [batch.schema.index(name) for name in required]
            yield batch.ts_init[~np.isnan(batch.values[:, columns]).any(axis=1)]


def _spans(
    parts: Sequence[Callable[[], Iterable[NDArray[np.int64]]]], distances: float
) -> list[Span]:
    """Return the spans of rows that are read in parts, twice: for their distance, then for holes.

    Parameters
    ----------
    parts : sequence of callables
        Each returns the stamps of consecutive rows, in arrays of shape (rows,).
    distances : float
        A hole is longer than this many typical distances.

    """
    medians, weights = [0.0], [0]
    for part in parts:
        for ts in part():
            gaps = np.diff(ts)
            gaps = gaps[gaps > 0]
            if len(gaps):
                medians.append(float(np.median(gaps)))
                weights.append(len(gaps))
    order = np.argsort(medians)
    reached = np.cumsum(np.array(weights)[order])
    typical = medians[order[int(np.searchsorted(reached, reached[-1] / 2))]]
    hole_ns = int(max(distances * typical, _LEAST_HOLE_NS))
    found: list[Span] = []
    for part in parts:
        for ts in part():
            if not len(ts):
                continue
            ends = np.flatnonzero(np.diff(ts) > hole_ns)
            firsts, lasts = ts[np.append(0, ends + 1)], ts[np.append(ends, len(ts) - 1)]
            found += zip(firsts.tolist(), lasts.tolist(), strict=True)
    return joined(found, hole_ns)
