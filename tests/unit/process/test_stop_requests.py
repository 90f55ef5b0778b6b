"""What counts as one request to stop."""

from __future__ import annotations

import pytest

from adapters.process.stop_signals import COPY_S, StopRequests


def count_of(*times_s: float) -> int:
    """Return how many requests signals at these times are."""
    requests = StopRequests()
    for now_s in times_s:
        requests.add(now_s)
    return requests.count


@pytest.mark.parametrize(
    ("times_s", "count"),
    [
        ((0.0,), 1),
        ((0.0, 0.001, 0.2, COPY_S - 0.01), 1),
        ((0.0, COPY_S), 2),
        ((0.0, 0.4, 0.8, COPY_S + 0.2), 2),
        ((5.0, 5.0 + COPY_S, 5.5 + COPY_S, 5.0 + 2 * COPY_S), 3),
    ],
)
def test_copies_within_a_second_are_part_of_the_request(
    times_s: tuple[float, ...], count: int
) -> None:
    """A copy does not prolong the second; what comes after it is a request of its own."""
    assert count_of(*times_s) == count
