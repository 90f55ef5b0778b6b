"""Bodies of the exchanges' public APIs, in the shape that each documents, about one price."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

ETH_OVER_BTC: Final = 0.04
LEVELS: Final = 120
TICK: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a body is about.

    Attributes
    ----------
    unix_ms : int
        The exchange's clock.
    price : float
        Of BTC, USD.
    query : mapping of str to str
        What was asked.

    """

    unix_ms: int
    price: float
    query: Mapping[str, str]

    def price_of(self, symbol: str) -> float:
        """Return the price of what a symbol names."""
        if "USDTUSD" in symbol:
            return 0.9995
        return self.price * ETH_OVER_BTC if "ETH" in symbol else self.price

    @property
    def period_ms(self) -> int:
        """The beginning of the last whole five minutes."""
        return self.unix_ms // 300_000 * 300_000

    @property
    def iso(self) -> str:
        """The moment as ISO 8601."""
        moment = datetime.fromtimestamp(self.unix_ms / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def levels(mid: float, step: float, n: int, size: float = 1.0) -> list[list[str]]:
    """Return n levels as strings; a negative step gives bids."""
    return [
        [f"{mid + step * (i + 0.5):.4f}", f"{size * (1 + 0.5 * math.sin(i)):.4f}"]
        for i in range(n)
    ]


def _asked_levels(m: Moment, name: str) -> int:
    return min(int(m.query.get(name, "20")), LEVELS)


def premium_index(m: Moment) -> Any:
    """GET /fapi/v1/premiumIndex."""
    price = m.price_of(m.query["symbol"])
    return {
        "symbol": m.query["symbol"],
        "markPrice": f"{price * 1.0002:.8f}",
        "indexPrice": f"{price:.8f}",
        "estimatedSettlePrice": f"{price:.8f}",
        "lastFundingRate": "0.00012345",
        "interestRate": "0.00010000",
        "nextFundingTime": m.unix_ms + 3_600_000,
        "time": m.unix_ms,
    }


def funding_info(m: Moment) -> Any:
    """GET /fapi/v1/fundingInfo: BTCUSDT is not in it, so its interval is 8 h."""
    return [
        {
            "symbol": symbol,
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": hours,
            "disclaimer": False,
        }
        for symbol, hours in (("LPTUSDT", 4), ("ETHUSDT", 4))
    ]


def binance_book_ticker(m: Moment) -> Any:
    """GET /fapi/v1/ticker/bookTicker."""
    price = m.price_of(m.query["symbol"])
    return {
        "symbol": m.query["symbol"],
        "bidPrice": f"{price - 0.05:.2f}",
        "bidQty": "6.000",
        "askPrice": f"{price + 0.05:.2f}",
        "askQty": "2.000",
        "time": m.unix_ms,
    }


def binance_spot_book_ticker(m: Moment) -> Any:
    """GET /api/v3/ticker/bookTicker, one bp below the perpetual."""
    body = binance_book_ticker(m)
    del body["time"]
    price = m.price_of(m.query["symbol"]) * 0.9999
    return {**body, "bidPrice": f"{price - 0.01:.8f}", "askPrice": f"{price + 0.01:.8f}"}


def binance_depth(m: Moment) -> Any:
    """GET /fapi/v1/depth."""
    price, n = m.price_of(m.query["symbol"]), _asked_levels(m, "limit")
    return {
        "lastUpdateId": 78378956573,
        "E": m.unix_ms,
        "T": m.unix_ms - 3,
        "bids": levels(price, -TICK, n, 2.0),
        "asks": levels(price, TICK, n),
    }


def binance_spot_depth(m: Moment) -> Any:
    """GET /api/v3/depth."""
    body = binance_depth(m)
    return {name: body[name] for name in ("lastUpdateId", "bids", "asks")}


def binance_open_interest(m: Moment) -> Any:
    """GET /fapi/v1/openInterest."""
    return {"openInterest": "83782.317", "symbol": m.query["symbol"], "time": m.unix_ms}


def binance_24h(m: Moment) -> Any:
    """GET /fapi/v1/ticker/24hr."""
    price = m.price_of(m.query["symbol"])
    return {
        "symbol": m.query["symbol"],
        "priceChange": "-94.99999800",
        "priceChangePercent": "-1.234",
        "lastPrice": f"{price:.2f}",
        "quoteVolume": "15000000000.5",
        "volume": "250000.1",
        "openTime": m.unix_ms - 86_400_000,
        "closeTime": m.unix_ms,
    }


def binance_long_short(m: Moment) -> Any:
    """GET /futures/data/globalLongShortAccountRatio and its like, oldest first."""
    rows = [("0.5790", "1.3753", "0.4210"), ("0.5795", "1.3781", "0.4205")]
    return [
        {
            "symbol": m.query["symbol"],
            "longAccount": long,
            "longShortRatio": ratio,
            "shortAccount": short,
            "timestamp": m.period_ms - 300_000 * (1 - i),
        }
        for i, (long, ratio, short) in enumerate(rows)
    ]


def binance_taker(m: Moment) -> Any:
    """GET /futures/data/takerlongshortRatio."""
    return [
        {
            "buySellRatio": "1.2946",
            "buyVol": "280.8630",
            "sellVol": "216.9500",
            "timestamp": m.period_ms - 300_000,
        }
    ]


def _bybit(m: Moment, result: Any) -> Any:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": m.unix_ms}


def bybit_ticker(m: Moment) -> Any:
    """GET /v5/market/tickers."""
    price = m.price_of(m.query["symbol"])
    row = {
        "symbol": m.query["symbol"],
        "lastPrice": f"{price:.2f}",
        "indexPrice": f"{price:.2f}",
        "markPrice": f"{price * 1.0003:.2f}",
        "prevPrice24h": f"{price * 0.98:.2f}",
        "price24hPcnt": "0.017103",
        "openInterest": "120000.0",
        "openInterestValue": f"{120000.0 * price:.2f}",
        "turnover24h": "1570383121.943499",
        "volume24h": "91705.276",
        "fundingRate": "0.0001",
        "nextFundingTime": str(m.unix_ms + 7_200_000),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "bid1Price": f"{price - 0.05:.2f}",
        "bid1Size": "84.489",
        "ask1Price": f"{price + 0.05:.2f}",
        "ask1Size": "83.020",
        "basis": "",
        "fundingIntervalHour": "8",
    }
    return _bybit(m, {"category": m.query["category"], "list": [row]})


def bybit_depth(m: Moment) -> Any:
    """GET /v5/market/orderbook."""
    price, n = m.price_of(m.query["symbol"]), _asked_levels(m, "limit")
    return _bybit(
        m,
        {
            "s": m.query["symbol"],
            "b": levels(price, -TICK, n),
            "a": levels(price, TICK, n, 3.0),
            "ts": m.unix_ms,
            "u": 1234567,
            "seq": 9876543,
            "cts": m.unix_ms - 2,
        },
    )


def bybit_account_ratio(m: Moment) -> Any:
    """GET /v5/market/account-ratio."""
    row = {
        "symbol": m.query["symbol"],
        "buyRatio": "0.49",
        "sellRatio": "0.51",
        "timestamp": str(m.period_ms),
    }
    return _bybit(m, {"list": [row], "nextPageCursor": ""})


def _okx(data: Any) -> Any:
    return {"code": "0", "msg": "", "data": data}


def okx_funding(m: Moment) -> Any:
    """GET /api/v5/public/funding-rate."""
    due = m.unix_ms + 1_800_000
    row = {
        "instType": "SWAP",
        "instId": m.query["instId"],
        "fundingRate": "0.0001",
        "nextFundingRate": "",
        "fundingTime": str(due),
        "nextFundingTime": str(due + 28_800_000),
        "ts": str(m.unix_ms),
    }
    return _okx([row])


def okx_mark(m: Moment) -> Any:
    """GET /api/v5/public/mark-price."""
    price = m.price_of(m.query["instId"]) * 1.0001
    row = {"instType": "SWAP", "instId": m.query["instId"], "markPx": f"{price:.2f}"}
    return _okx([{**row, "ts": str(m.unix_ms)}])


def okx_index(m: Moment) -> Any:
    """GET /api/v5/market/index-tickers."""
    price = m.price_of(m.query["instId"])
    return _okx([{"instId": m.query["instId"], "idxPx": f"{price:.2f}", "ts": str(m.unix_ms)}])


def okx_open_interest(m: Moment) -> Any:
    """GET /api/v5/public/open-interest."""
    row = {
        "instType": "SWAP",
        "instId": m.query["instId"],
        "oi": "2900000",
        "oiCcy": "29000",
        "oiUsd": f"{29000 * m.price:.2f}",
        "ts": str(m.unix_ms),
    }
    return _okx([row])


def okx_ticker(m: Moment) -> Any:
    """GET /api/v5/market/ticker."""
    price = m.price_of(m.query["instId"])
    row = {
        "instType": "SWAP",
        "instId": m.query["instId"],
        "last": f"{price:.1f}",
        "askPx": f"{price + 0.05:.2f}",
        "askSz": "11",
        "bidPx": f"{price - 0.05:.2f}",
        "bidSz": "5",
        "open24h": f"{price / 1.02:.4f}",
        "volCcy24h": "2222",
        "vol24h": "222200",
        "ts": str(m.unix_ms),
    }
    return _okx([row])


def okx_books(m: Moment) -> Any:
    """GET /api/v5/market/books."""
    price, n = m.price_of(m.query["instId"]), _asked_levels(m, "sz")
    sides = {"asks": levels(price, TICK, n), "bids": levels(price, -TICK, n)}
    full = {name: [[*level, "0", "1"] for level in side] for name, side in sides.items()}
    return _okx([{**full, "ts": str(m.unix_ms), "seqId": 1}])


def okx_ratio(m: Moment) -> Any:
    """GET /api/v5/rubik/stat/contracts/..., newest first."""
    return _okx([[str(m.period_ms), "1.25"], [str(m.period_ms - 300_000), "1.2"]])


def okx_taker(m: Moment) -> Any:
    """GET /api/v5/rubik/stat/taker-volume: [stamp, sold, bought]."""
    return _okx([[str(m.period_ms), "200", "250"], [str(m.period_ms - 300_000), "1", "1"]])


def _deribit(m: Moment, result: Any) -> Any:
    us = m.unix_ms * 1000
    return {"jsonrpc": "2.0", "result": result, "testnet": False, "usIn": us, "usOut": us,
            "usDiff": 0}  # fmt: skip


def deribit_book(m: Moment) -> Any:
    """GET /api/v2/public/get_order_book."""
    name = m.query["instrument_name"]
    price, n = m.price_of(name), _asked_levels(m, "depth")
    sides = {"bids": levels(price, -TICK, n, 10_000), "asks": levels(price, TICK, n, 10_000)}
    numbers = {k: [[float(x) for x in level] for level in side] for k, side in sides.items()}
    result = {
        **numbers,
        "timestamp": m.unix_ms,
        "instrument_name": name,
        "index_price": price,
        "mark_price": price * 1.0001,
        "last_price": price,
        "funding_8h": 6.55e-6,
        "current_funding": 1e-5,
        "open_interest": 1139551440.0,
        "stats": {
            "high": price * 1.01,
            "low": price * 0.99,
            "price_change": -0.8292,
            "volume": 5052.9374427,
            "volume_notional": 442197230.0,
            "volume_usd": 442197230.0,
        },
        "state": "open",
    }
    return _deribit(m, result)


def deribit_dvol(m: Moment) -> Any:
    """GET /api/v2/public/get_volatility_index_data."""
    minute = m.unix_ms // 60_000 * 60_000
    data = [[minute - 60_000, 48.0, 48.2, 47.9, 48.1], [minute, 48.1, 48.3, 48.0, 48.25]]
    return _deribit(m, {"data": data, "continuation": None})


def deribit_options(m: Moment) -> Any:
    """GET /api/v2/public/get_book_summary_by_currency."""
    rows = [
        {
            "instrument_name": f"BTC-25DEC26-{40_000 + 1000 * i}-{side}",
            "open_interest": 10.0 if side == "C" else 6.0,
            "volume": 2.0 if side == "C" else 3.0,
            "creation_timestamp": m.unix_ms,
            "mark_iv": 50.0,
            "bid_price": None,
            "underlying_price": m.price,
        }
        for i in range(400)
        for side in "CP"
    ]
    return _deribit(m, rows)


def hyperliquid_contexts(m: Moment) -> Any:
    """POST /info, metaAndAssetCtxs."""
    coins = ["BTC", "ETH", *(f"COIN{i}" for i in range(180))]
    contexts = [
        {
            "funding": "0.0000125",
            "openInterest": "33000.5",
            "prevDayPx": f"{m.price_of(coin) / 1.01:.2f}",
            "dayNtlVlm": "2500000000.25",
            "premium": "0.0001",
            "oraclePx": f"{m.price_of(coin):.2f}",
            "markPx": f"{m.price_of(coin) * 1.0001:.2f}",
            "midPx": f"{m.price_of(coin):.2f}",
            "impactPxs": None,
            "dayBaseVlm": "1.0",
        }
        for coin in coins
    ]
    universe = [{"name": coin, "szDecimals": 5, "maxLeverage": 40} for coin in coins]
    return [{"universe": universe, "marginTables": []}, contexts]


def hyperliquid_book(m: Moment) -> Any:
    """POST /info, l2Book."""
    price = m.price_of(m.query["coin"])
    sides = [
        [{"px": p, "sz": s, "n": 3} for p, s in levels(price, step, 20)] for step in (-TICK, TICK)
    ]
    return {"coin": m.query["coin"], "time": m.unix_ms, "levels": sides}


def coinbase_ticker(m: Moment) -> Any:
    """GET .../market/products/BTC-USD/ticker."""
    price = m.price * 1.0002
    trade = {
        "trade_id": "995098663",
        "product_id": "BTC-USD",
        "price": f"{price:.2f}",
        "size": "0.00064",
        "time": m.iso,
        "side": "SELL",
        "bid": "",
        "ask": "",
        "exchange": "coinbase",
    }
    best = {"best_bid": f"{price - 0.01:.2f}", "best_ask": f"{price + 0.01:.2f}"}
    return {"trades": [trade], **best}


def coinbase_book(m: Moment) -> Any:
    """GET .../market/product_book."""
    sides = {
        name: [{"price": p, "size": s} for p, s in levels(m.price, step, 100)]
        for name, step in (("bids", -TICK), ("asks", TICK))
    }
    book = {"product_id": m.query["product_id"], **sides, "time": m.iso}
    return {"pricebook": book, "last": "", "mid_market": "", "spread_bps": "1"}


def coinbase_product(m: Moment) -> Any:
    """GET .../market/products/BTC-USD."""
    return {
        "product_id": "BTC-USD",
        "price": f"{m.price:.2f}",
        "price_percentage_change_24h": "-4.23785541063979",
        "volume_24h": "12900.84201012",
    }


def kraken_ticker(m: Moment) -> Any:
    """GET /0/public/Ticker: a pair may come back under another name."""
    pair = m.query["pair"]
    price = m.price_of(pair)
    step = 0.00005 if "USDT" in pair else 0.05
    row = {
        "a": [f"{price + step:.5f}", "1", "1.000"],
        "b": [f"{price - step:.5f}", "3", "3.000"],
        "c": [f"{price:.5f}", "0.00009443"],
        "v": ["100.5", "1632.25"],
        "p": [f"{price:.5f}", f"{price:.5f}"],
        "t": [35, 3276],
        "l": [f"{price * 0.99:.5f}", f"{price * 0.98:.5f}"],
        "h": [f"{price * 1.01:.5f}", f"{price * 1.02:.5f}"],
        "o": f"{price * 0.995:.5f}",
    }
    return {"error": [], "result": {"XXBTZUSD" if pair == "XBTUSD" else pair: row}}


def kraken_futures(m: Moment, symbol: str) -> Any:
    """GET /derivatives/api/v3/tickers/{symbol}."""
    price = m.price_of(symbol)
    ticker = {
        "symbol": symbol,
        "last": price,
        "lastTime": m.iso,
        "tag": "perpetual",
        "markPrice": price * 1.0001,
        "bid": price - 0.5,
        "bidSize": 2.0,
        "ask": price + 0.5,
        "askSize": 1.0,
        "vol24h": 3997.9196,
        "volumeQuote": 3997.9196 * price,
        "openInterest": 2161.664,
        "open24h": price * 0.98,
        "fundingRate": price * 7e-6,
        "fundingRatePrediction": 0.1,
        "suspended": False,
        "indexPrice": price,
        "postOnly": False,
        "change24h": 1.57,
    }
    return {"result": "success", "ticker": ticker, "serverTime": m.iso}


def fear_greed(m: Moment) -> Any:
    """GET /fng/."""
    day = m.unix_ms // 86_400_000 * 86_400
    row = {"value": "55", "value_classification": "Greed", "timestamp": str(day),
           "time_until_update": "36278"}  # fmt: skip
    return {"name": "Fear and Greed Index", "data": [row], "metadata": {"error": None}}


def crypto_market(m: Moment) -> Any:
    """GET /v2/global/."""
    usd = {"total_market_cap": 3_400_000_000_000, "total_volume_24h": 120_000_000_000}
    data = {
        "active_cryptocurrencies": 10_000,
        "active_markets": 11_000,
        "bitcoin_percentage_of_market_cap": 0.5712,
        "quotes": {"USD": usd},
        "last_updated": m.unix_ms // 1000 - 60,
    }
    return {"data": data, "metadata": {"timestamp": m.unix_ms // 1000, "error": None}}


_OKX_STATISTICS: Final = "/api/v5/rubik/stat/contracts"
GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/fapi/v1/premiumIndex": premium_index,
    "/fapi/v1/fundingInfo": funding_info,
    "/fapi/v1/ticker/bookTicker": binance_book_ticker,
    "/fapi/v1/depth": binance_depth,
    "/fapi/v1/openInterest": binance_open_interest,
    "/fapi/v1/ticker/24hr": binance_24h,
    "/futures/data/globalLongShortAccountRatio": binance_long_short,
    "/futures/data/topLongShortAccountRatio": binance_long_short,
    "/futures/data/topLongShortPositionRatio": binance_long_short,
    "/futures/data/takerlongshortRatio": binance_taker,
    "/api/v3/ticker/bookTicker": binance_spot_book_ticker,
    "/api/v3/depth": binance_spot_depth,
    "/api/v3/ticker/24hr": binance_24h,
    "/v5/market/tickers": bybit_ticker,
    "/v5/market/orderbook": bybit_depth,
    "/v5/market/account-ratio": bybit_account_ratio,
    "/api/v5/public/funding-rate": okx_funding,
    "/api/v5/public/mark-price": okx_mark,
    "/api/v5/market/index-tickers": okx_index,
    "/api/v5/public/open-interest": okx_open_interest,
    "/api/v5/market/ticker": okx_ticker,
    "/api/v5/market/books": okx_books,
    f"{_OKX_STATISTICS}/long-short-account-ratio-contract": okx_ratio,
    f"{_OKX_STATISTICS}/long-short-account-ratio-contract-top-trader": okx_ratio,
    f"{_OKX_STATISTICS}/long-short-position-ratio-contract-top-trader": okx_ratio,
    "/api/v5/rubik/stat/taker-volume": okx_taker,
    "/api/v2/public/get_order_book": deribit_book,
    "/api/v2/public/get_volatility_index_data": deribit_dvol,
    "/api/v2/public/get_book_summary_by_currency": deribit_options,
    "/api/v3/brokerage/market/products/BTC-USD/ticker": coinbase_ticker,
    "/api/v3/brokerage/market/products/BTC-USD": coinbase_product,
    "/api/v3/brokerage/market/product_book": coinbase_book,
    "/0/public/Ticker": kraken_ticker,
    "/derivatives/api/v3/tickers/PF_XBTUSD": lambda m: kraken_futures(m, "PF_XBTUSD"),
    "/derivatives/api/v3/tickers/PF_ETHUSD": lambda m: kraken_futures(m, "PF_ETHUSD"),
    "/fng/": fear_greed,
    "/v2/global/": crypto_market,
}
POST_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "metaAndAssetCtxs": hyperliquid_contexts,
    "l2Book": hyperliquid_book,
}
