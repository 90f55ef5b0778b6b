"""What Binance's USD-M and spot streams share: subscriptions, and books to be joined by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tests.support.exchange.streaming.level_book import LevelBook
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_ms

if TYPE_CHECKING:
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

FIRST_UPDATE = 1000


class BinanceStreams(VenueStreams):
    """Streams named ``SYMBOL@KIND`` in lower case; a rate after a further ``@`` is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._books: dict[str, LevelBook] = {}
        self._number = FIRST_UPDATE

    def asset_of(self, symbol: str) -> str:
        return symbol.upper().removesuffix("USDT")

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        connection.send({"result": None, "id": asked["id"]})
        for name in asked.get("params") or []:
            topic = "@".join(name.split("@")[:2])
            if asked["method"] == "SUBSCRIBE":
                self.subscribe(connection, topic)
            else:
                self.unsubscribe(connection, topic)

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
        body = {
            "u": self._next_number(),
            "s": symbol,
            "b": row.price_text(bid),
            "B": row.size_text(bid_size),
            "a": row.price_text(ask),
            "A": row.size_text(ask_size),
        }
        return [self._message(symbol, "bookTicker", self._quote_fields(ts_ms) | body)]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        self._book(symbol).replace(bids, asks)
        return self._depth_update(symbol, bids, asks, ts_ms)

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        self._book(symbol).change(bids, asks)
        return self._depth_update(symbol, bids, asks, ts_ms)

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        self._book(symbol).update += n
        return []

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        row, ts, number = self.listing(symbol), stamp_ms(ts_ms), self._next_number()
        body = {
            "E": ts,
            "s": symbol,
            "p": row.price_text(price),
            "q": row.size_text(size),
            "T": ts - 1,
            "m": side == "sell",
        }
        kinds = {
            "aggTrade": {"a": number, "f": number, "l": number},
            "trade": {"t": number},
        }
        return [
            self._message(symbol, kind, {"e": kind, **fields, **body})
            for kind, fields in kinds.items()
            if self.wanted([f"{symbol.lower()}@{kind}"])
        ]

    def known_book(self, symbol: str) -> LevelBook | None:
        """Return the book of a symbol, if a test has made one."""
        return self._books.get(symbol)

    def _book(self, symbol: str) -> LevelBook:
        return self._books.setdefault(symbol, LevelBook(FIRST_UPDATE))

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _quote_fields(self, ts_ms: int) -> dict[str, Any]:
        """Return what else a product's top of the book has."""
        raise NotImplementedError

    def _depth_fields(self, previous: int, ts_ms: int) -> dict[str, Any]:
        """Return what else a product's book change has."""
        raise NotImplementedError

    def _depth_update(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int) -> list[Message]:
        row, book = self.listing(symbol), self._book(symbol)
        previous = book.update
        book.update += 1
        ts = stamp_ms(ts_ms)
        body = {
            "e": "depthUpdate",
            "E": ts,
            "s": symbol,
            "U": book.update,
            "u": book.update,
            **self._depth_fields(previous, ts),
            "b": row.level_texts(bids),
            "a": row.level_texts(asks),
        }
        return [self._message(symbol, "depth", body)]

    @staticmethod
    def _message(symbol: str, kind: str, body: dict[str, Any]) -> Message:
        return Message(f"{symbol.lower()}@{kind}", orjson.dumps(body))
