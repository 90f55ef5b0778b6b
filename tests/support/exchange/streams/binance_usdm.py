"""Binance USD-M: https://developers.binance.com/docs/derivatives/usds-margined-futures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.exchange.bodies.binance import binance_depth
from tests.support.exchange.streaming.listings import decimals
from tests.support.exchange.streaming.venue_streams import Message, Side, stamp_ms
from tests.support.exchange.streams.binance_streams import BinanceStreams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing

HOURS_MS = 3_600_000


class BinanceUsdmStreams(BinanceStreams):
    """Perpetuals; one message carries mark price, index price and funding rate."""

    name = "binance_usdm"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "@bookTicker",
        "trade": "@aggTrade",
        "deltas": "@depth",
        "mark": "@markPrice",
        "index": "@markPrice",
        "funding": "@markPrice",
        "liquidation": "@forceOrder",
    }

    def __init__(self) -> None:
        super().__init__()
        self._marks: dict[str, dict[str, Any]] = {}
        self.on_touch: Callable[[str, float, float], object] | None = None
        """Called with symbol, bid and ask of each quote."""

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
        if self.on_touch is not None:
            self.on_touch(symbol, bid, ask)
        return super().quote(symbol, bid, ask, bid_size, ask_size, ts_ms=ts_ms)

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return self._mark_price(symbol, ts_ms, p=f"{price:.8f}")

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return self._mark_price(symbol, ts_ms, i=f"{price:.8f}", P=f"{price:.8f}")

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        return self._mark_price(symbol, ts_ms, r=f"{rate:.8f}", T=next_ms)

    def liquidation(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        row, ts = self.listing(symbol), stamp_ms(ts_ms)
        quantity = row.size_text(size)
        order = {
            "s": symbol,
            "S": side.upper(),
            "o": "LIMIT",
            "f": "IOC",
            "q": quantity,
            "p": row.price_text(price),
            "ap": row.price_text(price),
            "X": "FILLED",
            "l": quantity,
            "z": quantity,
            "T": ts - 1,
        }
        return [self._message(symbol, "forceOrder", {"e": "forceOrder", "E": ts, "o": order})]

    def _mark_price(self, symbol: str, ts_ms: int, **fields: Any) -> list[Message]:
        ts, price = stamp_ms(ts_ms), f"{self.listing(symbol).price:.8f}"
        known = self._marks.setdefault(
            symbol,
            {"p": price, "i": price, "P": price, "r": "0.00010000", "T": ts + 8 * HOURS_MS},
        )
        known.update(fields)
        body = {"e": "markPriceUpdate", "E": ts, "s": symbol, **known}
        return [self._message(symbol, "markPrice", body)]

    def _quote_fields(self, ts_ms: int) -> dict[str, Any]:
        ts = stamp_ms(ts_ms)
        return {"e": "bookTicker", "E": ts, "T": ts - 1}

    def _depth_fields(self, previous: int, ts_ms: int) -> dict[str, Any]:
        return {"T": ts_ms - 1, "pu": previous}

    def exchange_info(self, m: Moment) -> Any:
        """GET /fapi/v1/exchangeInfo."""
        return {
            "timezone": "UTC",
            "serverTime": m.unix_ms,
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
                 "limit": 2400},
            ],
            "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
            "symbols": [_symbol(row) for row in self.listings.values()],
        }  # fmt: skip

    def depth(self, m: Moment) -> Any:
        """GET /fapi/v1/depth: the streamed book, if there is one."""
        symbol = m.query["symbol"]
        book = self.known_book(symbol)
        if book is None:
            return binance_depth(m)
        row, n = self.listing(symbol), int(m.query.get("limit", "500"))
        return {
            "lastUpdateId": book.update,
            "E": m.unix_ms,
            "T": m.unix_ms - 1,
            "bids": row.level_texts(book.bids(n)),
            "asks": row.level_texts(book.asks(n)),
        }

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "/fapi/v1/exchangeInfo": exchange_info,
        "/fapi/v1/depth": depth,
    }


def _symbol(row: Listing) -> dict[str, Any]:
    lot = {"minQty": row.lot, "maxQty": "1000", "stepSize": row.lot}
    return {
        "symbol": f"{row.asset}{row.quote}",
        "pair": f"{row.asset}{row.quote}",
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING" if row.is_trading else "SETTLING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": row.asset,
        "quoteAsset": row.quote,
        "marginAsset": row.quote,
        "pricePrecision": decimals(row.tick),
        "quantityPrecision": decimals(row.lot),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": row.tick, "maxPrice": "4529764",
             "tickSize": row.tick},
            {"filterType": "LOT_SIZE", **lot},
            {"filterType": "MARKET_LOT_SIZE", **lot},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500",
             "multiplierDecimal": "4"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }  # fmt: skip
