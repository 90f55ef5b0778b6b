"""Cycles, fundings and expiries against dates that were worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from dolphin_strategies import calendar_values


def at(text: str) -> int:
    """Return an instant in UTC as UNIX nanoseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def value(name: str, text: str) -> float:
    """Return a factor at an instant in UTC."""
    return calendar_values(at(text))[name]


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("1970-01-01", 3),
        ("1969-12-31", 2),
        ("2000-02-29", 1),
        ("2024-02-29", 3),
        ("2026-11-29", 6),
        ("2100-03-01", 0),
    ],
)
def test_the_weekday_is_that_of_the_calendar(text: str, weekday: int) -> None:
    """Before 1970, on leap days, and in 2100, which has none; Monday is 0."""
    assert value("utc_weekday", text) == weekday == datetime.fromisoformat(text).weekday()


def test_pairs_are_on_their_circle_and_close_it() -> None:
    """At 06:00 the day is a quarter over; Sunday is as near to Monday as Tuesday is."""
    six = calendar_values(at("2024-05-06T06:00"))
    assert (six["utc_hour_sin"], six["utc_hour_cos"]) == pytest.approx((1.0, 0.0))
    monday, tuesday, sunday = (
        complex(v["utc_weekday_cos"], v["utc_weekday_sin"])
        for v in (calendar_values(at(f"2024-05-{day:02}")) for day in (6, 7, 12))
    )
    assert abs(monday - sunday) == pytest.approx(abs(monday - tuesday))
    assert abs(monday) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "is_turn"),
    [
        ("2024-02-28T23:59:59", 0),
        ("2024-02-29T00:00", 1),
        ("2023-02-28T00:00", 1),
        ("2024-01-03T23:59:59", 1),
        ("2024-01-04T00:00", 0),
        ("2023-12-31T12:00", 1),
    ],
)
def test_the_turn_of_a_month_is_its_last_day_and_the_first_three(text: str, is_turn: int) -> None:
    """In leap years and others, and over the end of a year."""
    assert value("month_turn", text) == is_turn


@pytest.mark.parametrize(
    ("hours", "to", "since"), [(1, 59.0, 1.0), (4, 179.0, 61.0), (8, 419.0, 61.0)]
)
def test_funding_is_counted_in_its_interval(hours: int, to: float, since: float) -> None:
    """At 09:01 the last funding of 8 h was at 08:00, and the next one is at 16:00."""
    found = calendar_values(at("2024-05-06T09:01"))
    assert found[f"minutes_to_funding_{hours}h"] == to
    assert found[f"minutes_from_funding_{hours}h"] == since


@pytest.mark.parametrize(
    ("name", "now", "last", "following"),
    [
        ("daily_expiry", "2024-12-31T08:00", "2024-12-31T08:00", "2025-01-01T08:00"),
        ("weekly_expiry", "2024-12-31T08:00", "2024-12-27T08:00", "2025-01-03T08:00"),
        ("monthly_expiry", "2024-03-29T07:59", "2024-02-23T08:00", "2024-03-29T08:00"),
        ("monthly_expiry", "2024-03-29T08:00", "2024-03-29T08:00", "2024-04-26T08:00"),
        ("quarterly_expiry", "2024-12-27T08:00", "2024-12-27T08:00", "2025-03-28T08:00"),
        ("quarterly_expiry", "2026-11-29T00:00", "2026-09-25T08:00", "2026-12-25T08:00"),
        ("monthly_expiry", "1970-01-01T00:00", "1969-12-26T08:00", "1970-01-30T08:00"),
        ("quarterly_expiry", "2100-02-28T00:00", "2099-12-25T08:00", "2100-03-26T08:00"),
    ],
)
def test_expiries_are_on_the_days_of_the_rule(
    name: str, now: str, last: str, following: str
) -> None:
    """At the instant itself the last one is now."""
    assert value(f"minutes_to_{name}", now) == (at(following) - at(now)) / 60e9
    assert value(f"minutes_from_{name}", now) == (at(now) - at(last)) / 60e9


def test_half_a_second_counts() -> None:
    """Instants are nanoseconds, not minutes."""
    found = calendar_values(at("2024-05-06T07:59:59") + 500_000_000)
    assert found["minutes_to_funding_8h"] == pytest.approx(0.5 / 60, abs=1e-12)
    assert not math.isnan(found["utc_hour"])
