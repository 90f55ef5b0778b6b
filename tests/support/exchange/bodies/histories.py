"""Rows of the past, of which every value is a function of its stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.exchange.bodies.moment import Moment

LISTED_MS: Final = 1_790_000_000_000 // 86_400_000 * 86_400_000
"""The first stamp of every history: 2026-09-21 00:00 UTC."""
MINUTE_MS: Final = 60_000
PERIOD_MS: Final = 5 * MINUTE_MS
HOUR_MS: Final = 60 * MINUTE_MS
FUNDING_MS: Final = 8 * HOUR_MS
JITTER_MS: Final = 3
"""How long after its time Binance stamps a funding."""


def value_at(stamp_ms: int, base: float = 1.0) -> str:
    """Return the value of a row: a number between ``base`` and twice that."""
    return f"{base * (1 + stamp_ms // MINUTE_MS * 7_919 % 1_000 / 1_000):.4f}"


def _stamps(m: Moment, first: int, last: int, every_ms: int, limit: int) -> list[int]:
    """Return the stamps from ``first`` to ``last``, both included, that exist; newest first."""
    last = min(last, m.unix_ms)
    end = last // every_ms * every_ms
    begin = max(first, LISTED_MS)
    found = list(range(end, begin - 1, -every_ms))
    return found[:limit]


def _binance(
    every_ms: int, largest: int, row: Callable[[str, int], Any]
) -> Callable[[Moment], Any]:
    def body(m: Moment) -> Any:
        query = m.query
        symbol = query.get("symbol") or query.get("pair", "")
        first, last = int(query["startTime"]), int(query["endTime"])
        limit = min(int(query["limit"]), largest)
        # Oldest first, and the oldest of what would be too much.
        stamps = _stamps(m, first, last, every_ms, 10**9)[::-1][:limit]
        return [row(symbol, at) for at in stamps]

    return body


def _bybit(
    names: tuple[str, str], every_ms: int, largest: int, row: Callable[[str, int], Any]
) -> Callable[[Moment], Any]:
    def body(m: Moment) -> Any:
        query, symbol = m.query, m.query["symbol"]
        first, last = int(query[names[0]]), int(query[names[1]])
        stamps = _stamps(m, first, last, every_ms, min(int(query["limit"]), largest))
        found = [row(symbol, at) for at in stamps]
        result = {"category": query["category"], "symbol": symbol, "list": found}
        return {"retCode": 0, "retMsg": "OK", "result": result, "time": m.unix_ms}

    return body


def _okx(every_ms: int, largest: int, row: Callable[[str, int], Any]) -> Callable[[Moment], Any]:
    def body(m: Moment) -> Any:
        query = m.query
        if "begin" in query:
            first, last = int(query["begin"]), int(query["end"])
        else:
            first, last = int(query["before"]) + 1, int(query["after"]) - 1
        symbol = query.get("instId") or query.get("ccy", "")
        stamps = _stamps(m, first, last, every_ms, min(int(query.get("limit", "72")), largest))
        return {"code": "0", "msg": "", "data": [row(symbol, at) for at in stamps]}

    return body


def _deribit(every_ms: int, largest: int, wrap: Callable[[list[Any], int], Any], row: Any) -> Any:
    def body(m: Moment) -> Any:
        first, last = int(m.query["start_timestamp"]), int(m.query["end_timestamp"])
        stamps = _stamps(m, first, last, every_ms, 10**9)
        kept = stamps[:largest][::-1]
        cut_at = kept[0] if len(stamps) > largest else None
        rows = [row(at) for at in kept]
        return {"jsonrpc": "2.0", "result": wrap(rows, cut_at or 0), "usOut": m.unix_ms * 1000}

    return body


def ohlc(stamp_ms: int, base: float) -> list[str]:
    """Return open, high, low and close of a minute; its close is the value of its stamp."""
    close = value_at(stamp_ms, base)
    opened = value_at(stamp_ms - MINUTE_MS, base)
    high, low = max(opened, close, key=float), min(opened, close, key=float)
    return [opened, high, low, close]


def _kline(base: float, *more: str) -> Callable[[str, int], list[Any]]:
    return lambda symbol, at: [at, *ohlc(at, base), value_at(at, 10), *more]


def _okx_kline(base: float, *more: str) -> Callable[[str, int], list[Any]]:
    return lambda symbol, at: [str(at), *ohlc(at, base), *more, "1"]


def _binance_ratio(symbol: str, at: int) -> dict[str, Any]:
    return {"symbol": symbol, "longShortRatio": value_at(at), "timestamp": at}


def _funding_of_binance(symbol: str, at: int) -> dict[str, Any]:
    rate = value_at(at, 0.0001)
    return {"symbol": symbol, "fundingRate": rate, "fundingTime": at + JITTER_MS, "markPrice": ""}


def _settled(symbol: str, at: int) -> dict[str, str]:
    rate = value_at(at, 0.0001)
    return {"symbol": symbol, "fundingRate": rate, "fundingRateTimestamp": str(at)}


def _settled_of_okx(symbol: str, at: int) -> dict[str, str]:
    rate = value_at(at, 0.0001)
    names = {"instId": symbol, "fundingTime": str(at), "method": "current_period"}
    return {**names, "fundingRate": "0.5", "realizedRate": rate}


def _shares(symbol: str, at: int) -> dict[str, str]:
    return {"symbol": symbol, "buyRatio": "0.6", "sellRatio": "0.4", "timestamp": str(at)}


def _dvol_result(rows: list[Any], cut_at: int) -> dict[str, Any]:
    return {"data": rows, "continuation": cut_at or None}


def _dvol(at: int) -> list[Any]:
    return [at, *(float(text) for text in ohlc(at, 40))]


def _hourly(at: int) -> dict[str, Any]:
    return {"timestamp": at, "interest_8h": float(value_at(at, 0.0001)), "interest_1h": 0.5}


_WINDOW: Final = ("startTime", "endTime")
_KLINE_WINDOW: Final = ("start", "end")
_RUBIK: Final = "/api/v5/rubik/stat"

HISTORY_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/futures/data/openInterestHist": _binance(
        PERIOD_MS,
        500,
        lambda symbol, at: {
            "symbol": symbol,
            "sumOpenInterest": value_at(at, 80_000),
            "sumOpenInterestValue": value_at(at, 5e9),
            "timestamp": at,
        },
    ),
    **{
        f"/futures/data/{name}": _binance(PERIOD_MS, 500, _binance_ratio)
        for name in (
            "globalLongShortAccountRatio",
            "topLongShortAccountRatio",
            "topLongShortPositionRatio",
        )
    },
    "/futures/data/takerlongshortRatio": _binance(
        PERIOD_MS,
        500,
        lambda symbol, at: {
            "buySellRatio": value_at(at),
            "buyVol": value_at(at, 2),
            "sellVol": value_at(at, 3),
            "timestamp": at,
        },
    ),
    "/fapi/v1/klines": _binance(MINUTE_MS, 1500, _kline(60_000, "0", "0", "0")),
    "/fapi/v1/markPriceKlines": _binance(MINUTE_MS, 1500, _kline(60_000, "0")),
    "/fapi/v1/indexPriceKlines": _binance(MINUTE_MS, 1500, _kline(59_000, "0")),
    "/fapi/v1/premiumIndexKlines": _binance(MINUTE_MS, 1500, _kline(0.0001, "0")),
    "/fapi/v1/fundingRate": _binance(FUNDING_MS, 1000, _funding_of_binance),
    "/v5/market/open-interest": _bybit(
        _WINDOW,
        PERIOD_MS,
        200,
        lambda symbol, at: {"openInterest": value_at(at, 50_000), "timestamp": str(at)},
    ),
    "/v5/market/account-ratio": _bybit(_WINDOW, PERIOD_MS, 500, _shares),
    "/v5/market/funding/history": _bybit(_WINDOW, FUNDING_MS, 200, _settled),
    "/v5/market/kline": _bybit(_KLINE_WINDOW, MINUTE_MS, 1000, _kline(60_000, "0")),
    "/v5/market/mark-price-kline": _bybit(_KLINE_WINDOW, MINUTE_MS, 1000, _kline(60_000)),
    "/v5/market/index-price-kline": _bybit(_KLINE_WINDOW, MINUTE_MS, 1000, _kline(59_000)),
    f"{_RUBIK}/contracts/open-interest-history": _okx(
        PERIOD_MS,
        100,
        lambda symbol, at: [str(at), "1", value_at(at, 30_000), value_at(at, 2e9)],
    ),
    **{
        f"{_RUBIK}/contracts/{name}": _okx(
            PERIOD_MS, 100, lambda symbol, at: [str(at), value_at(at)]
        )
        for name in (
            "long-short-account-ratio-contract",
            "long-short-account-ratio-contract-top-trader",
            "long-short-position-ratio-contract-top-trader",
        )
    },
    f"{_RUBIK}/taker-volume": _okx(
        PERIOD_MS, 72, lambda symbol, at: [str(at), "2", value_at(at, 2)]
    ),
    "/api/v5/market/history-candles": _okx(
        MINUTE_MS, 100, _okx_kline(60_000, "10", "0.1", "6000")
    ),
    "/api/v5/market/history-mark-price-candles": _okx(MINUTE_MS, 100, _okx_kline(60_000)),
    "/api/v5/market/history-index-candles": _okx(MINUTE_MS, 100, _okx_kline(59_000)),
    "/api/v5/public/funding-rate-history": _okx(FUNDING_MS, 100, _settled_of_okx),
    "/api/v2/public/get_volatility_index_data": _deribit(MINUTE_MS, 1000, _dvol_result, _dvol),
    "/api/v2/public/get_funding_rate_history": _deribit(
        HOUR_MS, 744, lambda rows, cut_at: rows, _hourly
    ),
}
_WINDOW_NAMES: Final = {"startTime", "start", "begin", "before", "start_timestamp"}


def history_body(path: str, query: Mapping[str, str]) -> Callable[[Moment], Any] | None:
    """Return what makes the body of a path if the query names a window."""
    return HISTORY_BODIES.get(path) if _WINDOW_NAMES & set(query) else None


def all_stamps(first_ms: int, end_ms: int, every_ms: int) -> Iterator[int]:
    """Return the stamps of a half-open span that a history has."""
    first = max(first_ms, LISTED_MS)
    return iter(range(-(-first // every_ms) * every_ms, end_ms, every_ms))
