"""OKX, linear swaps: statistics of the last 1,440 periods, klines and settled funding.

Statistics: https://www.okx.com/docs-v5/en/#trading-statistics-rest-api. They are taken to be
stamped with the start of their five minutes, which is never too early. Their limit is five
requests in two seconds, that of the others ten or twenty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.json_values import at, ratio, record
from adapters.exchanges.rest_venue import BadBodyError, SymbolPattern
from adapters.exchanges.venues.histories.history import (
    BAR_FIELDS,
    DAY_MS,
    FUNDING_FIELDS,
    HOUR_MS,
    MINUTE_MS,
    SERVED_MS,
    History,
    HistoryRow,
    VenueHistories,
    array,
    bar_row,
    close_row,
    listed,
    stamp_of,
    text_of,
)
from adapters.exchanges.venues.okx import data_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.exchanges.venues.histories.history import HistoryParser

STATISTICS_MS: Final = 5 * MINUTE_MS
STATISTICS_REACH_MS: Final = 1_430 * STATISTICS_MS
TAKER_VOLUME_REACH_MS: Final = 2 * DAY_MS - HOUR_MS
FUNDING_REACH_MS: Final = 90 * DAY_MS
YEARS_MS: Final = 3_650 * DAY_MS
CLOSED: Final = "1"
"""What the last element of a kline is once the kline is complete."""
_INSTRUMENT: Final = {"instId": "{symbol}"}
_WINDOW: Final = {"before": "{before_ms}", "after": "{end_ms}"}
"""Both exclude the instant that they name; ``after`` is the later one."""
_STATISTICS_WINDOW: Final = {"begin": "{before_ms}", "end": "{end_ms}"}
"""A little wider than what is asked for: whether the ends belong to it is not documented."""
_ENDS: Final = 2
"""Rows that may come besides those that are asked for."""


def _statistics(what: str, columns: Mapping[str, int]) -> HistoryParser:
    """Return a parser of arrays that begin with a stamp: field → index."""

    def parse(body: Any, symbol: str) -> list[HistoryRow]:
        return [
            HistoryRow(
                stamp_of(array(row, max(columns.values()) + 1, what)[0], what),
                {field: text_of(row[i]) for field, i in columns.items()},
            )
            for row in listed(data_of(body), what)
        ]

    return parse


def taker_volume(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /api/v5/rubik/stat/taker-volume``: [stamp, sold, bought]."""
    what = "taker-volume"
    return [
        HistoryRow(
            stamp_of(array(row, 3, what)[0], what),
            {"taker_buy_sell": text_of(ratio(at(row, 2), at(row, 1)))},
        )
        for row in listed(data_of(body), what)
    ]


