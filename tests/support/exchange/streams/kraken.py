"""Kraken's stream of spot markets (v2): https://docs.kraken.com/api/docs/websocket-v2/book."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from tests.support.exchange.streaming.heartbeats import Heartbeats
from tests.support.exchange.streaming.level_book import LevelBook
from tests.support.exchange.streaming.listings import decimals, in_lots
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

DEPTH: Final = 10
LOT: Final = "0.00000001"
KRAKENS_NAMES: Final = {"BTC": "XBT", "DOGE": "XDG"}
ASSETS: Final = {name: asset for asset, name in KRAKENS_NAMES.items()}


class KrakenStreams(VenueStreams):
    """Tops of the book, trades, and books with the checksum that the client verifies."""

    name = "kraken"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "ticker:",
        "trade": "trade:",
        "deltas": "book:",
    }

    def __init__(self) -> None:
        super().__init__()
        self._trades = 0
        self._books: dict[str, LevelBook] = {}
        self._tickers: dict[str, dict[str, Any]] = {}
        self._beats: Final = Heartbeats(lambda c: c.send({"channel": "heartbeat"}))

    def asset_of(self, symbol: str) -> str:
        # "BTC/USD" in the stream, "XBTUSD" in the list of pairs.
        name = symbol.removesuffix("USD").removesuffix("/")
        return ASSETS.get(name, name)

    def listing(self, symbol: str) -> Listing:
        return in_lots(super().listing(symbol), LOT)

    def _names(self, symbol: str) -> tuple[str, str]:
        """Return a pair's name in the list of pairs, by which it is kept here, and the other."""
        asset = self.asset_of(symbol)
        return f"{KRAKENS_NAMES.get(asset, asset)}USD", f"{asset}/USD"

    def ended(self, connection: StreamConnection) -> None:
        self._beats.stop(connection)
        super().ended(connection)

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        times = {"time_in": stamp_iso(0), "time_out": stamp_iso(0)}
        if "req_id" in asked:
            times["req_id"] = asked["req_id"]
        if asked["method"] == "ping":
            connection.send({"method": "pong", **times})
            return
        channel = asked["params"]["channel"]
        for symbol in asked["params"]["symbol"]:
            if self.asset_of(symbol) not in self.listings:
                refusal = {"error": f"Currency pair not supported {symbol}", "success": False}
                connection.send({"method": asked["method"], "symbol": symbol, **refusal, **times})
                continue
            result = {"channel": channel, "symbol": symbol}
            connection.send(
                {"method": asked["method"], "result": result, "success": True, **times}
            )
            pair, _ = self._names(symbol)
            if asked["method"] == "unsubscribe":
                self.unsubscribe(connection, f"{channel}:{pair}")
                continue
            self._beats.start(connection)
            self.subscribe(connection, f"{channel}:{pair}")
            if channel == "book" and pair in self._books:
                connection.send(self._snapshot(pair))
            elif channel == "ticker" and pair in self._tickers:
                data = [self._tickers[pair]]
                connection.send({"channel": "ticker", "type": "snapshot", "data": data})

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
        (pair, name), mid = self._names(symbol), (bid + ask) / 2
        self._tickers[pair] = ticker = {
            "symbol": name,
            "bid": bid,
            "bid_qty": bid_size,
            "ask": ask,
            "ask_qty": ask_size,
            "last": bid,
            "volume": 1000.0,
            "vwap": mid,
            "low": bid,
            "high": ask,
            "change": 0.0,
            "change_pct": 0.0,
            "timestamp": stamp_iso(ts_ms),
        }
        body = {"channel": "ticker", "type": "update", "data": [ticker]}
        return [Message(f"ticker:{pair}", orjson.dumps(body))]

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        self._trades += 1
        pair, name = self._names(symbol)
        trade = {
            "symbol": name,
            "side": side,
            "price": price,
            "qty": size,
            "ord_type": "market",
            "trade_id": self._trades,
            "timestamp": stamp_iso(ts_ms),
        }
        body = {"channel": "trade", "type": "update", "data": [trade]}
        return [Message(f"trade:{pair}", orjson.dumps(body))]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        pair, _ = self._names(symbol)
        self._books[pair] = LevelBook(0)
        self._change(pair, bids, asks)
        return [Message(f"book:{pair}", self._snapshot(pair, ts_ms))]

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        pair, _ = self._names(symbol)
        self._change(pair, bids, asks)
        return [Message(f"book:{pair}", self._book(pair, "update", bids, asks, ts_ms))]

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        # Kraken's updates have no number: a lost one shows in the next one's checksum.
        pair, _ = self._names(symbol)
        (price, size), *_ = self._books[pair].bids(1)
        self._change(pair, [[price, size + n * float(LOT)]], [])
        return []

    def _change(self, pair: str, bids: Levels, asks: Levels) -> None:
        book = self._books.setdefault(pair, LevelBook(0))
        book.change(bids, asks)
        book.replace(book.bids(DEPTH), book.asks(DEPTH))

    def _snapshot(self, pair: str, ts_ms: int = 0) -> bytes:
        book = self._books[pair]
        return self._book(pair, "snapshot", book.bids(DEPTH), book.asks(DEPTH), ts_ms)

    def _book(self, pair: str, kind: str, bids: Levels, asks: Levels, ts_ms: int) -> bytes:
        _, name = self._names(pair)
        data = {
            "symbol": name,
            "bids": [{"price": price, "qty": size} for price, size in bids],
            "asks": [{"price": price, "qty": size} for price, size in asks],
            "checksum": _checksum(self.listing(pair), self._books[pair]),
            "timestamp": stamp_iso(ts_ms),
        }
        return orjson.dumps({"channel": "book", "type": kind, "data": [data]})

    def pairs(self, m: Moment) -> Any:
        """GET /0/public/AssetPairs."""
        if "aclass_base" in m.query:
            return {"error": [], "result": {}}
        rows = [_pair(row) for row in self.listings.values()]
        return {"error": [], "result": {row["altname"]: row for row in rows}}

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {"/0/public/AssetPairs": pairs}


def _checksum(row: Listing, book: LevelBook) -> int:
    """Return the CRC32 of the best levels, as Kraken's guide to book checksums describes it."""
    text = "".join(
        f"{value:.{places}f}".replace(".", "").lstrip("0")
        for level in (*book.asks(DEPTH), *book.bids(DEPTH))
        for value, places in zip(level, (decimals(row.tick), decimals(LOT)), strict=True)
    )
    return zlib.crc32(text.encode())


def _pair(row: Listing) -> dict[str, Any]:
    name = KRAKENS_NAMES.get(row.asset, row.asset)
    return {
        "altname": f"{name}USD",
        "wsname": f"{name}/USD",
        "aclass_base": "currency",
        "base": f"X{name}" if len(name) == 3 else name,
        "aclass_quote": "currency",
        "quote": "ZUSD",
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": decimals(row.tick),
        "lot_decimals": decimals(LOT),
        "lot_multiplier": 1,
        "leverage_buy": [2, 3],
        "leverage_sell": [2, 3],
        "fees": [[0, 0.4]],
        "fees_maker": [[0, 0.25]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": row.lot,
        "costmin": "0.5",
        "tick_size": row.tick,
        "status": "online" if row.is_trading else "cancel_only",
    }
