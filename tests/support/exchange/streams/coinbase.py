"""Coinbase's stream of Advanced Trade, spot markets.

https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from tests.support.exchange.streaming.heartbeats import Heartbeats
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_iso
from tests.support.exchange.streams.coinbase_products import (
    FUTURES,
    PRODUCTS,
    future,
    spot,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

CHANNELS: Final = {"level2": "l2_data"}


class CoinbaseStreams(VenueStreams):
    """Tickers, trades, books and product states of the spot markets."""

    name = "coinbase"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "ticker:",
        "trade": "market_trades:",
        "deltas": "level2:",
        "status": "status",
    }

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._newest: dict[str, bytes] = {}
        self._beats: Final = Heartbeats(self._beat)

    def asset_of(self, symbol: str) -> str:
        return symbol.removesuffix("-USD")

    def ended(self, connection: StreamConnection) -> None:
        self._beats.stop(connection)
        super().ended(connection)

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        channel, products = asked["channel"], asked.get("product_ids", [])
        if channel == "heartbeats":
            self._beats.start(connection)
        if any(self.asset_of(product) not in self.listings for product in products):
            connection.send({"type": "error", "message": "product_id is not valid"})
            return
        for product in products or [""]:
            topic = _topic(channel, product)
            if asked["type"] == "unsubscribe":
                self.unsubscribe(connection, topic)
                continue
            self.subscribe(connection, topic)
            if topic in self._newest:
                connection.send(self._newest[topic])
        if channel == "status" and asked["type"] == "subscribe":
            rows = [status(row) for row in self.listings.values()]
            connection.send(self._body("status", [{"type": "snapshot", "products": rows}], 0))
        connection.send(self._body("subscriptions", [{"subscriptions": {channel: products}}], 0))

    def quote(
        self,
        symbol: str,
        bid: float,
        ask: float,
        bid_size: float,
        ask_size: float,
        *,
        ts_ms: int = 0,
    ) -> list[Message]:
        row = self.listing(symbol)
        price = row.price_text(bid)
        ticker = {
            "type": "ticker",
            "product_id": symbol,
            "price": price,
            "volume_24_h": "1000",
            "low_24_h": price,
            "high_24_h": price,
            "low_52_w": price,
            "high_52_w": price,
            "price_percent_chg_24_h": "1.85",
            "best_bid": price,
            "best_bid_quantity": row.size_text(bid_size),
            "best_ask": row.price_text(ask),
            "best_ask_quantity": row.size_text(ask_size),
        }
        event = {"type": "update", "tickers": [ticker]}
        return [self._message("ticker", symbol, event, ts_ms)]

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        row = self.listing(symbol)
        trade = {
            "trade_id": str(self._number),
            "product_id": symbol,
            "price": row.price_text(price),
            "size": row.size_text(size),
            # Coinbase names the maker's side.
            "side": "SELL" if side == "buy" else "BUY",
            "time": stamp_iso(ts_ms),
        }
        event = {"type": "update", "trades": [trade]}
        return [self._message("market_trades", symbol, event, ts_ms, is_kept=False)]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        event = self._levels(symbol, "snapshot", bids, asks, ts_ms)
        return [self._message("level2", symbol, event, ts_ms)]

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        event = self._levels(symbol, "update", bids, asks, ts_ms)
        return [self._message("level2", symbol, event, ts_ms, is_kept=False)]

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        self._number += n
        return []

    def close_asset(self, asset: str) -> list[Message]:
        super().close_asset(asset)
        event = {"type": "update", "products": [status(self.listings[asset])]}
        return [self._message("status", "", event, 0, is_kept=False)]

    def _levels(
        self, symbol: str, kind: str, bids: Levels, asks: Levels, ts_ms: int
    ) -> dict[str, Any]:
        row = self.listing(symbol)
        updates = [
            {
                "side": side,
                "event_time": stamp_iso(ts_ms),
                "price_level": price,
                "new_quantity": size,
            }
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in row.level_texts(levels)
        ]
        return {"type": kind, "product_id": symbol, "updates": updates}

    def _message(
        self, channel: str, symbol: str, event: Any, ts_ms: int, *, is_kept: bool = True
    ) -> Message:
        payload = orjson.dumps(self._body(CHANNELS.get(channel, channel), [event], ts_ms))
        topic = _topic(channel, symbol)
        if is_kept:
            self._newest[topic] = payload
        return Message(topic, payload)

    def _body(self, channel: str, events: list[Any], ts_ms: int) -> dict[str, Any]:
        self._number += 1
        return {
            "channel": channel,
            "client_id": "",
            "timestamp": stamp_iso(ts_ms),
            "sequence_num": self._number,
            "events": events,
        }

    def _beat(self, connection: StreamConnection) -> None:
        event = {"current_time": stamp_iso(0), "heartbeat_counter": self._number}
        connection.send(self._body("heartbeats", [event], 0))

    def products(self, m: Moment) -> Any:
        """GET /api/v3/brokerage/market/products: the futures, too."""
        rows = [spot(row) for row in self.listings.values()]
        rows += [future(row) for row in self.listings.values() if row.asset in FUTURES]
        return {"products": rows, "num_products": len(rows)}

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {PRODUCTS: products}


def _topic(channel: str, product: str) -> str:
    return f"{channel}:{product}" if product else channel
