"""Sessions and releases against days that exchanges and offices announced."""

from __future__ import annotations

import math

import pytest

from dolphin_strategies import calendar_values
from dolphin_strategies.calendar_factors.families.releases import payrolls_day
from tests.unit.calendar_factors.test_clock_and_fixed_instants import at, value

OPEN = [
    ("new_york", "2024-03-08T14:29:59", 0),  # winter: 09:30 is 14:30 UTC
    ("new_york", "2024-03-08T14:30", 1),
    ("new_york", "2024-03-11T13:30", 1),  # New York has summer time, London not yet
    ("new_york", "2024-03-11T20:00", 0),
    ("london", "2024-03-11T08:00", 1),
    ("london", "2024-04-02T07:00", 1),
    ("london", "2024-04-02T15:30", 0),
    ("new_york", "2024-11-01T13:30", 1),  # London's summer time is over, New York's is not
    ("london", "2024-11-01T07:30", 0),
    ("new_york", "2024-07-03T17:00", 0),  # half day before Independence Day
    ("new_york", "2024-07-03T16:59", 1),
    ("new_york", "2024-11-28T16:00", 0),  # Thanksgiving
    ("new_york", "2025-01-09T16:00", 0),  # the mourning for Jimmy Carter
    ("london", "2022-09-19T10:00", 0),  # the funeral of Elizabeth II
    ("london", "2024-12-24T12:29", 1),
    ("london", "2024-12-24T12:30", 0),
    ("tokyo", "2024-11-01T06:10", 0),  # closed at 15:00 in Tokyo
    ("tokyo", "2024-11-05T06:10", 1),  # and at 15:30 from that day on
    ("tokyo", "2025-01-03T02:00", 0),
    ("hong_kong", "2024-02-09T03:59", 1),  # eve of the lunar new year: half day
    ("hong_kong", "2024-02-09T04:00", 0),
    ("hong_kong", "2024-02-12T03:00", 0),
    ("new_york", "2024-03-09T16:00", 0),  # Saturday
]


@pytest.mark.parametrize(("city", "text", "is_open"), OPEN)
def test_a_session_follows_holidays_and_daylight_saving(
    city: str, text: str, is_open: int
) -> None:
    """By the notices of the exchanges."""
    assert value(f"session_{city}", text) == is_open


def test_overlaps_move_with_each_citys_own_daylight_saving() -> None:
    """Between the two changes of March New York opens an hour earlier for London."""
    name = "session_london_new_york"
    assert value(name, "2024-03-08T13:45") == 0
    assert value(name, "2024-03-12T13:45") == 1
    assert value(name, "2024-04-02T13:45") == 1
    assert value(name, "2024-04-02T15:30") == 0
    assert value("session_asia_london", "2024-07-02T07:30") == 1
    assert value("session_asia_london", "2024-12-03T07:30") == 0


def test_minutes_to_the_open_go_over_weekends_and_holidays() -> None:
    """From Wednesday's close before Thanksgiving to Friday's open."""
    found = calendar_values(at("2024-11-27T21:00"))
    assert found["minutes_to_new_york_open"] == 41.5 * 60
    assert found["minutes_from_new_york_open"] == 6.5 * 60
    assert found["minutes_to_new_york_close"] == 45 * 60


PAYROLLS = [
    "2020-01-10", "2020-07-02", "2021-01-08", "2021-04-02", "2022-01-07", "2023-04-07",
    "2024-01-05", "2024-02-02", "2024-03-08", "2024-04-05", "2024-05-03", "2024-06-07",
    "2024-07-05", "2024-08-02", "2024-09-06", "2024-10-04", "2024-11-01", "2024-12-06",
    "2025-01-10", "2025-07-03", "2026-01-09", "2026-03-06", "2026-04-03", "2026-05-08",
    "2026-06-05", "2026-07-02", "2026-08-07", "2026-09-04", "2026-10-02", "2026-11-06",
    "2026-12-04",
]  # fmt: skip


@pytest.mark.parametrize("day", PAYROLLS)
def test_the_rule_gives_the_published_days_of_the_payrolls(day: str) -> None:
    """Of the schedules of the Bureau of Labor Statistics, odd Januaries and Julys among them."""
    year, month, _ = map(int, day.split("-"))
    assert payrolls_day(year, month).isoformat() == day


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("payrolls", "2024-03-08T13:30"),
        ("payrolls", "2024-04-05T12:30"),
        ("payrolls", "2025-11-20T13:30"),  # September's, after the shutdown
        ("payrolls", "2026-02-11T13:30"),
        ("cpi", "2024-03-12T12:30"),
        ("cpi", "2025-10-24T12:30"),
        ("cpi", "2026-02-13T13:30"),
        ("fomc", "2024-03-20T18:00"),
        ("fomc", "2025-01-29T19:00"),
        ("cme_expiry", "2024-03-28T16:00"),  # Good Friday is the last Friday
        ("cme_expiry", "2024-04-26T15:00"),
    ],
)
def test_a_release_is_at_its_local_time(name: str, instant: str) -> None:
    """A minute before there is a minute left; at the instant it is the last one."""
    before, now = (calendar_values(at(instant) - s * 10**9) for s in (60, 0))
    assert before[f"minutes_to_{name}"] == 1.0
    assert now[f"minutes_from_{name}"] == 0.0
    assert now[f"minutes_to_{name}"] > 60


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("minutes_to_cpi", "2026-12-01", "2026-12-11"),
        ("minutes_from_cpi", "2026-12-31", "2027-01-01"),
        ("minutes_from_cpi", "2023-01-13", "2023-01-02"),
        ("minutes_to_fomc", "2021-01-01", "2020-12-31"),
        ("minutes_from_fomc", "2027-12-31", "2028-01-01"),
        ("session_london", "2030-12-31", "2031-01-01"),
        ("session_asia_london", "2015-01-01", "2014-12-31"),
    ],
)
def test_outside_its_list_a_factor_has_no_value(name: str, inside: str, outside: str) -> None:
    """And never one that a later list would change."""
    assert not math.isnan(value(name, inside))
    assert math.isnan(value(name, outside))
