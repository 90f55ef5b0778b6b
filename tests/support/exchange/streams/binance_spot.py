"""Binance spot: https://developers.binance.com/docs/binance-spot-api-docs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.support.exchange.bodies.binance import binance_spot_depth
from tests.support.exchange.streaming.venue_streams import Message
from tests.support.exchange.streams import binance_sbe
from tests.support.exchange.streams.binance_streams import BinanceStreams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing


class BinanceSpotStreams(BinanceStreams):
    """Spot pairs; its top of the book has no stamp."""

    name = "binance_spot"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "@bookTicker",
        "trade": "@trade",
        "deltas": "@depth",
    }

    def _quote_fields(self, ts_ms: int) -> dict[str, Any]:
        return {}

    def _depth_fields(self, previous: int, ts_ms: int) -> dict[str, Any]:
        return {}

    @staticmethod
    def _message(symbol: str, kind: str, body: dict[str, Any]) -> Message:
        # The client's path ends in /stream, where each message is wrapped with its stream's name.
        stream = f"{symbol.lower()}@{kind}"
        return Message(stream, orjson.dumps({"stream": stream, "data": body}))

    def exchange_info(self, m: Moment) -> Any:
        """GET /api/v3/exchangeInfo: in binary, as Nautilus's client asks, or in JSON."""
        if m.accept != binance_sbe.MEDIA_TYPE:
            return {"symbols": [_symbol(row) for row in self.listings.values()]}
        return binance_sbe.exchange_info(self.listings.values())

    def depth(self, m: Moment) -> Any:
        """GET /api/v3/depth: the streamed book in binary, or a fixed one in JSON."""
        symbol = m.query["symbol"]
        book = self.known_book(symbol)
        if book is None or m.accept != binance_sbe.MEDIA_TYPE:
            return binance_spot_depth(m)
        n = int(m.query.get("limit", "100"))
        return binance_sbe.depth(self.listing(symbol), book.update, book.bids(n), book.asks(n))

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "/api/v3/exchangeInfo": exchange_info,
        "/api/v3/depth": depth,
    }


def _symbol(row: Listing) -> dict[str, Any]:
    return {
        "symbol": f"{row.asset}{row.quote}",
        "status": "TRADING" if row.is_trading else "BREAK",
        "baseAsset": row.asset,
        "quoteAsset": row.quote,
        "isSpotTradingAllowed": True,
    }
