"""OKX's public streams (v5): https://www.okx.com/docs-v5/en/#public-data-websocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from tests.support.exchange.streaming.level_book import LevelBook
from tests.support.exchange.streaming.listings import in_lots
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

CONTRACT_COINS: Final = {"BTC": "0.01", "ETH": "0.1", "SOL": "1", "XRP": "100", "DOGE": "1000"}
"""How many coins a contract stands for; 1 for others."""
CONTRACT_LOT: Final = "0.01"
HOUR_MS: Final = 3_600_000
FIVE: Final = "books5"
BOOKS: Final = ("books", "books50-l2-tbt", "books-l2-tbt")
INSTRUMENTS: Final = "instruments:SWAP"


class OkxStreams(VenueStreams):
    """USDT swaps; every size is a number of contracts."""

    name = "okx"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "bbo-tbt:",
        "trade": "trades:",
        "deltas": "books:",
        "depth": "books5:",
        "mark": "mark-price:",
        "index": "index-tickers:",
        "funding": "funding-rate:",
        "status": "instruments:",
    }

    def __init__(self) -> None:
        super().__init__()
        self._books: dict[str, LevelBook] = {}
        self._trades = 0
        self._last: dict[str, bytes] = {}

    def asset_of(self, symbol: str) -> str:
        return symbol.partition("-")[0]

    def listing(self, symbol: str) -> Listing:
        return in_lots(super().listing(symbol), CONTRACT_LOT)

    def received(self, connection: StreamConnection, text: str) -> None:
        if text == "ping":
            connection.send(b"pong")
            return
        asked = orjson.loads(text)
        for arg in asked.get("args", []):
            topic = _topic(arg)
            if "instId" in arg and self.asset_of(arg["instId"]) not in self.listings:
                error = (
                    f"Wrong URL or channel:{arg['channel']},instId:{arg['instId']} doesn't exist."
                )
                connection.send({"event": "error", "code": "60018", "msg": error, "connId": "l"})
                continue
            connection.send({"event": asked["op"], "arg": arg, "connId": "l"})
            if asked["op"] == "unsubscribe":
                self.unsubscribe(connection, topic)
                continue
            self.subscribe(connection, topic)
            if topic == INSTRUMENTS:
                connection.send(_body(topic, [_instrument(row) for row in self._listed()]))
            elif topic in self._last:
                connection.send(self._last[topic])
            elif topic.partition(":")[0] in BOOKS and arg["instId"] in self._books:
                connection.send(self._snapshot(arg["instId"], topic).payload)

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
        data = self._book_data(symbol, [[bid, bid_size]], [[ask, ask_size]], ts_ms)
        data["seqId"] = self._book(symbol).update
        return [self._kept(f"bbo-tbt:{symbol}", data)]

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        row = self.listing(symbol)
        self._trades += 1
        data = {
            "instId": symbol,
            "tradeId": str(self._trades),
            "px": row.price_text(price),
            "sz": row.size_text(size),
            "side": side,
            "ts": str(stamp_ms(ts_ms)),
            "count": "1",
            "source": "0",
            "seqId": self._trades,
        }
        return [
            Message(topic, _body(topic, [data]))
            for topic in self.wanted((f"trades:{symbol}", f"trades-all:{symbol}"))
        ]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        book = self._book(symbol)
        book.update += 1
        book.replace(bids, asks)
        topics = self.wanted(f"{channel}:{symbol}" for channel in (FIVE, *BOOKS))
        return [self._snapshot(symbol, topic, ts_ms) for topic in topics]

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        book = self._book(symbol)
        data = self._book_data(symbol, bids, asks, ts_ms)
        data["prevSeqId"] = book.update
        book.update += 1
        data["seqId"] = book.update
        book.change(bids, asks)
        topics = self.wanted(f"{channel}:{symbol}" for channel in BOOKS)
        found = [Message(topic, _body(topic, [data], action="update")) for topic in topics]
        five = self.wanted([f"{FIVE}:{symbol}"])
        return [*found, *(self._snapshot(symbol, topic, ts_ms) for topic in five)]

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        self._book(symbol).update += n
        return []

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        data = {
            "instId": symbol,
            "instType": "SWAP",
            "markPx": f"{price:.4f}",
            "ts": str(stamp_ms(ts_ms)),
        }
        return [self._kept(f"mark-price:{symbol}", data)]

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        pair, text = symbol.removesuffix("-SWAP"), f"{price:.4f}"
        data = {
            "instId": pair,
            "idxPx": text,
            "high24h": text,
            "low24h": text,
            "open24h": text,
            "sodUtc0": text,
            "sodUtc8": text,
            "ts": str(stamp_ms(ts_ms)),
        }
        return [self._kept(f"index-tickers:{pair}", data)]

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        data = {
            "formulaType": "withRate",
            "fundingRate": f"{rate:.10f}",
            "fundingTime": str(next_ms),
            "impactValue": "20000",
            "instId": symbol,
            "instType": "SWAP",
            "interestRate": "0.0001",
            "maxFundingRate": "0.00375",
            "method": "current_period",
            "minFundingRate": "-0.00375",
            "nextFundingRate": "",
            "nextFundingTime": str(next_ms + self.listing(symbol).funding_hours * HOUR_MS),
            "premium": "0.0001",
            "settFundingRate": f"{rate:.10f}",
            "settState": "settled",
            "ts": str(stamp_ms(ts_ms)),
        }
        return [self._kept(f"funding-rate:{symbol}", data)]

    def close_asset(self, asset: str) -> list[Message]:
        super().close_asset(asset)
        rows = [_instrument(row) for row in self._listed() if row.asset == asset]
        return [Message(INSTRUMENTS, _body(INSTRUMENTS, rows))]

    def _listed(self) -> list[Listing]:
        return [in_lots(row, CONTRACT_LOT) for row in self.listings.values()]

    def _book(self, symbol: str) -> LevelBook:
        return self._books.setdefault(symbol, LevelBook(0))

    def _snapshot(self, symbol: str, topic: str, ts_ms: int = 0) -> Message:
        book, is_five = self._book(symbol), topic.startswith(f"{FIVE}:")
        n = 5 if is_five else 400
        data = self._book_data(symbol, book.bids(n), book.asks(n), ts_ms)
        data |= {"prevSeqId": -1, "seqId": book.update}
        # Whole books of five levels are pushed without an action.
        return Message(topic, _body(topic, [data], action="" if is_five else "snapshot"))

    def _book_data(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int) -> dict[str, Any]:
        row = self.listing(symbol)
        sides = ([[*level, "0", "1"] for level in row.level_texts(side)] for side in (bids, asks))
        return {"bids": next(sides), "asks": next(sides), "ts": str(stamp_ms(ts_ms))}

    def _kept(self, topic: str, data: dict[str, Any]) -> Message:
        self._last[topic] = _body(topic, [data])
        return Message(topic, self._last[topic])

    def instruments(self, m: Moment) -> Any:
        """GET /api/v5/public/instruments."""
        rows = (
            [_instrument(row) for row in self._listed()] if m.query["instType"] == "SWAP" else []
        )
        return {"code": "0", "msg": "", "data": rows}

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "/api/v5/public/instruments": instruments
    }


def _topic(arg: dict[str, str]) -> str:
    return f"{arg['channel']}:{arg.get('instId') or arg.get('instType', '')}"


def _body(topic: str, data: list[dict[str, Any]], action: str = "") -> bytes:
    channel, _, name = topic.partition(":")
    arg = {"channel": channel, "instType" if topic == INSTRUMENTS else "instId": name}
    return orjson.dumps({"arg": arg, **({"action": action} if action else {}), "data": data})


def _instrument(row: Listing) -> dict[str, Any]:
    return {
        "alias": "",
        "auctionEndTime": "",
        "baseCcy": "",
        "category": "1",
        "contTdSwTime": "",
        "ctMult": "1",
        "ctType": "linear",
        "ctVal": CONTRACT_COINS.get(row.asset, "1"),
        "ctValCcy": row.asset,
        "expTime": "",
        "futureSettlement": False,
        "instFamily": f"{row.asset}-USDT",
        "instId": f"{row.asset}-USDT-SWAP",
        "instIdCode": 10459,
        "instType": "SWAP",
        "lever": "100",
        "listTime": "1573557408000",
        "lotSz": row.lot,
        "maxIcebergSz": "100000000",
        "maxLmtAmt": "20000000",
        "maxLmtSz": "100000000",
        "maxMktAmt": "",
        "maxMktSz": "12000",
        "maxStopSz": "12000",
        "maxTriggerSz": "100000000",
        "maxTwapSz": "100000000",
        "minSz": row.lot,
        "openType": "",
        "optType": "",
        "preMktSwTime": "",
        "quoteCcy": "",
        "ruleType": "normal",
        "settleCcy": "USDT",
        "state": "live" if row.is_trading else "suspend",
        "stk": "",
        "tickSz": row.tick,
        "uly": f"{row.asset}-USDT",
    }
