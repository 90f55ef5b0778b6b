"""Cycles: the hour, the weekday, the year and the turn of the month, in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.calendar_factors.calendar_factor import CalendarFactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.calendar_factors.calendar_factor import Instants, Values

DAY_NS: Final = 86_400_000_000_000
HOUR_NS: Final = 3_600_000_000_000
_THURSDAY: Final = 3
"""The weekday of 1970-01-01, Monday being 0."""
TURN_BEFORE_DAYS: Final = 1.0
TURN_AFTER_DAYS: Final = 3.0
_CLOCK: Final = "the instant in UTC"
_TURN: Final = (
    "Ariel 1987 and Lakonishok & Smidt 1988: the last day of a month and the first three"
)


def hour(at: Instants) -> Values:
    """Return the hours since midnight."""
    return (at % DAY_NS) / HOUR_NS


def weekday(at: Instants) -> Values:
    """Return the weekday, Monday 0."""
    return ((at // DAY_NS + _THURSDAY) % 7).astype(np.float64)


def _days(at: Instants) -> np.ndarray:
    return (at // DAY_NS).astype("datetime64[D]")


def days_from_month_start(at: Instants) -> Values:
    """Return the days since the month began, with their fraction."""
    first = _days(at).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return at / DAY_NS - first


def days_to_month_end(at: Instants) -> Values:
    """Return the days until the next month begins, with their fraction."""
    following = (
        (_days(at).astype("datetime64[M]") + np.timedelta64(1, "M"))
        .astype("datetime64[D]")
        .astype(np.int64)
    )
    return following - at / DAY_NS


def month_turn(at: Instants) -> Values:
    """Return 1 on the last day of a month and on the first three, else 0."""
    is_turn = days_to_month_end(at) <= TURN_BEFORE_DAYS
    return (is_turn | (days_from_month_start(at) < TURN_AFTER_DAYS)).astype(np.float64)


def year_share(at: Instants) -> Values:
    """Return the share of the year that is over, from 0 on, less than 1."""
    year = _days(at).astype("datetime64[Y]")
    first = year.astype("datetime64[D]").astype(np.int64)
    following = (year + np.timedelta64(1, "Y")).astype("datetime64[D]").astype(np.int64)
    return (at / DAY_NS - first) / (following - first)


def _pair(
    name: str, about: str, position: Callable[[Instants], Values], whole: float
) -> tuple[CalendarFactor, ...]:
    """Return a cycle as two factors: its sine and its cosine."""

    def sine(at: Instants) -> Values:
        return np.sin(2 * np.pi * position(at) / whole)

    def cosine(at: Instants) -> Values:
        return np.cos(2 * np.pi * position(at) / whole)

    return tuple(
        CalendarFactor(
            name=f"{name}_{end}",
            unit="-1 to 1",
            about=f"{word} of {about}",
            low=-1.0,
            high=1.0,
            source=_CLOCK,
            compute=function,
        )
        for end, word, function in (("sin", "sine", sine), ("cos", "cosine", cosine))
    )


FACTORS: Final = (
    CalendarFactor(
        name="utc_hour", unit="hours", about="since midnight, with their fraction", low=0.0,
        high=24.0, source=_CLOCK, compute=hour,
    ),
    *_pair("utc_hour", "the hour, a day being the circle", hour, 24.0),
    CalendarFactor(
        name="utc_weekday", unit="day", about="0 is Monday, 6 Sunday", low=0.0, high=6.0,
        source=_CLOCK, compute=weekday,
    ),
    *_pair("utc_weekday", "the weekday, a week being the circle", weekday, 7.0),
    *_pair("utc_year", "the time of the year, a year being the circle", year_share, 1.0),
    CalendarFactor(
        name="days_from_month_start", unit="days", about="since the month began", low=0.0,
        high=31.0, source=_CLOCK, compute=days_from_month_start,
    ),
    CalendarFactor(
        name="days_to_month_end", unit="days", about="until the next month begins", low=0.0,
        high=31.0, source=_CLOCK, compute=days_to_month_end,
    ),
    CalendarFactor(
        name="month_turn", unit="0 or 1",
        about="1 on the last day of a month and on the first three", low=0.0, high=1.0,
        source=_TURN, compute=month_turn,
    ),
)  # fmt: skip
"""The factors of the clock."""
