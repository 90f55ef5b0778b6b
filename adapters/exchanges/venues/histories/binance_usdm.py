"""Binance USD-M: statistics of 30 days, klines and settled funding.

The statistics of ``/futures/data`` have been stamped with the start of their five minutes since
2026-06-25 (binance-public-data, issue 491), as in the archives; the documentation still says the
end. Their limit is 1,000 requests in five minutes, that of ``fundingRate`` 500.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.binance_bodies import SYMBOL, checked
from adapters.exchanges.json_values import record
from adapters.exchanges.rest_venue import BadBodyError
from adapters.exchanges.venues.histories.history import (
    BAR_FIELDS,
    DAY_MS,
    FUNDING_FIELDS,
    HOUR_MS,
    MINUTE_MS,
    PREMIUM_FIELDS,
    SERVED_MS,
    Combination,
    History,
    HistoryRow,
    VenueHistories,
    bar_row,
    close_row,
    listed,
    stamp_of,
    text_of,
)

if TYPE_CHECKING:
    from adapters.exchanges.venues.histories.history import HistoryParser

STATISTICS_MS: Final = 5 * MINUTE_MS
STATISTICS_REACH_MS: Final = 30 * DAY_MS - 2 * HOUR_MS
YEARS_MS: Final = 3_650 * DAY_MS


def _statistics(what: str, members: dict[str, str]) -> HistoryParser:
    """Return a parser of objects with a ``timestamp``: member → field."""

    def parse(body: Any, symbol: str) -> list[HistoryRow]:
        return [
            HistoryRow(
                stamp_of(row.get("timestamp"), what),
                {field: text_of(row.get(member)) for member, field in members.items()},
            )
            for row in _of_symbol(listed(checked(body), what), symbol, what)
        ]

    return parse


def _of_symbol(found: list[Any], symbol: str, what: str) -> list[dict[str, Any]]:
    rows = [record(row, what) for row in found]
    for row in rows:
        # takerlongshortRatio names no symbol.
        if row.get("symbol", symbol) != symbol:
            msg = f"{what}: expected {symbol}, found {row['symbol']!r:.40}"
            raise BadBodyError(msg)
    return rows


def funding_rate(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /fapi/v1/fundingRate``: settled rates, stamped a few ms after their time."""
    what = "fundingRate"
    return [
        HistoryRow(
            stamp_of(row.get("fundingTime"), what),
            {"paid_funding_rate": text_of(row.get("fundingRate"))},
        )
        for row in _of_symbol(listed(checked(body), what), symbol, what)
    ]


def klines(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /fapi/v1/klines``: stamped with their start."""
    return [bar_row(row, "klines") for row in listed(checked(body), "klines")]


def _closes(what: str, field: str) -> HistoryParser:
    def parse(body: Any, symbol: str) -> list[HistoryRow]:
        return [close_row(row, what, field) for row in listed(checked(body), what)]

    return parse


def _statistics_history(name: str, endpoint: str, members: dict[str, str], unit: str) -> History:
    return History(
        path=f"/futures/data/{name}",
        query={
            **SYMBOL,
            "period": "5m",
            "limit": "500",
            "startTime": "{start_ms}",
            "endTime": "{last_ms}",
        },
        weight=12,
        parse=_statistics(name, members),
        fields=dict.fromkeys(members.values(), unit),
        endpoint=endpoint,
        page_rows=500,
        least_ms=STATISTICS_MS,
        usual_ms=STATISTICS_MS,
        covers_ms=STATISTICS_MS,
        served_ms=0 if endpoint == "open_interest" else SERVED_MS,
        reach_ms=STATISTICS_REACH_MS,
    )


def _minutes(name: str, subject: str, **described: Any) -> History:
    return History(
        path=f"/fapi/v1/{name}",
        query={
            subject: "{symbol}",
            "interval": "1m",
            "limit": "499",
            "startTime": "{start_ms}",
            "endTime": "{last_ms}",
        },
        weight=2,
        page_rows=499,
        least_ms=MINUTE_MS,
        usual_ms=MINUTE_MS,
        covers_ms=MINUTE_MS,
        reach_ms=YEARS_MS,
        **described,
    )


_RATIO: Final = {"longShortRatio": "long_short"}

HISTORIES: Final = VenueHistories(
    venue="binance_usdm",
    histories={
        "open_interest": _statistics_history(
            "openInterestHist",
            "open_interest",
            {"sumOpenInterest": "open_interest_base"},
            "base currency, one side",
        ),
        "long_short_accounts": _statistics_history(
            "globalLongShortAccountRatio", "long_short_accounts", _RATIO, "longs over shorts"
        ),
        "top_long_short_accounts": _statistics_history(
            "topLongShortAccountRatio", "top_long_short_accounts", _RATIO, "longs over shorts"
        ),
        "top_long_short_positions": _statistics_history(
            "topLongShortPositionRatio", "top_long_short_positions", _RATIO, "longs over shorts"
        ),
        "taker_volume": _statistics_history(
            "takerlongshortRatio",
            "taker_volume",
            {
                "buySellRatio": "taker_buy_sell",
                "buyVol": "taker_buy_base",
                "sellVol": "taker_sell_base",
            },
            "5 minutes: volume bought by takers over volume sold; base currency",
        ),
        "mark_price": _minutes(
            "markPriceKlines",
            "symbol",
            parse=_closes("markPriceKlines", "mark_price"),
            fields={"mark_price": "quote currency"},
            endpoint="premium_index",
        ),
        "index_price": _minutes(
            "indexPriceKlines",
            "pair",
            parse=_closes("indexPriceKlines", "index_price"),
            fields={"index_price": "quote currency"},
            endpoint="premium_index",
        ),
        "premium_index": _minutes(
            "premiumIndexKlines",
            "symbol",
            parse=_closes("premiumIndexKlines", "premium_index"),
            fields=PREMIUM_FIELDS,
        ),
        "bars": _minutes("klines", "symbol", parse=klines, fields=BAR_FIELDS),
        "funding": History(
            path="/fapi/v1/fundingRate",
            query={
                **SYMBOL,
                "limit": "1000",
                "startTime": "{start_ms}",
                "endTime": "{last_ms}",
            },
            weight=24,
            parse=funding_rate,
            fields=FUNDING_FIELDS,
            page_rows=1000,
            least_ms=HOUR_MS,
            usual_ms=8 * HOUR_MS,
            reach_ms=YEARS_MS,
        ),
    },
    combinations=(
        Combination(
            endpoint="premium_index",
            field="basis_bps",
            rule="bps_over",
            of=(("premium_index", "mark_price"), ("premium_index", "index_price")),
        ),
    ),
)