def funding(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /api/v5/public/funding-rate-history``: the rate that was paid, if it is named.

    Raises
    ------
    BadBodyError
        If the answer reports an error or is about something else.

    """
    what = "funding-rate-history"
    found: list[HistoryRow] = []
    for entry in listed(data_of(body), what):
        row = record(entry, what)
        if row.get("instId") != symbol:
            msg = f"{what}: expected {symbol}, found {row.get('instId')!r:.40}"
            raise BadBodyError(msg)
        paid = text_of(row.get("realizedRate")) or text_of(row.get("fundingRate"))
        found.append(
            HistoryRow(stamp_of(row.get("fundingTime"), what), {"paid_funding_rate": paid})
        )
    return found


def _closed(body: Any, what: str) -> list[list[Any]]:
    found = [array(row, 6, what) for row in listed(data_of(body), what)]
    return [row for row in found if str(row[-1]) == CLOSED]


def klines(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /api/v5/market/history-candles``: a swap's volume is contracts."""
    what = "history-candles"
    return [bar_row(row, what) for row in _closed(body, what)]


def _closes(what: str, field: str) -> HistoryParser:
    def parse(body: Any, symbol: str) -> list[HistoryRow]:
        return [close_row(row, what, field) for row in _closed(body, what)]

    return parse


def _statistics_history(
    name: str, endpoint: str, columns: Mapping[str, int], meaning: str
) -> History:
    return History(
        path=f"/api/v5/rubik/stat/contracts/{name}",
        query={**_INSTRUMENT, "period": "5m", "limit": "100", **_STATISTICS_WINDOW},
        weight=8,
        parse=_statistics(name, columns),
        fields=dict.fromkeys(columns, meaning),
        endpoint=endpoint,
        page_rows=100 - _ENDS,
        least_ms=STATISTICS_MS,
        usual_ms=STATISTICS_MS,
        covers_ms=STATISTICS_MS,
        served_ms=0 if endpoint == "open_interest" else SERVED_MS,
        reach_ms=STATISTICS_REACH_MS,
    )


def _minutes(name: str, weight: float, **described: Any) -> History:
    return History(
        path=f"/api/v5/market/{name}",
        query={**_INSTRUMENT, "bar": "1m", "limit": "100", **_WINDOW},
        weight=weight,
        page_rows=100,
        least_ms=MINUTE_MS,
        usual_ms=MINUTE_MS,
        covers_ms=MINUTE_MS,
        reach_ms=YEARS_MS,
        **described,
    )


_RATIO: Final = {"long_short": 1}

HISTORIES: Final = VenueHistories(
    venue="okx",
    histories={
        "open_interest": _statistics_history(
            "open-interest-history",
            "open_interest",
            {"open_interest_base": 2, "open_interest_usd": 3},
            "base currency; USD; one side",
        ),
        "long_short_accounts": _statistics_history(
            "long-short-account-ratio-contract",
            "long_short_accounts",
            _RATIO,
            "longs over shorts",
        ),
        "top_long_short_accounts": _statistics_history(
            "long-short-account-ratio-contract-top-trader",
            "top_long_short_accounts",
            _RATIO,
            "longs over shorts",
        ),
        "top_long_short_positions": _statistics_history(
            "long-short-position-ratio-contract-top-trader",
            "top_long_short_positions",
            _RATIO,
            "longs over shorts",
        ),
        "taker_volume": History(
            path="/api/v5/rubik/stat/taker-volume",
            query={
                "ccy": "{symbol}",
                "instType": "CONTRACTS",
                "period": "5m",
                **_STATISTICS_WINDOW,
            },
            weight=8,
            parse=taker_volume,
            fields={"taker_buy_sell": "volume bought by takers over volume sold, 5 minutes"},
            endpoint="taker_volume",
            page_rows=72 - _ENDS,
            least_ms=STATISTICS_MS,
            usual_ms=STATISTICS_MS,
            covers_ms=STATISTICS_MS,
            served_ms=SERVED_MS,
            reach_ms=TAKER_VOLUME_REACH_MS,
            symbols=SymbolPattern("{asset}"),
        ),
        "mark_price": _minutes(
            "history-mark-price-candles",
            4,
            parse=_closes("history-mark-price-candles", "mark_price"),
            fields={"mark_price": "quote currency"},
            endpoint="mark_price",
        ),
        "index_price": _minutes(
            "history-index-candles",
            4,
            parse=_closes("history-index-candles", "index_price"),
            fields={"index_price": "quote currency"},
            endpoint="index_price",
            symbols=SymbolPattern("{asset}-USDT"),
        ),
        "bars": _minutes("history-candles", 2, parse=klines, fields=BAR_FIELDS),
        "funding": History(
            path="/api/v5/public/funding-rate-history",
            query={**_INSTRUMENT, "limit": "100", **_WINDOW},
            weight=4,
            parse=funding,
            fields=FUNDING_FIELDS,
            page_rows=100,
            least_ms=HOUR_MS,
            usual_ms=8 * HOUR_MS,
            reach_ms=FUNDING_REACH_MS,
        ),
    },
)
