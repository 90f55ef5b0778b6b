"""Bybit's public linear stream (v5): https://bybit-exchange.github.io/docs/v5/ws/connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.support.exchange.streaming.level_book import LevelBook
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

DEPTHS = (50, 200, 500, 1000)


class BybitStreams(VenueStreams):
    """Order books, trades, tickers and liquidations of USDT perpetuals."""

    name = "bybit"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "orderbook.1.",
        "trade": "publicTrade.",
        "deltas": "orderbook.50.",
        "mark": "tickers.",
        "index": "tickers.",
        "funding": "tickers.",
        "open_interest": "tickers.",
        "liquidation": "allLiquidation.",
    }

    def __init__(self) -> None:
        super().__init__()
        self._numbers = 1
        self._books: dict[str, LevelBook] = {}
        self._tickers: dict[str, dict[str, str]] = {}
        self._snapshots: dict[str, bytes] = {}

    def asset_of(self, symbol: str) -> str:
        coin = symbol.removesuffix("PERP")
        return symbol.removesuffix("USDT") if coin == symbol else f"{coin}USDC"

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        answer = {"success": True, "ret_msg": "", "conn_id": "local", "op": asked["op"]}
        if "req_id" in asked:
            answer["req_id"] = asked["req_id"]
        if asked["op"] == "ping":
            answer["ret_msg"] = "pong"
        topics = asked.get("args") or []
        known = [topic for topic in topics if self._symbol_of(topic) in self._symbols]
        if asked["op"] == "subscribe" and len(known) < len(topics):
            unknown = next(topic for topic in topics if topic not in known)
            answer |= {"success": False, "ret_msg": f"error:handler not found,topic:{unknown}"}
            known = []
        connection.send(answer)
        for topic in known:
            if asked["op"] == "unsubscribe":
                self.unsubscribe(connection, topic)
                continue
            self.subscribe(connection, topic)
            if topic in self._snapshots:
                connection.send(self._snapshots[topic])
            elif topic in self._book_topics(self._symbol_of(topic)):
                connection.send(self._snapshot(self._symbol_of(topic), topic).payload)

    @property
    def _symbols(self) -> set[str]:
        return {symbol_of(row) for row in self.listings.values()}

    @staticmethod
    def _symbol_of(topic: str) -> str:
        return topic.rpartition(".")[2]

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
        topic = f"orderbook.1.{symbol}"
        number = self._next_number()
        levels = [[bid, bid_size]], [[ask, ask_size]]
        message = self._book_message(topic, "snapshot", levels, number, ts_ms=ts_ms)
        self._snapshots[topic] = message.payload
        return [message]

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        row, ts = self.listing(symbol), stamp_ms(ts_ms)
        topic = f"publicTrade.{symbol}"
        data = {
            "T": ts,
            "s": symbol,
            "S": side.capitalize(),
            "v": row.size_text(size),
            "p": row.price_text(price),
            "L": "PlusTick",
            "i": f"00000000-0000-4000-8000-{self._next_number():012x}",
            "BT": False,
            "seq": self._numbers,
        }
        body = {"topic": topic, "type": "snapshot", "ts": ts, "data": [data]}
        return [Message(topic, orjson.dumps(body))]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        book = self._books.setdefault(symbol, LevelBook(0))
        book.update += 1
        book.replace(bids, asks)
        topics = self.wanted(self._book_topics(symbol))
        return [self._snapshot(symbol, topic, ts_ms) for topic in topics]

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        book = self._books.setdefault(symbol, LevelBook(0))
        book.update += 1
        book.change(bids, asks)
        return [
            self._book_message(topic, "delta", (bids, asks), book.update, ts_ms=ts_ms)
            for topic in self.wanted(self._book_topics(symbol))
        ]

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        self._books[symbol].update += n
        return []

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, markPrice=f"{price:.4f}")]

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, indexPrice=f"{price:.4f}")]

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        return [
            self._ticker(
                symbol,
                ts_ms,
                fundingRate=f"{rate:.8f}",
                nextFundingTime=str(next_ms),
                fundingIntervalHour=str(self.listing(symbol).funding_hours),
            )
        ]

    def open_interest(self, symbol: str, contracts: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, openInterest=f"{contracts:.3f}")]

    def liquidation(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        # Bybit names the position's side: "Buy" is a long that was closed by a sell.
        row, ts = self.listing(symbol), stamp_ms(ts_ms)
        topic = f"allLiquidation.{symbol}"
        data = {
            "T": ts,
            "s": symbol,
            "S": "Buy" if side == "sell" else "Sell",
            "v": row.size_text(size),
            "p": row.price_text(price),
        }
        body = {"topic": topic, "type": "snapshot", "ts": ts, "data": [data]}
        return [Message(topic, orjson.dumps(body))]

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _book_topics(self, symbol: str) -> list[str]:
        """Return the topics of a book that a test has made."""
        return [f"orderbook.{n}.{symbol}" for n in DEPTHS] if symbol in self._books else []

    def _snapshot(self, symbol: str, topic: str, ts_ms: int = 0) -> Message:
        book, n = self._books[symbol], int(topic.split(".")[1])
        levels = book.bids(n), book.asks(n)
        return self._book_message(topic, "snapshot", levels, book.update, ts_ms=ts_ms)

    def _book_message(
        self,
        topic: str,
        kind: str,
        levels: tuple[Levels, Levels],
        update: int,
        *,
        ts_ms: int,
    ) -> Message:
        symbol, ts = self._symbol_of(topic), stamp_ms(ts_ms)
        row = self.listing(symbol)
        bids, asks = (row.level_texts(side) for side in levels)
        data = {"s": symbol, "b": bids, "a": asks, "u": update, "seq": 10 * update}
        body = {"topic": topic, "type": kind, "ts": ts, "data": data, "cts": ts - 1}
        return Message(topic, orjson.dumps(body))

    def _ticker(self, symbol: str, ts_ms: int, **fields: str) -> Message:
        ts = stamp_ms(ts_ms)
        topic = f"tickers.{symbol}"
        whole = self._tickers.setdefault(symbol, {"symbol": symbol})
        whole.update(fields)
        body = {"topic": topic, "type": "snapshot", "data": whole, "cs": self._numbers, "ts": ts}
        self._snapshots[topic] = orjson.dumps(body)
        changed = {"symbol": symbol, **fields}
        return Message(topic, orjson.dumps({**body, "type": "delta", "data": changed}))

    def instruments(self, m: Moment) -> Any:
        """GET /v5/market/instruments-info."""
        rows = [_instrument(row) for row in self.listings.values()]
        asked = m.query.get("symbol")
        rows = [row for row in rows if asked in {None, row["symbol"]}]
        result = {"category": m.query["category"], "nextPageCursor": "", "list": rows}
        return {
            "retCode": 0,
            "retMsg": "OK",
            "result": result,
            "retExtInfo": {},
            "time": m.unix_ms,
        }

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "/v5/market/instruments-info": instruments
    }


def symbol_of(row: Listing) -> str:
    """Return Bybit's symbol, which names the currency of USDT contracts only."""
    return f"{row.asset}USDT" if row.quote == "USDT" else f"{row.asset}PERP"


def _instrument(row: Listing) -> dict[str, Any]:
    return {
        "symbol": symbol_of(row),
        "contractType": "LinearPerpetual",
        "status": "Trading" if row.is_trading else "Closed",
        "baseCoin": row.asset,
        "quoteCoin": row.quote,
        "launchTime": "1584230400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": row.tick, "maxPrice": "1999999.80", "tickSize": row.tick},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000",
            "minOrderQty": row.lot,
            "qtyStep": row.lot,
            "postOnlyMaxOrderQty": "1190.000",
            "maxMktOrderQty": "500.000",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": row.funding_hours * 60,
        "settleCoin": row.quote,
        "copyTrading": "both",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
    }
