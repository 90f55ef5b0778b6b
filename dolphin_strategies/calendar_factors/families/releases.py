"""Releases: US releases and decisions, and the expiry of CME's futures, by lists and rules."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from dolphin_strategies.calendar_factors.calendar_factor import CalendarFactor
from dolphin_strategies.calendar_factors.dates import exchange_days, release_dates
from dolphin_strategies.calendar_factors.dates.instant_table import InstantTable
from dolphin_strategies.calendar_factors.dates.local_times import (
    instants_of,
    last_friday,
    start_of_year_ns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dolphin_strategies.calendar_factors.calendar_factor import Instants, Values

NEW_YORK: Final = "America/New_York"
_FRIDAY: Final = 4
_DAY: Final = timedelta(days=1)
_INDEPENDENCE: Final = {(7, 3), (7, 4)}
_RULE_YEARS: Final = (exchange_days.FIRST_YEAR, exchange_days.END_YEAR)


def _table(zone: str, at: time, days: Sequence[date], years: tuple[int, int]) -> InstantTable:
    return InstantTable(
        instants=instants_of(zone, ((day, at) for day in sorted(days))),
        first_ns=start_of_year_ns(years[0]),
        end_ns=start_of_year_ns(years[1]),
    )


def payrolls_day(year: int, month: int) -> date:
    """Return the day of the rule on which a month's Employment Situation is released.

    It is the third Friday after the week, from Sunday to Saturday, that has the 12th of the month
    before; if it is one of the first three days of January a week later, and before Independence
    Day is observed on that Friday the day before. Source: Bureau of Labor Statistics, Handbook of
    Methods, and its schedules of 2015 to 2026.
    """
    twelfth = date(year - (month == 1), (month - 2) % 12 + 1, 12)
    saturday = twelfth + (_FRIDAY + 1 - twelfth.weekday()) % 7 * _DAY
    day = saturday + 20 * _DAY
    if month == 1 and day.day <= 3:
        return day + 7 * _DAY
    return day - _DAY if (day.month, day.day) in _INDEPENDENCE else day


@cache
def payrolls() -> InstantTable:
    """Return the releases of the Employment Situation: 08:30 in New York."""
    days = []
    for year in range(*_RULE_YEARS):
        for month in range(1, 13):
            ruled = payrolls_day(year, month).isoformat()
            if held := release_dates.PAYROLLS_MOVED.get(ruled, ruled):
                days.append(date.fromisoformat(held))
    return _table(NEW_YORK, time(8, 30), days, _RULE_YEARS)


@cache
def consumer_prices() -> InstantTable:
    """Return the releases of the Consumer Price Index: 08:30 in New York."""
    days = exchange_days.days_of(release_dates.CPI)
    return _table(NEW_YORK, time(8, 30), list(days), release_dates.CPI_YEARS)


@cache
def committee() -> InstantTable:
    """Return the statements of the Federal Open Market Committee: 14:00 in New York."""
    days = exchange_days.days_of(release_dates.FOMC)
    return _table(NEW_YORK, time(14), list(days), release_dates.FOMC_YEARS)


@cache
def cme_expiries() -> InstantTable:
    """Return the last trading of CME's monthly crypto futures: 16:00 in London."""
    closed = exchange_days.days_of(exchange_days.LONDON_CLOSED + exchange_days.NEW_YORK_CLOSED)
    days = []
    for year in range(*_RULE_YEARS):
        for month in range(1, 13):
            day = last_friday(year, month)
            while day in closed:
                day -= _DAY
            days.append(day)
    return _table("Europe/London", time(16), days, _RULE_YEARS)


def _both(
    name: str, what: str, source: str, high: float, table: Callable[[], InstantTable]
) -> Iterator[CalendarFactor]:
    def to(at: Instants) -> Values:
        return table().minutes_to(at)

    def since(at: Instants) -> Values:
        return table().minutes_from(at)

    for word, about, function in (("to", "until", to), ("from", "since", since)):
        yield CalendarFactor(
            name=f"minutes_{word}_{name}", unit="minutes", about=f"{about} {what}", low=0.0,
            high=high, source=source, compute=function,
        )  # fmt: skip


FACTORS: Final = (
    *_both("payrolls", "the US Employment Situation (payrolls)", "rule of the BLS, 08:30 in New "
           "York, and what shutdowns moved", 130_000.0, payrolls),
    *_both("cpi", "the US Consumer Price Index", "list of the BLS, 08:30 in New York, 2023 to "
           "2026", 130_000.0, consumer_prices),
    *_both("fomc", "the statement of the Federal Open Market Committee", "list of the Federal "
           "Reserve, 14:00 in New York, 2021 to 2027", 130_000.0, committee),
    *_both("cme_expiry", "the expiry of CME's monthly futures", "CME Rulebook, chapter 350: last "
           "Friday, or the working day in London and the US before it, 16:00 in London", 60_000.0,
           cme_expiries),
)  # fmt: skip
"""The factors of releases, decisions and CME's expiries."""
