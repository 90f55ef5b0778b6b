"""CalendarFilter: ranges as text, their limits, and the second of an instant."""

from __future__ import annotations

import numpy as np
import pytest

from dolphin_strategies import CalendarFilter
from dolphin_strategies.calendar_factors.calendar_rule import CalendarRule
from tests.unit.calendar_factors.test_clock_and_fixed_instants import at


@pytest.mark.parametrize(
    ("rule", "text", "is_open"),
    [
        ("4 <= utc_weekday < 5", "2024-05-03T23:59:59", False),
        ("4 <= utc_weekday < 5", "2024-05-04T00:00:00", True),
        ("minutes_to_funding_8h < 30", "2024-05-03T15:30:00", True),
        ("minutes_to_funding_8h < 30", "2024-05-03T15:30:01", False),
        ("1 <= session_london", "2024-05-03T10:00:00", False),
        ("1<=session_london", "2024-05-04T10:00:00", True),
        ("minutes_from_fomc < 1440", "2040-05-04T10:00:00", True),
    ],
)
def test_a_strategy_stays_out_while_a_range_holds(rule: str, text: str, is_open: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """The lower limit is in it, the upper one is not; what is not known does not hold."""
    assert CalendarFilter([rule]).is_open(at(text)) is is_open


def test_any_of_several_ranges_closes_and_none_is_always_open() -> None:
    """A filter without ranges changes nothing."""
    both = CalendarFilter(["utc_hour < 1", "23 <= utc_hour"])
    days = [both.is_open(at(f"2024-05-03T{hour:02}:30")) for hour in range(24)]
    assert days == [False] + [True] * 22 + [False]
    assert CalendarFilter([]).is_open(0)


def test_the_answer_is_the_same_throughout_a_second_whatever_was_asked_before() -> None:
    """It depends on the instant alone: a replay gives what live gave."""
    rule = "minutes_to_funding_8h < 30"
    edge = at("2024-05-03T15:30:00")
    for offsets in ([0, 999_999_999, 10**9], [10**9, 0, 999_999_999]):
        found = CalendarFilter([rule])
        answers = {offset: found.is_open(edge + offset) for offset in offsets}
        assert answers == {0: True, 999_999_999: True, 10**9: False}
    instants = edge + np.array([0, 999_999_999, 10**9])
    assert CalendarRule.from_str(rule).holds(instants).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "utc_weekday",
        "utc_weekday <= 5",
        "5 <= utc_weekday < 5",
        "1 < utc_hour",
        "",
        "utc_hour < x",
    ],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(ValueError, match="expected"):
        CalendarFilter([text])


def test_a_misspelt_factor_is_refused_with_the_nearest() -> None:
    """A filter never silently does nothing."""
    with pytest.raises(ValueError, match="did you mean 'utc_hour'"):
        CalendarFilter(["utc_hours < 3"])


@pytest.mark.parametrize("text", ["4 <= utc_weekday < 5", "utc_hour < 3", "1 <= session_london"])
def test_a_range_and_its_complement_share_the_known_instants(text: str) -> None:
    """Each instant is in one of them; a range reads as it is written."""
    rule = CalendarRule.from_str(text)
    assert str(rule) == text
    instants = np.arange(at("2024-05-01"), at("2024-05-09"), 600_000_000_000)
    inside = rule.holds(instants)
    others = sum(other.holds(instants).astype(int) for other in rule.complement)
    assert (inside.astype(int) + others == 1).all()
