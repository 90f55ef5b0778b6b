"""Instants as they are written and shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.command.instants import Instant, OffsetInstant, iso_instant, show_instant


def utc_ns(text: str) -> int:
    """Return the nanoseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-02", 86_400_000_000_000),
        ("1970-01-01T00:00:01", 1_000_000_000),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01 01:00:00.000000001+01:00", 1),
        ("2024-08-08T23:54", 1_723_161_240_000_000_000),
        ("1970-01-01T00:00:01,5Z", 1_500_000_000),
        ("123", 123),
    ],
)
def test_instants_are_exact_to_the_nanosecond(text: str, ns: int) -> None:
    """Dates, times with and without zone, and plain numbers."""
    assert Instant.from_str(text) == ns


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2024-13-01", "12:00", "2024-01-01T00:00:00.", "", "9999-01-01", str(1 << 63)],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ValueError, match="expected an instant"):
        Instant.from_str(text)


def test_instant_says_its_offset() -> None:
    """An instant without an offset would be another one on another machine."""
    assert OffsetInstant.from_str("2026-04-28T02:00:00+02:00") == utc_ns("2026-04-28T00:00:00")
    assert OffsetInstant.from_str("2026-04-28T00:00:00.000001Z") == utc_ns("2026-04-28") + 1000
    for text in ("2026-04-28", "2026-04-28T00:00:00", "yesterday", "1815-01-01T00:00:00Z"):
        with pytest.raises(ValueError, match=r"instant|offset|year"):
            OffsetInstant.from_str(text)


def test_instants_are_shown_as_exactly_as_they_need() -> None:
    """Milliseconds of jitter are seen."""
    assert show_instant(utc_ns("2026-05-27T16:00:05") + 9_000_000) == "2026-05-27 16:00:05.009Z"
    assert show_instant(utc_ns("2026-05-27T16:00")) == "2026-05-27 16:00:00Z"


def test_instants_are_shown_as_iso_8601_too() -> None:
    """Cut to the microsecond, never rounded into the future."""
    assert iso_instant(utc_ns("2026-05-27T16:00") + 999_999_999) == "2026-05-27T16:00:00.999999Z"


@pytest.mark.parametrize("text", ["2026-04-28T00:00:00.000000001Z", "2026-04-28 02:00:00+02:00"])
def test_an_offset_changes_nothing_else(text: str) -> None:
    """Whoever must state an offset gets the same instant as whoever may."""
    assert OffsetInstant.from_str(text) == Instant.from_str(text)
