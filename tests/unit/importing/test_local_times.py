"""Local times and calendar days of an import."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.command.durations import Duration
from backtests.importing.spec.factor_file_spec import ValidFor
from backtests.importing.spec.local_times import after, from_local, zone_of
from dolphin_strategies import ConfigError

NEW_YORK = ZoneInfo("America/New_York")
HOUR_NS = 3_600_000_000_000


def utc_ns(text: str) -> int:
    """Return the nanoseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def test_values_may_stand_for_ever_but_not_for_no_time() -> None:
    """``forever`` is written out; 0 would mean no value at all."""
    assert ValidFor.from_str("forever").ns > Duration.from_str("5000w").ns
    assert ValidFor.from_str("3d").days == 3
    with pytest.raises(ValueError, match="more than 0"):
        ValidFor.from_str("0s")


def test_unknown_zone_is_refused() -> None:
    """With examples of what is expected."""
    with pytest.raises(ConfigError, match="America/New_York"):
        zone_of("New York")
    assert zone_of("UTC") is UTC


def test_local_times_become_instants_and_doubtful_ones_are_marked() -> None:
    """In New York 02:30 was missing on 8 March 2026 and 01:30 came twice on 1 November."""
    texts = ["2026-03-08T01:30", "2026-03-08T02:30", "2026-11-01T01:30", "2026-07-01T12:00"]
    local = from_local(np.array([utc_ns(t) for t in texts]), NEW_YORK)
    assert local.nonexistent.tolist() == [False, True, False, False]
    assert local.ambiguous.tolist() == [False, False, True, False]
    assert local.later[0] == utc_ns("2026-03-08T06:30")
    assert local.earlier[2] == utc_ns("2026-11-01T05:30")
    assert local.later[2] == utc_ns("2026-11-01T06:30")
    assert local.later[3] == local.earlier[3] == utc_ns("2026-07-01T16:00")


def test_local_times_agree_with_the_standard_library_all_year() -> None:
    """Every 7 minutes of 2026, in zones with odd offsets too."""
    stamps = np.arange(utc_ns("2026-01-01"), utc_ns("2027-01-01"), 420_000_000_000)[::3]
    for name in ("America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"):
        zone = ZoneInfo(name)
        local = from_local(stamps, zone)
        for i in range(0, len(stamps), 97):
            naive = datetime.fromtimestamp(int(stamps[i]) // 1_000_000_000, UTC).replace(
                tzinfo=zone, fold=1
            )
            if not local.nonexistent[i]:
                assert local.later[i] == int(naive.timestamp()) * 1_000_000_000


def test_days_are_calendar_days_of_the_zone() -> None:
    """The day of the spring change has 23 hours in New York, that of the autumn change 25."""
    starts = np.array([utc_ns("2026-03-08T05:00"), utc_ns("2026-11-01T04:00")])
    ends = after(starts, Duration.from_str("1d"), NEW_YORK)
    assert ((ends - starts) // HOUR_NS).tolist() == [23, 25]
    assert ((after(starts, Duration.from_str("24h"), NEW_YORK) - starts) // HOUR_NS).tolist() == [
        24
    ] * 2
    assert ((after(starts, Duration.from_str("1d"), UTC) - starts) // HOUR_NS).tolist() == [24, 24]


def test_a_day_that_ends_in_a_doubtful_hour_ends_at_the_later_one() -> None:
    """Nothing is known early: 31 October 01:30 + 1 day is the second 01:30 of 1 November."""
    start = np.array([utc_ns("2026-10-31T05:30")])
    assert after(start, Duration.from_str("1d"), NEW_YORK)[0] == utc_ns("2026-11-01T06:30")
