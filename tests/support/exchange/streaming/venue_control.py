"""VenueControl: a test's hold on one venue's streams of a local exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.exchange.streaming.venue_streams import Levels, Side


class VenueControl:
    """Orders to one venue; each has been carried out when the call returns.

    ``ts_ms`` is the exchange's stamp, UNIX milliseconds; 0 means the moment of sending.

    Parameters
    ----------
    name : str
        The venue.
    call : callable
        Sends a path and, for a POST, a body to the exchange; returns the answer.

    """

    def __init__(self, name: str, call: Callable[[str, Any], Any]) -> None:
        self.name: Final = name
        self._call: Final = call

    def order(self, *calls: tuple[str, dict[str, Any]]) -> None:
        """Order any number of things at once, which happen in one turn of the server."""
        answer = self._call(f"/_streams/{self.name}", [*calls])
        assert "error" not in answer, answer

    def quote(
        self,
        symbol: str,
        bid: float,
        ask: float,
        bid_size: float = 1.0,
        ask_size: float = 1.0,
        *,
        ts_ms: int = 0,
    ) -> None:
        """Send a new top of the book; a crossed one is sent as it is."""
        sizes = {"bid_size": bid_size, "ask_size": ask_size}
        self.order(("quote", {"symbol": symbol, "bid": bid, "ask": ask, **sizes, "ts_ms": ts_ms}))

    def trade(
        self, symbol: str, price: float, size: float, side: Side = "buy", ts_ms: int = 0
    ) -> None:
        """Send a trade; ``side`` is the taker's."""
        self._event("trade", symbol, price=price, size=size, side=side, ts_ms=ts_ms)

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> None:
        """Send a snapshot of the book: the first, or a resynchronisation."""
        self._event("book", symbol, bids=bids, asks=asks, ts_ms=ts_ms)

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> None:
        """Send a change of some levels; size 0 removes one."""
        self._event("delta", symbol, bids=bids, asks=asks, ts_ms=ts_ms)

    def gap(self, symbol: str, n: int = 1) -> None:
        """Lose ``n`` book changes: the next one has a number that is too high."""
        self._event("gap", symbol, n=n)

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> None:
        """Send a mark price."""
        self._event("mark", symbol, price=price, ts_ms=ts_ms)

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> None:
        """Send an index price."""
        self._event("index", symbol, price=price, ts_ms=ts_ms)

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> None:
        """Send the rate of the next funding."""
        self._event("funding", symbol, rate=rate, next_ms=next_ms, ts_ms=ts_ms)

    def open_interest(self, symbol: str, contracts: float, ts_ms: int = 0) -> None:
        """Send the open interest in the venue's own unit."""
        self._event("open_interest", symbol, contracts=contracts, ts_ms=ts_ms)

    def liquidation(
        self, symbol: str, price: float, size: float, side: Side = "sell", ts_ms: int = 0
    ) -> None:
        """Send a liquidation; ``side`` is the order's: ``sell`` closes a long."""
        self._event("liquidation", symbol, price=price, size=size, side=side, ts_ms=ts_ms)

    def volatility_index(self, symbol: str, value: float, ts_ms: int = 0) -> None:
        """Send a value of a volatility index."""
        self._event("volatility_index", symbol, value=value, ts_ms=ts_ms)

    def list_asset(self, **fields: Any) -> None:
        """List a coin, or change it: the fields of a ``Listing``."""
        self.order(("list_asset", fields))

    def unlist_asset(self, key: str) -> None:
        """List a coin no more; the key of a ``Listing``."""
        self.order(("unlist_asset", {"key": key}))

    def close_asset(self, asset: str) -> None:
        """Close a coin's market."""
        self.order(("close_asset", {"asset": asset}))

    def rate(self, symbol: str, kind: str, per_second: float, **fields: Any) -> None:
        """Begin to send a kind of data at a rate: the fields of a ``Rate``."""
        self.order(("rate", {"symbol": symbol, "kind": kind, "per_second": per_second, **fields}))

    def stop_rates(self) -> None:
        """End every rate of this venue."""
        self.order(("stop_rates", {}))

    def text(self, text: str) -> None:
        """Send a text that is no message of the exchange to every connection."""
        self.order(("text", {"text": text}))

    def drop(self) -> None:
        """Cut every connection; clients may come again."""
        self.order(("drop", {}))

    def refuse(self) -> None:
        """Go away: cut every connection, and refuse new ones until ``heal``."""
        self.order(("fault", {"mode": "refuse"}), ("drop", {}))

    def hang(self) -> None:
        """Cut every connection; new ones are accepted and their handshake is never answered."""
        self.order(("fault", {"mode": "hang"}), ("drop", {}))

    def mute(self) -> None:
        """Leave connections open and say nothing on them, no pong either."""
        self.order(("fault", {"mode": "mute"}))

    def heal(self) -> None:
        """End a fault."""
        self.order(("fault", {"mode": ""}))

    def state(self) -> dict[str, Any]:
        """Return the venue's state: see ``StreamEndpoint.state``."""
        state: dict[str, Any] = self._call(f"/_streams/{self.name}", None)
        return state

    def wait_for_topics(self, *parts: str) -> None:
        """Wait until somebody has subscribed to a topic with each of these in its name.

        Capital letters make no difference: Binance's topics have none.
        """
        eventually(
            lambda: all(
                any(part.lower() in topic.lower() for topic in self.state()["topics"])
                for part in parts
            ),
            f"subscriptions at {self.name} with {parts}",
        )

    def can_send(self, kind: str) -> bool:
        """Tell whether the venue streams a kind of data, by its name in ``StreamKind``."""
        return kind in self.state()["kinds"]

    def wait_for_subscription(self, kind: str) -> None:
        """Wait until a message of a kind would be sent to somebody."""
        eventually(
            lambda: self.state()["kinds"].get(kind, True), f"{self.name}: a subscription to {kind}"
        )

    def _event(self, kind: str, symbol: str, **fields: Any) -> None:
        self.order((kind, {"symbol": symbol, **fields}))
