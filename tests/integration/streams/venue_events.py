"""One event of each kind that any venue may stream, and the value by which it is known again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.streams.stream_venue import StreamKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.exchange.streaming.venue_control import VenueControl

PRICE: Final = 60_100.0
NEXT_FUNDING_MS: Final = 1_900_000_000_000
STEPS: Final = 7
"""The size of trades and of the touch, in lots."""


class Events:
    """Sends events of one instrument; event ``i`` differs from ``i + 1`` in its value."""

    def __init__(self, venue: VenueControl, instrument: dict[str, Any]) -> None:
        self._venue: Final = venue
        self._symbol: Final[str] = instrument["raw_symbol"]
        self._size: Final = STEPS * float(instrument["size_increment"])

    def send(self, kind: StreamKind, i: int, ts_ms: int) -> None:
        """Send one event with a stamp, UNIX milliseconds."""
        self._senders[kind](self, i, ts_ms)

    def value(self, kind: StreamKind, i: int) -> float:
        """Return what event ``i`` is known by: a price, a rate, an amount."""
        if kind is StreamKind.FUNDING:
            return 0.0001 * (i + 2)
        return _FIRST.get(kind, PRICE) + i

    def _quote(self, i: int, ts_ms: int) -> None:
        bid, size = PRICE + i, self._size
        self._venue.quote(self._symbol, bid, bid + 0.5, size, 2 * size, ts_ms=ts_ms)

    def _trade(self, i: int, ts_ms: int) -> None:
        self._venue.trade(self._symbol, PRICE + i, self._size, "sell", ts_ms=ts_ms)

    def _deltas(self, i: int, ts_ms: int) -> None:
        self._book(self.value(StreamKind.DELTAS, i), i, ts_ms)

    def _depth(self, i: int, ts_ms: int) -> None:
        self._book(self.value(StreamKind.DEPTH, i), i, ts_ms)

    def _book(self, bid: float, i: int, ts_ms: int) -> None:
        if i == 0:
            bids, asks = [[bid, self._size]], [[bid + 10, 2 * self._size]]
            self._venue.book(self._symbol, bids, asks, ts_ms=ts_ms)
        else:
            self._venue.delta(self._symbol, [[bid, self._size]], [], ts_ms=ts_ms)

    def _mark(self, i: int, ts_ms: int) -> None:
        self._venue.mark(self._symbol, PRICE + i, ts_ms=ts_ms)

    def _index(self, i: int, ts_ms: int) -> None:
        self._venue.index(self._symbol, PRICE + i, ts_ms=ts_ms)

    def _funding(self, i: int, ts_ms: int) -> None:
        rate = self.value(StreamKind.FUNDING, i)
        self._venue.funding(self._symbol, rate, NEXT_FUNDING_MS, ts_ms=ts_ms)

    def _open_interest(self, i: int, ts_ms: int) -> None:
        amount = self.value(StreamKind.OPEN_INTEREST, i)
        self._venue.open_interest(self._symbol, amount, ts_ms=ts_ms)

    def _liquidation(self, i: int, ts_ms: int) -> None:
        self._venue.liquidation(self._symbol, PRICE + i, self._size, "sell", ts_ms=ts_ms)

    def _volatility_index(self, i: int, ts_ms: int) -> None:
        value = self.value(StreamKind.VOLATILITY_INDEX, i)
        self._venue.volatility_index(self._symbol, value, ts_ms=ts_ms)

    _senders: Final[dict[StreamKind, Callable[[Events, int, int], None]]] = {
        StreamKind.QUOTE: _quote,
        StreamKind.TRADE: _trade,
        StreamKind.DELTAS: _deltas,
        StreamKind.DEPTH: _depth,
        StreamKind.MARK: _mark,
        StreamKind.INDEX: _index,
        StreamKind.FUNDING: _funding,
        StreamKind.OPEN_INTEREST: _open_interest,
        StreamKind.LIQUIDATION: _liquidation,
        StreamKind.VOLATILITY_INDEX: _volatility_index,
    }


_FIRST: Final = {
    StreamKind.DEPTH: PRICE + 20,
    StreamKind.OPEN_INTEREST: 1000.0,
    StreamKind.VOLATILITY_INDEX: 50.0,
}


def has_value(event: dict[str, Any], value: float) -> bool:
    """Tell whether an event has a value in any of its fields."""
    return any(abs(number - value) < 1e-9 for number in _numbers(event))


def _numbers(content: Any) -> list[float]:
    if isinstance(content, dict):
        return [n for key, x in content.items() if not key.startswith("ts_") for n in _numbers(x)]
    if isinstance(content, list):
        return [n for x in content for n in _numbers(x)]
    try:
        return [float(content)]
    except (TypeError, ValueError):
        return []
