"""Binance USD-M futures: linear perpetuals, sizes in the base currency, funding each 1 to 8 h."""

from __future__ import annotations

from typing import Any, Final

from adapters.exchanges.binance_bodies import (
    SYMBOL,
    SYMBOLS,
    TICKER_24H_FIELDS,
    book_ticker,
    checked,
    depth_parser,
    exchange_info,
    ticker_24h,
)
from adapters.exchanges.json_values import (
    bps_over,
    from_ms,
    newest,
    number,
    record,
    row_of_symbol,
    rows,
)
from adapters.exchanges.order_book import BOOK_FIELDS, TOUCH_FIELDS
from adapters.exchanges.rest_venue import (
    BadBodyError,
    Definitions,
    Endpoint,
    MarketRule,
    Reading,
    RestVenue,
    SymbolPattern,
)

DEFAULT_FUNDING_INTERVAL_H: Final = 8.0
"""Hours of a symbol that /fapi/v1/fundingInfo, a list of exceptions, does not list."""
MARKET: Final = MarketRule("perpetual", ("USDT", "USDC"))
FEW_LEVELS: Final = 50
ALL_LEVELS: Final = 1000


def premium_index(body: Any, symbol: str) -> Reading:
    """Read ``GET /fapi/v1/premiumIndex``."""
    row = row_of_symbol(checked(body), symbol, "premiumIndex")
    mark, index = number(row.get("markPrice")), number(row.get("indexPrice"))
    minutes = (number(row.get("nextFundingTime")) - number(row.get("time"))) / 60_000
    values = {
        "mark_price": mark,
        "index_price": index,
        "basis_bps": bps_over(mark, index),
        "funding_rate": number(row.get("lastFundingRate")),
        "minutes_to_funding": minutes,
    }
    return Reading(values, from_ms(row.get("time")))


def funding_info(body: Any, symbol: str) -> Reading:
    """Read ``GET /fapi/v1/fundingInfo``, which lists only symbols whose funding was adjusted.

    Raises
    ------
    BadBodyError
        If the body is an error, or an entry has no symbol.

    """
    listed = [record(row, "fundingInfo") for row in rows(checked(body), "fundingInfo")]
    hours = {row.get("symbol"): number(row.get("fundingIntervalHours")) for row in listed}
    if None in hours:
        msg = "fundingInfo: an entry has no symbol"
        raise BadBodyError(msg)
    return Reading({"funding_interval_h": hours.get(symbol, DEFAULT_FUNDING_INTERVAL_H)})


def open_interest(body: Any, symbol: str) -> Reading:
    """Read ``GET /fapi/v1/openInterest``: in the base currency, one side."""
    row = row_of_symbol(checked(body), symbol, "openInterest")
    values = {"open_interest_base": number(row.get("openInterest"))}
    return Reading(values, from_ms(row.get("time")))


def long_short(body: Any, symbol: str) -> Reading:
    """Read the long/short ratios of ``GET /futures/data/...``: longs over shorts."""
    row = newest(checked(body), "timestamp", "long/short")
    row_of_symbol(row, symbol, "long/short")
    return Reading({"long_short": number(row.get("longShortRatio"))}, from_ms(row["timestamp"]))


def taker_volume(body: Any, symbol: str) -> Reading:
    """Read ``GET /futures/data/takerlongshortRatio``: stamped with the beginning of its period."""
    row = newest(checked(body), "timestamp", "takerlongshortRatio")
    values = {
        "taker_buy_sell": number(row.get("buySellRatio")),
        "taker_buy_base": number(row.get("buyVol")),
        "taker_sell_base": number(row.get("sellVol")),
    }
    return Reading(values, from_ms(row["timestamp"]))


_STATISTICS: Final = {**SYMBOL, "period": "5m", "limit": "2"}
_TRADED: Final = ("instruments",)
_LONG_SHORT_FIELDS: Final = {"long_short": "longs over shorts"}


def _statistics(name: str) -> Endpoint:
    return Endpoint(
        path=f"/futures/data/{name}",
        query=_STATISTICS,
        parse=long_short,
        fields=_LONG_SHORT_FIELDS,
        definitions=_TRADED,
    )


VENUE: Final = RestVenue(
    name="binance_usdm",
    base_url="https://fapi.binance.com",
    weight_per_minute=2400,
    documentation="https://developers.binance.com/docs/derivatives/usds-margined-futures",
    endpoints={
        "premium_index": Endpoint(
            path="/fapi/v1/premiumIndex",
            query=SYMBOL,
            parse=premium_index,
            fields={
                "mark_price": "quote currency",
                "index_price": "quote currency",
                "basis_bps": "mark over index, bps",
                "funding_rate": "fraction for one funding interval",
                "minutes_to_funding": "minutes",
            },
            definitions=_TRADED,
        ),
        "funding_info": Endpoint(
            path="/fapi/v1/fundingInfo",
            parse=funding_info,
            fields={"funding_interval_h": "hours between two fundings"},
            definitions=_TRADED,
        ),
        "book_ticker": Endpoint(
            path="/fapi/v1/ticker/bookTicker",
            query=SYMBOL,
            parse=book_ticker,
            fields=TOUCH_FIELDS,
            weight=2,
            definitions=_TRADED,
        ),
        "depth": Endpoint(
            path="/fapi/v1/depth",
            query={**SYMBOL, "limit": str(FEW_LEVELS)},
            parse=depth_parser(FEW_LEVELS),
            fields=BOOK_FIELDS,
            weight=2,
            definitions=_TRADED,
        ),
        "deep_depth": Endpoint(
            path="/fapi/v1/depth",
            query={**SYMBOL, "limit": str(ALL_LEVELS)},
            parse=depth_parser(ALL_LEVELS),
            fields=BOOK_FIELDS,
            weight=20,
            definitions=_TRADED,
        ),
        "open_interest": Endpoint(
            path="/fapi/v1/openInterest",
            query=SYMBOL,
            parse=open_interest,
            fields={"open_interest_base": "base currency, one side"},
            definitions=_TRADED,
        ),
        "ticker_24h": Endpoint(
            path="/fapi/v1/ticker/24hr",
            query=SYMBOL,
            parse=ticker_24h,
            fields=TICKER_24H_FIELDS,
            definitions=_TRADED,
        ),
        "long_short_accounts": _statistics("globalLongShortAccountRatio"),
        "top_long_short_accounts": _statistics("topLongShortAccountRatio"),
        "top_long_short_positions": _statistics("topLongShortPositionRatio"),
        "taker_volume": Endpoint(
            path="/futures/data/takerlongshortRatio",
            query=_STATISTICS,
            parse=taker_volume,
            fields={
                "taker_buy_sell": "volume bought by takers over volume sold, 5 minutes",
                "taker_buy_base": "base currency, 5 minutes",
                "taker_sell_base": "base currency, 5 minutes",
            },
            definitions=_TRADED,
        ),
    },
    definitions={
        "instruments": Definitions(
            path="/fapi/v1/exchangeInfo", parse=exchange_info, market=MARKET
        ),
    },
    symbols=SYMBOLS,
    instruments=SymbolPattern("{asset}USDT-PERP.BINANCE"),
    market=MARKET,
)
