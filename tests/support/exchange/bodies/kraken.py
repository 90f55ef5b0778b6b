"""Bodies of Kraken spot and futures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment


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


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/0/public/Ticker": kraken_ticker,
    "/derivatives/api/v3/tickers/PF_XBTUSD": lambda m: kraken_futures(m, "PF_XBTUSD"),
    "/derivatives/api/v3/tickers/PF_ETHUSD": lambda m: kraken_futures(m, "PF_ETHUSD"),
}
