"""Kraken's stream of linear perpetuals: https://docs.kraken.com/api/docs/futures-api/websocket/ticker."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from tests.support.exchange.streaming.listings import decimals
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

KRAKENS_NAMES: Final = {"BTC": "XBT"}
ASSETS: Final = {name: asset for asset, name in KRAKENS_NAMES.items()}


class KrakenFuturesStreams(VenueStreams):
    """Books, trades and tickers; the client makes its quotes of the book."""

    name = "kraken_futures"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "book:",
        "trade": "trade:",
        "deltas": "book:",
        "mark": "ticker:",
        "index": "ticker:",
        "funding": "ticker:",
        "open_interest": "ticker:",
        "liquidation": "trade:",
    }

    def __init__(self) -> None:
        super().__init__()
        self._sequence = 1
        self._tickers: dict[str, dict[str, Any]] = {}
        self._snapshots: dict[str, bytes] = {}

    def asset_of(self, symbol: str) -> str:
        name = symbol.removeprefix("PF_").removesuffix("USD")
        return ASSETS.get(name, name)

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        feed, products = asked["feed"], asked.get("product_ids", [])
        for product in products:
            if self.asset_of(product) not in self.listings:
                connection.send({"event": "error", "message": "Invalid product id"})
                return
        answer = "subscribed" if asked["event"] == "subscribe" else "unsubscribed"
        connection.send({"event": answer, "feed": feed, "product_ids": products})
        for product in products:
            topic = f"{feed}:{product}"
            if asked["event"] == "unsubscribe":
                self.unsubscribe(connection, topic)
                continue
            self.subscribe(connection, topic)
            if feed == "trade":
                connection.send({"feed": "trade_snapshot", "product_id": product, "trades": []})
            elif topic in self._snapshots:
                connection.send(self._snapshots[topic])

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
        # Kraken has no stream of the top of the book alone.
        return self.book(symbol, [[bid, bid_size]], [[ask, ask_size]], ts_ms)

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        return [self._trade(symbol, price, size, side, ts_ms)]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        sides = {
            name: [{"price": price, "qty": size} for price, size in side]
            for name, side in (("bids", bids), ("asks", asks))
        }
        body = {
            "feed": "book_snapshot",
            "product_id": symbol,
            "timestamp": stamp_ms(ts_ms),
            "seq": self._next(),
            "tickSize": None,
            **sides,
        }
        topic = f"book:{symbol}"
        self._snapshots[topic] = orjson.dumps(body)
        return [Message(topic, self._snapshots[topic])]

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        return [
            Message(
                f"book:{symbol}",
                orjson.dumps(
                    {
                        "feed": "book",
                        "product_id": symbol,
                        "side": side,
                        "seq": self._next(),
                        "price": price,
                        "qty": size,
                        "timestamp": stamp_ms(ts_ms),
                    }
                ),
            )
            for side, levels in (("buy", bids), ("sell", asks))
            for price, size in levels
        ]

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        self._sequence += n
        return []

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, markPrice=price)]

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, index=price)]

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        absolute = rate * self._tickers.get(symbol, _ticker(self.listing(symbol)))["index"]
        rates = {"funding_rate": absolute, "relative_funding_rate": rate}
        return [self._ticker(symbol, ts_ms, **rates, next_funding_rate_time=next_ms)]

    def open_interest(self, symbol: str, contracts: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, openInterest=contracts)]

    def liquidation(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        return [self._trade(symbol, price, size, side, ts_ms, type="liquidation")]

    def close_asset(self, asset: str) -> list[Message]:
        super().close_asset(asset)
        symbol = f"PF_{KRAKENS_NAMES.get(asset, asset)}USD"
        return [self._ticker(symbol, 0, suspended=True)]

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int, **more: str
    ) -> Message:
        sequence = self._next()
        body = {
            "feed": "trade",
            "product_id": symbol,
            "uid": str(uuid.UUID(int=sequence)),
            "side": side,
            "type": "fill",
            "seq": sequence,
            "time": stamp_ms(ts_ms),
            "qty": size,
            "price": price,
            **more,
        }
        return Message(f"trade:{symbol}", orjson.dumps(body))

    def _ticker(self, symbol: str, ts_ms: int, **fields: Any) -> Message:
        whole = self._tickers.setdefault(symbol, _ticker(self.listing(symbol)))
        whole |= {"product_id": symbol, "time": stamp_ms(ts_ms), **fields}
        topic = f"ticker:{symbol}"
        self._snapshots[topic] = orjson.dumps(whole)
        return Message(topic, self._snapshots[topic])

    def instruments(self, m: Moment) -> Any:
        """GET /derivatives/api/v3/instruments."""
        rows = [_instrument(row) for row in self.listings.values()]
        return {"result": "success", "instruments": rows, "serverTime": m.iso}

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "/derivatives/api/v3/instruments": instruments
    }


def _ticker(row: Listing) -> dict[str, Any]:
    price = row.price
    return {
        "feed": "ticker",
        "bid": price,
        "ask": price,
        "bid_size": 1.0,
        "ask_size": 1.0,
        "volume": 1000.0,
        "dtm": 0,
        "leverage": "50x",
        "index": price,
        "premium": 0.0,
        "last": price,
        "change": 1.0,
        "suspended": not row.is_trading,
        "tag": "perpetual",
        "pair": f"{KRAKENS_NAMES.get(row.asset, row.asset)}:USD",
        "openInterest": 1000.0,
        "markPrice": price,
        "maturityTime": 0,
        "post_only": False,
        "volumeQuote": 1000.0 * price,
        "open": price,
        "high": price,
        "low": price,
        "funding_rate": 1e-5 * price,
        "funding_rate_prediction": 1e-5 * price,
        "relative_funding_rate": 1e-5,
        "relative_funding_rate_prediction": 1e-5,
        "next_funding_rate_time": 0,
    }


def _instrument(row: Listing) -> dict[str, Any]:
    name = KRAKENS_NAMES.get(row.asset, row.asset)
    levels = [{"numNonContractUnits": 0.0, "initialMargin": 0.02, "maintenanceMargin": 0.01}]
    return {
        "symbol": f"PF_{name}USD",
        "type": "flexible_futures",
        "tickSize": float(row.tick),
        "contractSize": 1,
        "tradeable": row.is_trading,
        "impactMidSize": 1.0,
        "maxPositionSize": 1_000_000.0,
        "openingDate": "2022-03-22T13:18:45Z",
        "marginLevels": levels,
        "fundingRateCoefficient": 24,
        "maxRelativeFundingRate": 0.0025,
        "contractValueTradePrecision": decimals(row.lot),
        "postOnly": False,
        "feeScheduleUid": "723888f7-0a8e-4183-8648-f920a22339e3",
        "mtf": True,
        "base": row.asset,
        "quote": "USD",
        "pair": f"{row.asset}:USD",
    }
