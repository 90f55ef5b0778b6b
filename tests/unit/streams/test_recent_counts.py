"""How much counters have grown within a minute."""

from __future__ import annotations

from adapters.streams.recent_counts import RECENT_S, RecentCounts


def test_what_is_over_for_a_minute_is_not_recent() -> None:
    """Everything counts in the first minute, also of a counter that is new."""
    recent = RecentCounts()
    assert recent.grown({"a": 3}, 100.0) == {"a": 3}
    assert recent.grown({"a": 3, "b": 1}, 130.0) == {"a": 3, "b": 1}
    assert recent.grown({"a": 5, "b": 1}, 100.0 + RECENT_S) == {"a": 2, "b": 1}
    assert recent.grown({"a": 5, "b": 1}, 129.0 + RECENT_S) == {"a": 2, "b": 1}
    assert recent.grown({"a": 5, "b": 1}, 130.0 + RECENT_S) == {"a": 2, "b": 0}
    assert recent.grown({"a": 5, "b": 1}, 100.0 + 2 * RECENT_S) == {"a": 0, "b": 0}
    assert recent.grown({"a": 9, "b": 1}, 1000.0) == {"a": 4, "b": 0}
