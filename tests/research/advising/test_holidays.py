"""The lists of holidays against exchange_calendars, of which they were made."""

from __future__ import annotations

import pytest

from dolphin_strategies.calendar_factors.dates.exchange_days import END_YEAR, FIRST_YEAR
from dolphin_strategies.calendar_factors.families.sessions import EXCHANGES, Exchange, tables_of

CODES = {"tokyo": "XTKS", "hong_kong": "XHKG", "london": "XLON", "new_york": "XNYS"}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda e: e.name)
def test_every_open_and_close_is_that_of_the_library(exchange: Exchange) -> None:
    """Of sixteen years, holidays, half days, daylight saving and Tokyo's longer hours."""
    calendars = pytest.importorskip(
        "exchange_calendars", reason="needs exchange_calendars: uv sync --group peers"
    )
    calendar = calendars.get_calendar(
        CODES[exchange.name],
        start=f"{FIRST_YEAR}-01-01",
        end=f"{END_YEAR - 1}-12-31",
    )
    opens, closes = tables_of(exchange)
    for table, column in ((opens, "open"), (closes, "close")):
        expected = calendar.schedule[column].dt.as_unit("ns").astype("int64").tolist()
        assert table.instants.tolist() == expected
