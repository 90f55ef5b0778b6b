"""Bodies of Binance spot and USD-M."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies.moment import TICK, Moment, asked_levels, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    price, n = m.price_of(m.query["symbol"]), asked_levels(m, "limit")
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
}
