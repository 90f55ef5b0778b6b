"""Hyperliquid's stream of perpetuals.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from tests.support.exchange.streaming.level_book import LevelBook
from tests.support.exchange.streaming.listings import decimals
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

DEPTH: Final = 20
QUOTE_TOKEN: Final = {
    "name": "USDC",
    "szDecimals": 8,
    "weiDecimals": 8,
    "index": 0,
    "tokenId": "0x6d1e7cde53ba9467b783cb7c530ce054",
    "isCanonical": True,
    "evmContract": None,
    "fullName": None,
}


class HyperliquidStreams(VenueStreams):
    """The top of the book, whole books, trades and contexts: mark, oracle, funding, interest."""

    name = "hyperliquid"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "bbo:",
        "trade": "trades:",
        "deltas": "l2Book:",
        "depth": "l2Book:",
        "mark": "activeAssetCtx:",
        "index": "activeAssetCtx:",
        "funding": "activeAssetCtx:",
        "open_interest": "activeAssetCtx:",
    }

    def __init__(self) -> None:
        super().__init__()
        self._trades = 0
        self._contexts: dict[str, dict[str, Any]] = {}
        self._books: dict[str, LevelBook] = {}
        self._newest: dict[str, bytes] = {}

    def asset_of(self, symbol: str) -> str:
        return symbol

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        if asked["method"] == "ping":
            connection.send({"channel": "pong"})
            return
        wanted = asked["subscription"]
        topic = _topic(wanted["type"], wanted.get("coin", ""))
        if wanted.get("coin", "BTC") not in self.listings:
            connection.send({"channel": "error", "data": f"Invalid subscription {text}"})
            return
        connection.send({"channel": "subscriptionResponse", "data": asked})
        if asked["method"] == "unsubscribe":
            self.unsubscribe(connection, topic)
            return
        self.subscribe(connection, topic)
        if topic in self._newest:
            connection.send(self._newest[topic])

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
        best = [_level(row, bid, bid_size), _level(row, ask, ask_size)]
        data = {"coin": symbol, "time": stamp_ms(ts_ms), "bbo": best}
        return [self._message("bbo", symbol, data)]

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        row = self.listing(symbol)
        self._trades += 1
        trade = {
            "coin": symbol,
            "side": "B" if side == "buy" else "A",
            "px": row.price_text(price),
            "sz": row.size_text(size),
            "time": stamp_ms(ts_ms),
            "hash": "0x" + f"{self._trades:064x}",
            "tid": self._trades,
            "users": ["0x" + "0" * 40, "0x" + "1" * 40],
        }
        return [self._message("trades", symbol, [trade], is_kept=False)]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        self._books[symbol] = LevelBook(0)
        return self.delta(symbol, bids, asks, ts_ms)

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        # Each message is a whole book of 20 levels.
        row = self.listing(symbol)
        book = self._books.setdefault(symbol, LevelBook(0))
        book.change(bids, asks)
        best = book.bids(DEPTH), book.asks(DEPTH)
        sides = [[_level(row, price, size) for price, size in side] for side in best]
        data = {"coin": symbol, "time": stamp_ms(ts_ms), "levels": sides}
        return [self._message("l2Book", symbol, data)]

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return self._context(symbol, markPx=f"{price}")

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return self._context(symbol, oraclePx=f"{price}")

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        return self._context(symbol, funding=f"{rate:.10f}")

    def open_interest(self, symbol: str, contracts: float, ts_ms: int = 0) -> list[Message]:
        return self._context(symbol, openInterest=f"{contracts}")

    def _context(self, symbol: str, **fields: str) -> list[Message]:
        price = f"{self.listing(symbol).price}"
        context = self._contexts.setdefault(
            symbol,
            {
                "funding": "0.0000125",
                "openInterest": "500.0",
                "prevDayPx": price,
                "dayNtlVlm": "2500000000.25",
                "premium": "0.0001",
                "oraclePx": price,
                "markPx": price,
                "midPx": price,
                "impactPxs": [price, price],
                "dayBaseVlm": "1.0",
            },
        )
        context.update(fields)
        return [self._message("activeAssetCtx", symbol, {"coin": symbol, "ctx": context})]

    def _message(self, channel: str, symbol: str, data: Any, *, is_kept: bool = True) -> Message:
        payload = orjson.dumps({"channel": channel, "data": data})
        topic = _topic(channel, symbol)
        if is_kept:
            self._newest[topic] = payload
        return Message(topic, payload)

    def spot(self, m: Moment) -> Any:
        """POST /info, spotMeta."""
        return {"tokens": [QUOTE_TOKEN], "universe": []}

    def outcomes(self, m: Moment) -> Any:
        """POST /info, outcomeMeta."""
        return {"outcomes": [], "questions": []}

    def perpetuals(self, m: Moment) -> Any:
        """POST /info, allPerpMetas: one entry for each exchange of perpetuals."""
        coins = [
            {
                "name": row.asset,
                "szDecimals": decimals(row.lot),
                "maxLeverage": 40,
                **({} if row.is_trading else {"isDelisted": True}),
            }
            for row in self.listings.values()
        ]
        return [{"universe": coins, "marginTables": [], "collateralToken": 0}]

    def exchanges(self, m: Moment) -> Any:
        """POST /info, perpDexs: the first, Hyperliquid's own, has no name."""
        return [None]

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "spotMeta": spot,
        "outcomeMeta": outcomes,
        "allPerpMetas": perpetuals,
        "perpDexs": exchanges,
    }


def _topic(kind: str, coin: str) -> str:
    return f"{kind}:{coin}" if coin else kind


def _level(row: Listing, price: float, size: float) -> dict[str, Any]:
    return {"px": row.price_text(price), "sz": row.size_text(size), "n": 1}
