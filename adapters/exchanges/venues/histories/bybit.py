"""Bybit, linear perpetuals: open interest, account ratios, klines and settled funding.

All answers are newest first. The documentation does not say whether the statistics are stamped
with the start or the end of their five minutes; they are taken for the start, which is never
too early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import number, ratio, record, row_of_symbol
from adapters.exchanges.venues.bybit import one_side, result_of
from adapters.exchanges.venues.histories.history import (
    BAR_FIELDS,
    DAY_MS,
    FUNDING_FIELDS,
    HOUR_MS,
    MINUTE_MS,
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
YEARS_MS: Final = 3_650 * DAY_MS
_SYMBOL: Final = {"category": "linear", "symbol": "{symbol}"}
_WINDOW: Final = {"startTime": "{before_ms}", "endTime": "{end_ms}"}
"""A little wider than what is asked for: whether the ends belong to it is not documented."""
_ENDS: Final = 2
"""Rows that may come besides those that are asked for."""


def _rows(body: Any, what: str) -> list[dict[str, Any]]:
    result, _ = result_of(body)
    return [record(row, what) for row in listed(result.get("list"), what)]


def open_interest(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /v5/market/open-interest``: in the coin, both sides, of which one is taken."""
    what = "open-interest"
    result, _ = result_of(body)
    row_of_symbol(result, symbol, what)
    return [
        HistoryRow(
            stamp_of(row.get("timestamp"), what), {"open_interest_base": text_of(one_side(row))}
        )
        for row in _rows(body, what)
    ]


def account_ratio(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /v5/market/account-ratio``: shares of accounts that are long and short."""
    what = "account-ratio"
    return [
        HistoryRow(
            stamp_of(row_of_symbol(row, symbol, what).get("timestamp"), what),
            {
                "long_short": text_of(
                    ratio(number(row.get("buyRatio")), number(row.get("sellRatio")))
                )
            },
        )
        for row in _rows(body, what)
    ]


def funding(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /v5/market/funding/history``: settled rates."""
    what = "funding/history"
    return [
        HistoryRow(
            stamp_of(row_of_symbol(row, symbol, what).get("fundingRateTimestamp"), what),
            {"paid_funding_rate": text_of(row.get("fundingRate"))},
        )
        for row in _rows(body, what)
    ]


def _result_of_symbol(body: Any, symbol: str, what: str) -> list[Any]:
    result, _ = result_of(body)
    row_of_symbol(result, symbol, what)
    return listed(result.get("list"), what)


def klines(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /v5/market/kline``: stamped with their start, volume in the coin."""
    return [bar_row(row, "kline") for row in _result_of_symbol(body, symbol, "kline")]


def _closes(what: str, field: str) -> HistoryParser:
    def parse(body: Any, symbol: str) -> list[HistoryRow]:
        return [close_row(row, what, field) for row in _result_of_symbol(body, symbol, what)]

    return parse


def _minutes(name: str, **described: Any) -> History:
    return History(
        path=f"/v5/market/{name}",
        query={
            **_SYMBOL,
            "interval": "1",
            "limit": "1000",
            "start": "{before_ms}",
            "end": "{end_ms}",
        },
        page_rows=1000 - _ENDS,
        least_ms=MINUTE_MS,
        usual_ms=MINUTE_MS,
        covers_ms=MINUTE_MS,
        reach_ms=YEARS_MS,
        **described,
    )


HISTORIES: Final = VenueHistories(
    venue="bybit",
    histories={
        "open_interest": History(
            path="/v5/market/open-interest",
            query={**_SYMBOL, "intervalTime": "5min", "limit": "200", **_WINDOW},
            parse=open_interest,
            fields={"open_interest_base": "base currency, one side"},
            endpoint="ticker",
            page_rows=200 - _ENDS,
            least_ms=STATISTICS_MS,
            usual_ms=STATISTICS_MS,
            covers_ms=STATISTICS_MS,
            reach_ms=YEARS_MS,
        ),
        "long_short_accounts": History(
            path="/v5/market/account-ratio",
            query={**_SYMBOL, "period": "5min", "limit": "500", **_WINDOW},
            parse=account_ratio,
            fields={"long_short": "accounts long over accounts short"},
            endpoint="long_short_accounts",
            page_rows=500 - _ENDS,
            least_ms=STATISTICS_MS,
            usual_ms=STATISTICS_MS,
            covers_ms=STATISTICS_MS,
            served_ms=SERVED_MS,
            reach_ms=YEARS_MS,
        ),
        "mark_price": _minutes(
            "mark-price-kline",
            parse=_closes("mark-price-kline", "mark_price"),
            fields={"mark_price": "quote currency"},
            endpoint="ticker",
        ),
        "index_price": _minutes(
            "index-price-kline",
            parse=_closes("index-price-kline", "index_price"),
            fields={"index_price": "quote currency"},
            endpoint="ticker",
        ),
        "bars": _minutes("kline", parse=klines, fields=BAR_FIELDS),
        "funding": History(
            path="/v5/market/funding/history",
            query={**_SYMBOL, "limit": "200", **_WINDOW},
            parse=funding,
            fields=FUNDING_FIELDS,
            page_rows=200 - _ENDS,
            least_ms=HOUR_MS,
            usual_ms=8 * HOUR_MS,
            reach_ms=YEARS_MS,
        ),
    },
    combinations=(
        Combination(
            endpoint="ticker",
            field="basis_bps",
            rule="bps_over",
            of=(("ticker", "mark_price"), ("ticker", "index_price")),
        ),
        Combination(
            endpoint="ticker",
            field="open_interest_quote",
            rule="product",
            of=(("ticker", "open_interest_base"), ("ticker", "mark_price")),
        ),
    ),
)
