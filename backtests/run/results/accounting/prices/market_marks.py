"""Market marks: one pass over an instrument's prices, which answers everything about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.command.durations import DAY_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.run.results.accounting.prices.price_rows import PriceRows


class MarketMarks:
    """The newest price at given instants, and the extremes between others, from a stream.

    Parameters
    ----------
    instants : int64 array of shape (instants,)
        UNIX nanoseconds, not falling.
    begins, ends : int64 arrays of shape (spans,)
        Spans of time, UNIX nanoseconds, the begins not falling.
    has_end : bool array of shape (spans,)
        Whether prices at the end of a span belong to it; those at its begin never do.

    Attributes
    ----------
    marks : float64 array of shape (instants,)
        The newest mark at or before each instant; NaN before the first one.
    lows, highs : float64 arrays of shape (spans,)
        The extremes in each span; infinite, and the lower one above the higher, without a price.
    days : set of int
        The UTC days since 1970 in which there was a price; an instant ends its day, as a bar does.

    Notes
    -----
    The memory used is that of the answers and of one piece.

    """

    def __init__(
        self,
        instants: NDArray[np.int64],
        begins: NDArray[np.int64],
        ends: NDArray[np.int64],
        has_end: NDArray[np.bool_],
    ) -> None:
        self.marks = np.full(len(instants), np.nan)
        self.lows = np.full(len(begins), np.inf)
        self.highs = np.full(len(begins), -np.inf)
        self.days: set[int] = set()
        self._instants: Final = instants
        self._begins: Final = begins
        # With its end: to before the nanosecond after it.
        self._ends: Final = ends + has_end
        self._answered = 0
        self._begun = 0
        self._running = np.empty(0, np.intp)
        self._last = np.nan

    def take(self, rows: PriceRows) -> None:
        """Take the next prices, which are not before those taken already."""
        if not len(rows.ts):
            return
        self.days.update(np.unique((rows.ts - 1) // DAY_NS).tolist())
        self._take_marks(rows)
        self._take_extremes(rows)

    def finish(self) -> None:
        """Answer the instants after the last price."""
        self.marks[self._answered :] = self._last

    def _take_marks(self, rows: PriceRows) -> None:
        first = int(np.searchsorted(self._instants, rows.ts[0], side="left"))
        last = int(np.searchsorted(self._instants, rows.ts[-1], side="right"))
        self.marks[self._answered : first] = self._last
        inside = np.searchsorted(rows.ts, self._instants[first:last], side="right") - 1
        self.marks[first:last] = rows.mark[inside]
        self._answered = last
        self._last = float(rows.mark[-1])

    def _take_extremes(self, rows: PriceRows) -> None:
        ts = rows.ts
        begun = int(np.searchsorted(self._begins, ts[-1], side="left"))
        spans = np.concatenate([self._running, np.arange(self._begun, begun)])
        first = np.searchsorted(ts, self._begins[spans], side="right")
        last = np.searchsorted(ts, self._ends[spans], side="left")
        is_whole = (first == 0) & (last == len(ts))
        whole, part = spans[is_whole], ~is_whole & (first < last)
        np.minimum.at(self.lows, whole, rows.low.min())
        np.maximum.at(self.highs, whole, rows.high.max())
        edges = np.column_stack([first[part], last[part]]).ravel()
        self._narrow(np.minimum, self.lows, spans[part], rows.low, edges)
        self._narrow(np.maximum, self.highs, spans[part], rows.high, edges)
        self._begun = begun
        self._running = spans[self._ends[spans] > ts[-1]]

    def _narrow(
        self,
        extreme: np.ufunc,
        found: NDArray[np.float64],
        spans: NDArray[np.intp],
        prices: NDArray[np.float64],
        edges: NDArray[Any],
    ) -> None:
        if len(spans):
            # An edge may be the end of the piece.
            padded = np.append(prices, prices[-1])
            found[spans] = extreme(found[spans], extreme.reduceat(padded, edges)[::2])
