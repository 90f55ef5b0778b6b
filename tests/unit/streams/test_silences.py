"""Silences: the instants at which a silent venue's connections are renewed."""

from adapters.streams.hosting.health.silences import LONGEST, Silences


def renewals(silences: Silences, until_s: int) -> list[int]:
    """Return the seconds at which a venue that never speaks is due."""
    return [s for s in range(until_s) if silences.is_due("okx", 1e9, float(s))]


def test_the_distances_double_up_to_a_limit() -> None:
    """From the moment at which the connections were made."""
    silences = Silences(["okx", "bybit"], 30.0)
    silences.begin("okx", 0.0)
    assert renewals(silences, 3_000) == [30, 90, 210, 450, 930, 1530, 2130, 2730]
    assert LONGEST * 30 == 600


def test_a_venue_that_spoke_begins_again() -> None:
    """A shorter silence is none, and another venue's silence counts apart."""
    silences = Silences(["okx", "bybit"], 30.0)
    silences.begin("okx", 0.0)
    silences.begin("bybit", 100.0)
    assert renewals(silences, 100) == [30, 90]
    assert not silences.speaks("okx", 30.0)
    assert silences.speaks("okx", 29.9)
    assert not silences.is_due("okx", 29.9, 200.0)
    assert silences.is_due("okx", 30.0, 200.0)
    assert not silences.is_due("bybit", 1e9, 129.9)
    assert silences.is_due("bybit", 1e9, 130.0)
