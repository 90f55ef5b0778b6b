"""Levels: the newest state of a whole order book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dolphin_strategies.computed.inputs import NAN, number_of
from dolphin_strategies.computed.states.market_state import MarketState

if TYPE_CHECKING:
    from nautilus_trader.model import InstrumentId, OrderBook


SNAPSHOT_FLAG: Final = 32
"""Nautilus's ``RecordFlag.F_SNAPSHOT``."""


class Side(NamedTuple):
    """One side of a book.

    Attributes
    ----------
    prices, sizes : list of float
        Best first; prices of a coin, sizes in the instrument's own unit.
    is_cut : bool
        Whether there may be further levels.

    """

    prices: list[float]
    sizes: list[float]
    is_cut: bool


class Levels(MarketState):
    """A book kept from OrderBookDeltas, in Nautilus's OrderBook, or given by OrderBookDepth.

    It begins with a snapshot: a clear, a delta with ``F_SNAPSHOT``, or an OrderBookDepth. Changes
    before are of levels next to which others are unknown, so they are left out, and there is no
    mid. Later changes are applied whatever their ``ts_event``: the next ones build on them.

    Attributes
    ----------
    mid : float
        Middle of the best prices; NaN while a side is empty or the book is crossed or locked.

    """

    __slots__ = ("_book", "_counts", "_sides")

    mid = MarketState.number

    def __init__(self) -> None:
        super().__init__()
        self._book: OrderBook | None = None
        self._sides: list[Side | None] = [None, None]
        self._counts = [1, 1]

    def take(self, data: Any) -> bool:
        """Take over OrderBookDeltas, an OrderBookDelta or an OrderBookDepth."""
        ts_init = max(data.ts_init, self.ts_init)
        # As for all kinds: without a stamp, or with one of the future, that of its arrival.
        ts_event = data.ts_event if 0 < data.ts_event <= ts_init else ts_init
        if ts_event < self.ts_event:
            if hasattr(data, "bid_counts"):
                return self.put_number(ts_event, ts_init, NAN)  # a whole book is left out
            self.backward += 1
            ts_event = self.ts_event
        self._sides = [None, None]
        mid = NAN
        try:
            mid = self._apply(data)
        except (RuntimeError, ValueError):
            self.invalid += 1
        return self.put_number(ts_event, ts_init, mid)

    def side(self, place: int, count: int) -> Side:
        """Return at least the best ``count`` levels of the bids (0) or asks (1).

        There are fewer if the book has fewer.
        """
        found = self._sides[place]
        if found is None or (found.is_cut and len(found.prices) < count):
            # As many as anybody has asked for, so that one reading is enough for all.
            count = self._counts[place] = max(count, self._counts[place])
            levels: list[Any] = []
            if self._book is not None:
                levels = self._book.asks(count) if place else self._book.bids(count)
            found = self._sides[place] = _side(levels, count, self.units)
        return found

    def _apply(self, data: Any) -> float:
        """Apply data to the book; return its mid, NaN if it has none."""
        book = self._book
        if book is None:
            if not _is_snapshot(data):
                return NAN
            book = self._book = _empty_book(data.instrument_id)
        if hasattr(data, "deltas"):
            book.apply_deltas(data)
        elif hasattr(data, "bid_counts"):
            book.apply_depth(data)
        else:
            book.apply_delta(data)
        bid, ask = book.best_bid_price(), book.best_ask_price()
        if bid is None or ask is None:
            return NAN
        best_bid, best_ask = number_of(bid) / self.units, number_of(ask) / self.units
        if 0 < best_bid < best_ask:
            return (best_bid + best_ask) / 2
        self.crossed += 1
        return NAN


def _empty_book(instrument_id: InstrumentId) -> OrderBook:
    # Factor files are read without Nautilus, which takes 80 MB.
    from nautilus_trader.model import BookType, OrderBook  # noqa: PLC0415

    return OrderBook(instrument_id, BookType.L2_MBP)


def _is_snapshot(data: Any) -> bool:
    """Return whether data begin with a whole book, or contain one."""
    if hasattr(data, "bid_counts"):
        return True
    deltas = getattr(data, "deltas", None) or (data,)
    return any(delta.is_clear or delta.flags & SNAPSHOT_FLAG for delta in deltas)


def _side(levels: list[Any], count: int, units: float) -> Side:
    return Side(
        [number_of(level.price) / units for level in levels],
        [level.size() for level in levels],
        len(levels) >= count,
    )
