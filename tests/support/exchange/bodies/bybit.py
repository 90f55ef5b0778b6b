"""Bodies of Bybit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies.moment import TICK, Moment, asked_levels, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    price, n = m.price_of(m.query["symbol"]), asked_levels(m, "limit")
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


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/v5/market/tickers": bybit_ticker,
    "/v5/market/orderbook": bybit_depth,
    "/v5/market/account-ratio": bybit_account_ratio,
}
