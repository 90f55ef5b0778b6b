"""Prices at given instants: the last one known, and the first one at which a trade could begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.catalog.reading.market.presence.price_instants import bar_span_ns
from adapters.catalog.reading.market.row_windows import read_window, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable

ROWS: Final = 131_072
"""Prices in memory at once, about."""
_COLUMNS: Final = {
    "quotes": ("bid_price", "ask_price"),
    "trades": ("price",),
    "bars": ("ts_event", "open", "close"),
}


class KnownPrices:
    """The last price at or before each instant, from prices in the order of time.

    Parameters
    ----------
    instants : int64 array of shape (instants,)
        UNIX nanoseconds, rising.
    max_age_ns : int
        How old the price may be.

    Attributes
    ----------
    prices : float64 array of shape (instants,)
        NaN without such a price.

    """

    def __init__(self, instants: NDArray[np.int64], max_age_ns: int) -> None:
        self.prices = np.full(len(instants), np.nan)
        self._instants: Final = instants
        self._max_age_ns: Final = max_age_ns
        self._answered = 0
        self._last: tuple[int, float] | None = None

    def take(self, ts: NDArray[np.int64], prices: NDArray[np.float64]) -> None:
        """Take the next prices, which are not before those taken already."""
        if not len(ts):
            return
        self._until(int(np.searchsorted(self._instants, ts[0], side="left")))
        # The next piece may begin at the instant of the last price.
        last = int(np.searchsorted(self._instants, ts[-1], side="left"))
        own = self._instants[self._answered : last]
        at = np.searchsorted(ts, own, side="right") - 1
        is_young = own - ts[at] <= self._max_age_ns
        self.prices[self._answered : last] = np.where(is_young, prices[at], np.nan)
        self._answered = last
        self._last = int(ts[-1]), float(prices[-1])

    def finish(self) -> None:
        """Answer the instants after the last price."""
        self._until(len(self._instants))

    def _until(self, place: int) -> None:
        """Answer the instants before a place with the newest price."""
        if self._last is not None and place > self._answered:
            own = self._instants[self._answered : place]
            is_young = own - self._last[0] <= self._max_age_ns
            self.prices[self._answered : place][is_young] = self._last[1]
        self._answered = max(self._answered, place)


class NextPrices:
    """The first price after each instant, never at it, from prices in the order of time.

    Parameters
    ----------
    instants : int64 array of shape (instants,)
        UNIX nanoseconds, rising.
    max_wait_ns : int
        How long after the instant the price may come.

    Attributes
    ----------
    instants : int64 array of shape (instants,)
        The same.
    prices : float64 array of shape (instants,)
        NaN without such a price.

    """

    def __init__(self, instants: NDArray[np.int64], max_wait_ns: int) -> None:
        self.prices = np.full(len(instants), np.nan)
        self.instants: Final = instants
        self._max_wait_ns: Final = max_wait_ns
        self._answered = 0

    def take(self, ts: NDArray[np.int64], prices: NDArray[np.float64]) -> None:
        """Take the next prices, which are not before those taken already."""
        if not len(ts):
            return
        last = int(np.searchsorted(self.instants, ts[-1], side="left"))
        own = self.instants[self._answered : last]
        at = np.searchsorted(ts, own, side="right")
        is_soon = ts[at] - own <= self._max_wait_ns
        self.prices[self._answered : last] = np.where(is_soon, prices[at], np.nan)
        self._answered = max(self._answered, last)


def read_prices(
    table: MarketTable,
    known: KnownPrices,
    later: Sequence[NextPrices],
    window: tuple[int, int],
    show: Callable[[int, int], None],
) -> None:
    """Read the prices of a window once, and answer all instants.

    Parameters
    ----------
    table : MarketTable
        Quotes, of which the mid counts; trades; or bars. Of bars the close is known at
        ``ts_init``, and the open, at the beginning of the span, is what a trade can begin at.
    known : KnownPrices
        Takes the prices by when they were known.
    later : sequence of NextPrices
        Take the prices by when they were traded.
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds.
    show : callable
        Called after each piece with the prices so far and the instant of the newest.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    rows = 0
    for ts, price, traded_ts, traded in _pieces(table, window):
        known.take(ts, price)
        for one in later:
            one.take(traded_ts, traded)
        rows += len(ts)
        if len(ts):
            show(rows, int(ts[-1]))
    known.finish()


def _pieces(
    table: MarketTable, window: tuple[int, int]
) -> Iterator[
    tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]
]:
    """Yield instants and prices as they were known, and the same as they could be traded."""
    span_ns = bar_span_ns(table.identifier) if table.kind == "bars" else None
    names = _COLUMNS[table.kind]
    newest_ns = 0
    # A row group is decoded as a whole: none is divided.
    most = max(ROWS, *(span.rows for span in table.spans))
    try:
        for first_ns, last_ns in windows(table.spans, *window, most):
            parts = [*read_window(table.files, first_ns, last_ns, ["ts_init", *names])]
            if not parts:
                continue
            rows = pa.concat_tables(parts)
            ts = numpy_of(rows.column("ts_init"))
            order = np.argsort(ts, kind="stable")
            ts = ts[order]
            stamps = [numpy_of(rows.column(n))[order] for n in names if n == "ts_event"]
            prices = [
                numpy_of(pc.cast(rows.column(n), pa.float64()))[order]
                for n in names
                if n != "ts_event"
            ]
            if table.kind == "quotes":
                mid = (prices[0] + prices[1]) / 2
                yield ts, mid, ts, mid
            elif table.kind == "trades" or span_ns is None:
                yield ts, prices[-1], ts, prices[-1]
            else:
                opened = _opened_ns(ts, stamps[0], span_ns, newest_ns)
                newest_ns = int(opened[-1])
                yield ts, prices[1], opened, prices[0]
    except (OSError, pa.ArrowException) as error:
        msg = (
            f"the {table.kind} of {table.identifier} cannot be read: {error}; "
            "`dolphin catalog DIR verify` finds damaged files"
        )
        raise ConfigError(msg) from error


def _opened_ns(
    ts: NDArray[np.int64], event: NDArray[np.int64], span_ns: int, newest_ns: int
) -> NDArray[np.int64]:
    """Return when a trade at the open of each bar could begin.

    The nanosecond after the span's beginning: a decision at the beginning can still get it.
    ``ts_event`` is the end of the span, or its beginning where it is a whole span before
    ``ts_init``.
    """
    begin = np.where(ts - event >= span_ns, event, np.minimum(event, ts) - span_ns)
    return np.maximum.accumulate(np.maximum(begin + 1, newest_ns))
