"""Market data with a drill in it: an old price under new stamps, no data, or a wrong price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import Bar, Price, QuoteTick, TradeTick

from backtests.engine.merged_chunks import StreamPiece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backtests.run.drills.drill import Drill

    type Count = Callable[[int], None]
    type Change = Callable[[Any], Any]


def drilled_market(
    pieces: Iterable[StreamPiece],
    drill: Drill,
    increment: Price,
    count: Count = lambda _: None,
) -> Iterator[StreamPiece]:
    """Yield the market data of one instrument with a failure in the drill's window.

    Parameters
    ----------
    pieces : iterable of StreamPiece
        Quotes, trades or bars, in the order of ``ts_init``.
    drill : Drill
        A drill of the market.
    increment : Price
        The instrument's price increment, in which a price jumps.
    count : callable
        Called with numbers of rows in the window.

    """
    newest: Any = None
    change: Change | None = None
    if drill.kind == "market_jump":
        change = _jump(drill, increment)
    for piece in pieces:
        first, end = (int(i) for i in np.searchsorted(piece.ts, [drill.start, drill.end_ns]))
        if first and drill.kind == "market_freeze":
            newest = piece.items(first - 1, first)[0]
        if first < end:
            count(end - first)
            if drill.kind == "market_freeze" and change is None:
                change = _held(piece.items(first, first + 1)[0] if newest is None else newest)
            yield from _cut(piece, first, end, change)
        else:
            yield piece


def _cut(piece: StreamPiece, first: int, end: int, change: Change | None) -> Iterator[StreamPiece]:
    """Yield a piece with its rows from ``first`` to before ``end`` changed, or left out."""
    if first:
        yield StreamPiece(piece.ts[:first], piece.items)
    if change is not None:
        yield StreamPiece(
            piece.ts[first:end],
            lambda i, j: [change(row) for row in piece.items(first + i, first + j)],
        )
    if end < len(piece.ts):
        yield StreamPiece(piece.ts[end:], lambda i, j: piece.items(end + i, end + j))


def _held(newest: Any) -> Change:
    """Return the change that repeats the newest price from before."""

    def quote(row: QuoteTick) -> QuoteTick:
        q = newest
        return QuoteTick(
            row.instrument_id, q.bid_price, q.ask_price, q.bid_size, q.ask_size,
            row.ts_event, row.ts_init,
        )  # fmt: skip

    def trade(row: TradeTick) -> TradeTick:
        return _trade(row, newest.price)

    def bar(row: Bar) -> Bar:
        return _bar(row, (newest.close, newest.close, newest.close, newest.close))

    kinds: dict[type, Change] = {QuoteTick: quote, TradeTick: trade, Bar: bar}
    return kinds[type(newest)]


def _jump(drill: Drill, increment: Price) -> Change:
    """Return the change that multiplies and shifts prices, to whole increments, at least one."""
    step: Final = increment.raw
    times = 1.0 if drill.times is None else drill.times
    plus = (drill.plus or 0.0) / increment.as_double()

    def moved(price: Price) -> Price:
        ticks = max(round(price.raw / step * times + plus), 1)
        return Price.from_raw(ticks * step, price.precision)

    def change(row: Any) -> Any:
        if type(row) is QuoteTick:
            return QuoteTick(
                row.instrument_id, moved(row.bid_price), moved(row.ask_price),
                row.bid_size, row.ask_size, row.ts_event, row.ts_init,
            )  # fmt: skip
        if type(row) is TradeTick:
            return _trade(row, moved(row.price))
        return _bar(row, (moved(row.open), moved(row.high), moved(row.low), moved(row.close)))

    return change


def _trade(row: TradeTick, price: Price) -> TradeTick:
    return TradeTick(
        row.instrument_id, price, row.size, row.aggressor_side, row.trade_id,
        row.ts_event, row.ts_init,
    )  # fmt: skip


def _bar(row: Bar, prices: tuple[Price, Price, Price, Price]) -> Bar:
    o, h, low, c = prices
    return Bar(row.bar_type, o, h, low, c, row.volume, row.ts_event, row.ts_init)
