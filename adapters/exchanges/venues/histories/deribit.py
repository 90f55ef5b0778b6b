"""Deribit: the volatility index DVOL by the minute, and funding by the hour."""

from __future__ import annotations

from typing import Any, Final

from adapters.exchanges.json_values import record
from adapters.exchanges.rest_venue import SymbolPattern
from adapters.exchanges.venues.deribit import result_of
from adapters.exchanges.venues.histories.history import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    History,
    HistoryRow,
    VenueHistories,
    close_row,
    listed,
    stamp_of,
    text_of,
)

YEARS_MS: Final = 3_650 * DAY_MS
_WINDOW: Final = {"start_timestamp": "{before_ms}", "end_timestamp": "{end_ms}"}
"""A little wider than what is asked for: whether the ends belong to it is not documented."""


def volatility_index(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /api/v2/public/get_volatility_index_data``: [stamp, open, high, low, close].

    Stamped with the start of their minute. ``continuation`` is not needed: what an answer leaves
    out of its window is asked for again.
    """
    what = "get_volatility_index_data"
    found, _ = result_of(body)
    data = listed(record(found, what).get("data"), what)
    return [close_row(row, what, "volatility_index") for row in data]


def funding_8h(body: Any, symbol: str) -> list[HistoryRow]:
    """Read ``GET /api/v2/public/get_funding_rate_history``: the rate of the last 8 hours."""
    what = "get_funding_rate_history"
    found, _ = result_of(body)
    rows = [record(row, what) for row in listed(found, what)]
    return [
        HistoryRow(
            stamp_of(row.get("timestamp"), what), {"funding_8h": text_of(row.get("interest_8h"))}
        )
        for row in rows
    ]


HISTORIES: Final = VenueHistories(
    venue="deribit",
    histories={
        "volatility_index": History(
            path="/api/v2/public/get_volatility_index_data",
            query={"currency": "{symbol}", "resolution": "60", **_WINDOW},
            parse=volatility_index,
            fields={"volatility_index": "percent a year, expected over the next 30 days"},
            endpoint="volatility_index",
            page_rows=998,
            least_ms=MINUTE_MS,
            usual_ms=MINUTE_MS,
            covers_ms=MINUTE_MS,
            reach_ms=YEARS_MS,
            symbols=SymbolPattern("{asset}"),
        ),
        "funding_8h": History(
            path="/api/v2/public/get_funding_rate_history",
            query={"instrument_name": "{symbol}", **_WINDOW},
            parse=funding_8h,
            fields={"funding_8h": "fraction for 8 hours, of the last 8 hours"},
            endpoint="order_book",
            page_rows=500,
            least_ms=HOUR_MS,
            usual_ms=HOUR_MS,
            reach_ms=YEARS_MS,
        ),
    },
)
