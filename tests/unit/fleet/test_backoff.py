"""How long a service waits for its restart."""

from __future__ import annotations

import pytest

from live.fleet.supervision.backoff import Backoff

BACKOFF = Backoff(first_s=0.5, longest_s=6.0, most=5, stable_s=60.0)


def test_waits_double_up_to_the_longest_and_then_end() -> None:
    """After five restarts in a row there is no sixth."""
    assert [BACKOFF.wait_s(row) for row in range(7)] == [0.5, 1.0, 2.0, 4.0, 6.0, None, None]


@pytest.mark.parametrize(("ran_s", "row"), [(59.9, 3), (60.0, 0), (1e6, 0)])
def test_a_stable_run_begins_the_row_anew(ran_s: float, row: int) -> None:
    """A crash once a day is never one too many."""
    assert BACKOFF.row_after(3, ran_s) == row


def test_a_row_without_end_does_not_overflow() -> None:
    """2 to the power of a million is no float."""
    assert Backoff(first_s=1, longest_s=9, most=10**9, stable_s=1).wait_s(10**6) == 9
