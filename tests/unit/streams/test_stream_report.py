"""What status prints of the streams."""

from __future__ import annotations

from typing import Any

from live.exf.status.status_report import status_code
from live.exf.status.stream_report import problems, streams_table


def venue(**fields: Any) -> dict[str, Any]:
    """Return a venue's report without troubles, but for the given fields."""
    return {
        "venue": "okx",
        "addresses": ["https://www.okx.com", "wss://ws.okx.com:8443"],
        "connected": True,
        "problem": "",
        "messages": 1234,
        "messages_per_s": 200.0,
        "newest_event_unix_s": 0.0,
        "delay_ms": {"n": 0, "p50": None, "p99": None},
        "ahead": 0,
        "ahead_s": 0.0,
        "reconnects": 0,
        "unreadable": 0,
        "client_errors": 0,
        "last_trouble": "",
        "silent": [],
        "closed": [],
        "missing": [],
        "why_missing": [],
        "not_streamed": [],
        "problems": {},
        **fields,
    }


def streams(*venues: dict[str, Any]) -> dict[str, Any]:
    """Return a report of these venues."""
    return {
        "venues": venues,
        "records": 5,
        "nodes_built": 1,
        "node_failures": 0,
        "problems_in_a_minute": {"quotes Z crossed": 2},
    }


def test_a_venue_that_does_not_stream_is_named_with_its_hosts() -> None:
    """The reason as well; a venue without troubles has no line."""
    found = problems(streams(venue(), venue(venue="bybit", problem="Connection refused")))
    assert found == [
        "NO STREAM from bybit (https://www.okx.com, wss://ws.okx.com:8443): Connection refused"
    ]


def test_messages_that_a_client_could_not_read_are_counted_by_venue() -> None:
    """With what it said of the newest one."""
    trouble = {"unreadable": 3, "client_errors": 1, "last_trouble": "Failed to parse: EOF"}
    assert problems(streams(venue(), venue(venue="bybit", **trouble))) == [
        "stream bybit: its client could not read 3 messages and logged 1 errors; the newest: "
        "Failed to parse: EOF"
    ]


def test_instruments_and_their_troubles_are_named() -> None:
    """Six of them, and how many more."""
    found = problems(
        streams(
            venue(
                missing=[f"X{i}" for i in range(8)],
                closed=["C"],
                silent=["S"],
                not_streamed=["book of Y"],
                problems={"quotes Z crossed": 3},
                delay_ms={"n": 1024, "p50": 1.0, "p99": 2.0},
                ahead=7,
                ahead_s=3600.25,
            )
        )
    )
    assert found == [
        "stream okx: not listed by the venue: X0, X1, X2, X3, X4, X5 and 2 more",
        "stream okx: not traded: C",
        "stream okx: not delivered by its client: book of Y",
        "stream okx: silent: S",
        "stream okx: 7 of the newest 1,024 stamps are ahead of this machine's clock, by up to "
        "3,600.2 s: look at this clock; their age counts from receipt",
        "stream okx: unusable data since the start: quotes Z crossed 3 (2 in a minute)",
    ]


def test_the_table_counts_where_factors_come_from() -> None:
    """And has a row for each venue."""
    lines = streams_table(streams(venue()), {"a": "stream", "b": "poll", "c": "poll"})
    assert "1 alive, 2 polled instead, 0 without a value" in lines[0]
    assert "1,234" in lines[1]


def test_streams_alone_keep_the_service_from_counting_as_dead() -> None:
    """With no poll answered, the exit code says that some factors are missing, not all."""
    status = {
        "pid": 1,
        "updated_unix_s": 100.0,
        "factors": {"total": 2, "alive": 1, "from": {"a": "stream"}},
        "sources": [{"factors_alive": 0}],
    }
    assert status_code(status, 1, 100.0) == 4
    status["factors"] = {"total": 2, "alive": 0, "from": {"a": "none"}}
    assert status_code(status, 1, 100.0) == 5
