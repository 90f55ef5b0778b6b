"""Chart lines: long series reduced to the resolution of a screen, without losing an extreme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.run.results.accounting.prices.price_rows import price_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable
    from backtests.inputs.backtest_data import BacktestData

BINS: Final = 1_500
"""Spans of time of a line; each keeps its first, lowest, highest and last point."""


class ChartLine:
    """A series of which each span of time keeps its first, lowest, highest and last point.

    Parameters
    ----------
    start_ns, end_ns : int
        The window, UNIX nanoseconds.
    bins : int
        The number of spans of time.

    """

    def __init__(self, start_ns: int, end_ns: int, bins: int = BINS) -> None:
        self._start_ns = start_ns
        self._width_ns = max((end_ns - start_ns) // bins, 1)
        self._points: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._kept = 0
        self._limit = 16 * bins

    def add(self, ts: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Add further points.

        Parameters
        ----------
        ts : int64 array of shape (points,)
            UNIX nanoseconds, later than the previous points.
        values : float64 array of shape (points,)
            NaN breaks the line.

        """
        if not len(ts):
            return
        keep = self._chosen(ts, values)
        self._points.append((ts[keep], values[keep]))
        self._kept += len(keep)
        if self._kept > self._limit:
            # Pieces may share a span: reduce them together.
            ts, values = self.points()
            keep = self._chosen(ts, values)
            self._points = [(ts[keep], values[keep])]
            self._kept = len(keep)
            self._limit = max(self._limit, 2 * self._kept)

    def points(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the kept instants and values, in order.

        Returns
        -------
        tuple of int64 array and float64 array, both of shape (points,)
            UNIX nanoseconds, and values.

        """
        if not self._points:
            return np.empty(0, np.int64), np.empty(0)
        ts = np.concatenate([p[0] for p in self._points])
        return ts, np.concatenate([p[1] for p in self._points])

    def drawn(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the points to draw: as :meth:`points`, at most five for each span.

        Returns
        -------
        tuple of int64 array and float64 array, both of shape (points,)
            UNIX nanoseconds, and values.

        """
        ts, values = self.points()
        keep = self._chosen(ts, values)
        return ts[keep], values[keep]

    def _chosen(self, ts: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the positions of the points that are kept, in order."""
        if not len(ts):
            return np.empty(0, np.intp)
        spans = (ts - self._start_ns) // self._width_ns
        starts = np.flatnonzero(np.diff(spans, prepend=spans[0] - 1))
        ends = np.append(starts[1:], len(ts)) - 1
        # By span, then by value: the lowest is first; NaN counts as neither and sorts last.
        order = np.lexsort((values, spans))
        lowest = order[starts]
        known = np.add.reduceat(~np.isnan(values), starts)
        highest = order[starts + np.maximum(known - 1, 0)]
        gaps = np.flatnonzero(np.isnan(values) & ~np.isnan(np.roll(values, 1)))
        _, first_gap = np.unique(spans[gaps], return_index=True)
        return np.unique(np.concatenate([starts, lowest, highest, ends, gaps[first_gap]]))


def price_line(data: BacktestData, table: MarketTable) -> ChartLine:
    """Return the mid, the trade price or the close of one instrument."""
    line = ChartLine(data.start_ns, data.end_ns)
    for rows in price_rows(table, data.start_ns, data.end_ns):
        line.add(rows.ts, rows.mark)
    return line


def factor_lines(data: BacktestData, names: Sequence[str]) -> dict[str, ChartLine]:
    """Return some factors as the strategy saw them."""
    lines = {name: ChartLine(data.start_ns, data.end_ns) for name in names}
    for batch in data.all_batches(names) if names else ():
        for name, line in lines.items():
            if name in batch.schema:
                line.add(batch.ts_init, batch.values[:, batch.schema.index(name)])
    return lines
