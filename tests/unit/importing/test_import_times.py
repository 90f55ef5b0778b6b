"""Spans, instants and local times of an import."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backtests.importing.spec.times import (
    Instant,
    Span,
    ValidFor,
    after,
    from_local,
    show,
    zone_of,
)
from dolphin_strategies import ConfigError

NEW_YORK = ZoneInfo("America/New_York")
HOUR_NS = 3_600_000_000_000


def utc_ns(text: str) -> int:
    """Return the nanoseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("text", "ns", "days"),
    [
        ("15m", 900_000_000_000, 0),
        ("1h30m", 5_400_000_000_000, 0),
        ("0.5s", 500_000_000, 0),
        ("4ms", 4_000_000, 0),
        ("24h", 86_400_000_000_000, 0),
        ("1d", 86_400_000_000_000, 1),
        ("2w", 14 * 86_400_000_000_000, 14),
        ("1d12h", 129_600_000_000_000, 0),
    ],
)
def test_span_is_read_and_only_whole_days_are_calendar_days(text: str, ns: int, days: int) -> None:
    """A day in New York is not always 24 hours; ``24h`` is."""
    span = Span.from_str(text)
    assert (span.ns, span.days, str(span)) == (ns, days, text)


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15 minutes", "-1h", "1h-", "1e3s", "1y", "999999w"]
)
def test_text_that_is_no_span_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"span|longer"):
        Span.from_str(text)


def test_values_may_stand_for_ever_but_not_for_no_time() -> None:
    """``forever`` is written out; 0 would mean no value at all."""
    assert ValidFor.from_str("forever").ns > Span.from_str("5000w").ns
    assert ValidFor.from_str("3d").days == 3
    with pytest.raises(ValueError, match="more than 0"):
        ValidFor.from_str("0s")


def test_instant_says_its_offset() -> None:
    """An instant without an offset would be another one on another machine."""
    assert Instant.from_str("2026-04-28T02:00:00+02:00").ns == utc_ns("2026-04-28T00:00:00")
    assert Instant.from_str("2026-04-28T00:00:00.000001Z").ns == utc_ns("2026-04-28") + 1000
    for text in ("2026-04-28", "2026-04-28T00:00:00", "yesterday", "1815-01-01T00:00:00Z"):
        with pytest.raises(ValueError, match=r"instant|offset|year"):
            Instant.from_str(text)


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
    ends = after(starts, Span.from_str("1d"), NEW_YORK)
    assert ((ends - starts) // HOUR_NS).tolist() == [23, 25]
    assert ((after(starts, Span.from_str("24h"), NEW_YORK) - starts) // HOUR_NS).tolist() == [
        24
    ] * 2
    assert ((after(starts, Span.from_str("1d"), UTC) - starts) // HOUR_NS).tolist() == [24, 24]


def test_a_day_that_ends_in_a_doubtful_hour_ends_at_the_later_one() -> None:
    """Nothing is known early: 31 October 01:30 + 1 day is the second 01:30 of 1 November."""
    start = np.array([utc_ns("2026-10-31T05:30")])
    assert after(start, Span.from_str("1d"), NEW_YORK)[0] == utc_ns("2026-11-01T06:30")


def test_instants_are_shown_as_exactly_as_they_need() -> None:
    """Milliseconds of jitter are seen."""
    assert show(utc_ns("2026-05-27T16:00:05") + 9_000_000) == "2026-05-27 16:00:05.009Z"
    assert show(utc_ns("2026-05-27T16:00")) == "2026-05-27 16:00:00Z"
