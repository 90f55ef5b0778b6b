"""Durations as they are written and shown."""

from __future__ import annotations

import pytest

from adapters.command.durations import Duration, show_duration


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
def test_duration_is_read_and_only_whole_days_are_calendar_days(
    text: str, ns: int, days: int
) -> None:
    """A day in New York is not always 24 hours; ``24h`` is."""
    duration = Duration.from_str(text)
    assert (duration.ns, duration.days, str(duration)) == (ns, days, text)


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15 minutes", "-1h", "1h-", "1e3s", "1y", "999999w"]
)
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="expected a duration"):
        Duration.from_str(text)


@pytest.mark.parametrize(
    ("text", "ns"), [("0", 0), ("0s", 0), ("3 ms", 3_000_000), ("5µs", 5_000)]
)
def test_no_time_and_other_ways_of_writing_are_read(text: str, ns: int) -> None:
    """As a delay on the command line is written."""
    assert Duration.from_str(text).ns == ns


@pytest.mark.parametrize("text", ["0", "7ns", "50us", "50ms", "15m", "8h", "24h", "1500ms"])
def test_a_shown_duration_is_the_one_that_was_read(text: str) -> None:
    """Exactly, in the largest unit that it is a whole number of."""
    assert show_duration(Duration.from_str(text).ns) == text


def test_a_shown_duration_needs_no_more_than_hours() -> None:
    """Days may be calendar days, so that they are not shown."""
    assert show_duration(Duration.from_str("2d").ns) == "48h"
