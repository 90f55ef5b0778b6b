"""The verdict of a sweep, by its checks."""

from __future__ import annotations

import pytest

from backtests.sweeping.results.verdict import (
    EDGE,
    MOST_OVERFITTING,
    NO_EDGE,
    OVERFITTED,
    checks_of,
    verdict_of,
)

SURE = (0.99, 0.99, 0.0, 0.1)


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        (SURE, EDGE),
        ((0.95, 0.95, 0.1, MOST_OVERFITTING), EDGE),
        ((0.99, 0.99, 0.0, 0.51), OVERFITTED),
        ((0.949, *SURE[1:]), NO_EDGE),
        ((0.99, 0.949, 0.0, 0.1), NO_EDGE),
        ((0.99, 0.99, 0.101, 0.1), NO_EDGE),
        ((0.949, 0.99, 0.0, 0.51), NO_EDGE),
        ((0.99, 0.99, None, None), NO_EDGE),
        ((None, None, None, None), NO_EDGE),
    ],
)
def test_each_check_takes_part_in_the_verdict(
    figures: tuple[float | None, ...], verdict: str
) -> None:
    """At its limit a check holds; overfitting alone leaves the edge, and not the choice."""
    assert verdict_of(checks_of(*figures)) == verdict
