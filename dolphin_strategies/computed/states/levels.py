"""Levels: the newest state of a whole order book."""

from __future__ import annotations

from typing import Any, NamedTuple

from nautilus_trader.model import BookType, InstrumentId, OrderBook, OrderBookDeltas

from dolphin_strategies.computed.market_state import NAN, MarketState


class Side(NamedTuple):
    """One side of a book.

    Attributes
    ----------
    prices, sizes : list of float
        Best first; sizes in the instrument's own unit.
    is_cut : bool
        Whether there may be further levels.

    """

    prices: list[float]
    sizes: list[float]
    is_cut: bool


class Levels(MarketState):
    """A book kept from OrderBookDeltas, in Nautilus's OrderBook, or given by OrderBookDepth.

    Attributes
    ----------
    bid, ask, mid : float
        Best prices; NaN while a side is empty or the book is crossed or locked.

    """

    __slots__ = ("_book", "_sides", "ask", "bid", "mid")

    def __init__(self) -> None:
        super().__init__()
        self.bid = self.ask = self.mid = NAN
        self._book: OrderBook | None = None
        self._sides: tuple[Side, Side] | None = None

    def take(self, data: Any) -> bool:
        """Take over OrderBookDeltas, an OrderBookDelta or an OrderBookDepth."""
        ts_event, ts_init = data.ts_event, data.ts_init
        if self._is_backward(ts_event, ts_init):
            return False
        self._stamp(ts_event, ts_init)
        try:
            self._apply(data)
        except (RuntimeError, ValueError):
            self.invalid += 1
            self._lose()
            return True
        self._sides = None
        book = self._book
        bid = book.best_bid_price() if book else None
        ask = book.best_ask_price() if book else None
        if bid is None or ask is None:
            self._lose()
        elif 0 < float(bid) < float(ask):
            self.bid, self.ask = float(bid), float(ask)
            self.mid = (self.bid + self.ask) / 2
            self.is_good = True
            for node in self.nodes:
                node()
        else:
            self.crossed += 1
            self._lose()
        return True

    def sides(self, count: int) -> tuple[Side, Side]:
        """Return at least the best ``count`` levels of bids and asks, if there are so many."""
        found = self._sides
        if found is None or any(s.is_cut and len(s.prices) < count for s in found):
            book = self._book
            bids = _side(book.bids(count), count) if book else Side([], [], is_cut=True)
            asks = _side(book.asks(count), count) if book else Side([], [], is_cut=True)
            found = self._sides = bids, asks
        return found

    def _apply(self, data: Any) -> None:
        book = self._book
        if book is None:
            instrument_id: InstrumentId = data.instrument_id
            book = self._book = OrderBook(instrument_id, BookType.L2_MBP)
        if isinstance(data, OrderBookDeltas):
            book.apply_deltas(data)
        elif hasattr(data, "bid_counts"):
            book.apply_depth(data)
        else:
            book.apply_delta(data)

    def _lose(self) -> None:
        self.is_good = False
        self.bid = self.ask = self.mid = NAN


def _side(levels: list[Any], count: int) -> Side:
    return Side(
        [float(level.price) for level in levels],
        [level.size() for level in levels],
        len(levels) >= count,
    )
