"""Sessions: whether the stock exchanges of Asia, London and New York are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.calendar_factors.calendar_factor import CalendarFactor
from dolphin_strategies.calendar_factors.dates import exchange_days
from dolphin_strategies.calendar_factors.dates.instant_table import InstantTable
from dolphin_strategies.calendar_factors.dates.local_times import instants_of, start_of_year_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dolphin_strategies.calendar_factors.calendar_factor import Instants, Values

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A stock exchange's trading hours, the break at noon included.

    Attributes
    ----------
    name, zone : str
        Its city as part of factors' names, and the IANA name of its time.
    opens, closes, closes_early : time
        Local times.
    closed, early : str
        Working days without trading, and those with an early end; see ``exchange_days``.
    later_close : tuple of date and time, optional
        From which day on it closes at another time.

    """

    name: str
    zone: str
    opens: time
    closes: time
    closes_early: time
    closed: str
    early: str = ""
    later_close: tuple[date, time] | None = None

    def days(self) -> Iterator[tuple[date, time]]:
        """Yield each trading day with its close."""
        closed, early = map(exchange_days.days_of, (self.closed, self.early))
        day = date(exchange_days.FIRST_YEAR, 1, 1)
        while day.year < exchange_days.END_YEAR:
            if day.weekday() < _SATURDAY and day not in closed:
                close = self.closes
                if self.later_close is not None and day >= self.later_close[0]:
                    close = self.later_close[1]
                yield day, self.closes_early if day in early else close
            day += _DAY


TOKYO: Final = Exchange(
    name="tokyo", zone="Asia/Tokyo", opens=time(9), closes=time(15), closes_early=time(11, 30),
    closed=exchange_days.TOKYO_CLOSED, later_close=(date(2024, 11, 5), time(15, 30)),
)  # fmt: skip
HONG_KONG: Final = Exchange(
    name="hong_kong", zone="Asia/Hong_Kong", opens=time(9, 30), closes=time(16),
    closes_early=time(12), closed=exchange_days.HONG_KONG_CLOSED,
    early=exchange_days.HONG_KONG_EARLY,
)  # fmt: skip
LONDON: Final = Exchange(
    name="london", zone="Europe/London", opens=time(8), closes=time(16, 30),
    closes_early=time(12, 30), closed=exchange_days.LONDON_CLOSED,
    early=exchange_days.LONDON_EARLY,
)  # fmt: skip
NEW_YORK: Final = Exchange(
    name="new_york", zone="America/New_York", opens=time(9, 30), closes=time(16),
    closes_early=time(13), closed=exchange_days.NEW_YORK_CLOSED,
    early=exchange_days.NEW_YORK_EARLY,
)  # fmt: skip
EXCHANGES: Final = (TOKYO, HONG_KONG, LONDON, NEW_YORK)


@cache
def tables_of(exchange: Exchange) -> tuple[InstantTable, InstantTable]:
    """Return the opens and the closes of an exchange."""
    days = list(exchange.days())
    valid = {
        "first_ns": start_of_year_ns(exchange_days.FIRST_YEAR),
        "end_ns": start_of_year_ns(exchange_days.END_YEAR),
    }
    opens = instants_of(exchange.zone, ((day, exchange.opens) for day, _ in days))
    return (
        InstantTable(instants=opens, **valid),
        InstantTable(instants=instants_of(exchange.zone, days), **valid),
    )


def is_open(at: Instants, *exchanges: Exchange) -> Values:
    """Return 1 while at least one of some exchanges is open, else 0; NaN outside their lists."""
    values = np.zeros(len(at))
    for exchange in exchanges:
        opens, closes = tables_of(exchange)
        is_valid = (at >= opens.first_ns) & (at < opens.end_ns)
        opened = np.searchsorted(opens.instants, at, side="right")
        closed = np.searchsorted(closes.instants, at, side="right")
        values = np.maximum(values, np.where(is_valid, opened > closed, np.nan))
    return values


def is_overlap(at: Instants, groups: tuple[tuple[Exchange, ...], ...]) -> Values:
    """Return 1 while of each group at least one exchange is open, else 0."""
    found: Values = np.minimum.reduce([is_open(at, *group) for group in groups])
    return found


def _minutes(at: Instants, exchange: Exchange, place: int, *, is_to: bool) -> Values:
    table = tables_of(exchange)[place]
    return table.minutes_to(at) if is_to else table.minutes_from(at)


def _of_exchange(exchange: Exchange) -> Iterator[CalendarFactor]:
    city = exchange.name.replace("_", " ").title()
    source = f"{city}'s trading hours with holidays and daylight saving, exchange_days.py"
    yield CalendarFactor(
        name=f"session_{exchange.name}", unit="0 or 1",
        about=f"1 while the stock exchange of {city} is open", low=0.0, high=1.0,
        source=source, compute=lambda at: is_open(at, exchange),
    )  # fmt: skip
    for word, about, place, is_to in (
        (f"minutes_to_{exchange.name}_open", "until the next open", 0, True),
        (f"minutes_from_{exchange.name}_open", "since the last open", 0, False),
        (f"minutes_to_{exchange.name}_close", "until the next close", 1, True),
    ):
        yield CalendarFactor(
            name=word, unit="minutes", about=f"{about} of {city}'s stock exchange", low=0.0,
            high=20_160.0, source=source,
            compute=partial(_minutes, exchange=exchange, place=place, is_to=is_to),
        )  # fmt: skip


def _overlap(name: str, about: str, *groups: tuple[Exchange, ...]) -> CalendarFactor:
    return CalendarFactor(
        name=name, unit="0 or 1", about=f"1 while {about}", low=0.0, high=1.0,
        source="of the sessions", compute=partial(is_overlap, groups=groups),
    )  # fmt: skip


_ASIA: Final = (TOKYO, HONG_KONG)
FACTORS: Final = (
    *(factor for exchange in EXCHANGES for factor in _of_exchange(exchange)),
    _overlap("session_asia", "Tokyo or Hong Kong is open", _ASIA),
    _overlap("session_asia_london", "Asia and London are open", _ASIA, (LONDON,)),
    _overlap("session_london_new_york", "London and New York are open", (LONDON,), (NEW_YORK,)),
)
"""The factors of sessions."""
