"""The windows of a span, whatever part of them an answer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.exchanges.venues.histories.history import History, HistoryRow
from adapters.exf.polling.histories.window_walk import WindowWalk

if TYPE_CHECKING:
    from collections.abc import Callable

STEP: Final = 10


def history(page_rows: int, usual: int = STEP) -> History:
    """Return a history with a row each ten milliseconds."""
    return History(
        path="/rows",
        parse=lambda body, symbol: [],
        fields={"value": "1"},
        page_rows=page_rows,
        least_ms=STEP,
        usual_ms=usual,
        reach_ms=10**9,
    )


def walked(
    walk: WindowWalk, answer: Callable[[int, int], list[int]], most: int = 1_000
) -> tuple[list[int], int]:
    """Return the stamps that a walk collects, in its order of asking, and its requests."""
    found: list[int] = []
    asked = 0
    while (window := walk.next()) is not None:
        asked += 1
        assert asked < most, "the walk does not end"
        rows = [HistoryRow(stamp, {}) for stamp in answer(*window)]
        found += [row.stamp_ms for row in walk.take(window, rows)]
    return found, asked


@pytest.mark.parametrize("newest_first", [True, False])
def test_one_request_a_page(*, newest_first: bool) -> None:
    """Where every answer has what was asked for, nothing is asked for twice."""
    order = -1 if newest_first else 1
    found, asked = walked(
        WindowWalk(history(5), 0, 200),
        lambda a, b: [*range(-(-a // STEP) * STEP, b, STEP)][::order],
    )
    assert found == list(range(0, 200, STEP))
    assert asked == 4


@given(
    cap=st.integers(1, 7),
    newest_first=st.booleans(),
    start=st.integers(0, 99),
    length=st.integers(0, 400),
    page_rows=st.integers(1, 12),
)
def test_fewer_rows_than_documented_lose_none(
    *, cap: int, newest_first: bool, start: int, length: int, page_rows: int
) -> None:
    """An exchange that sends at most so many, from either end, is asked until it has sent all."""

    def answer(first: int, end: int) -> list[int]:
        rows = list(range(-(-first // STEP) * STEP, end, STEP))
        return rows[::-1][:cap] if newest_first else rows[:cap]

    walk = WindowWalk(history(page_rows), start, start + length)
    found, _ = walked(walk, answer)
    assert sorted(found) == list(range(-(-start // STEP) * STEP, start + length, STEP))
    assert len(set(found)) == len(found)


def test_a_real_hole_is_asked_for_once_more() -> None:
    """Where the exchange has no rows, the walk goes on after one further request at each end."""
    there = [*range(30, 60, STEP)]
    found, asked = walked(
        WindowWalk(history(10), 0, 100), lambda a, b: [s for s in there if a <= s < b]
    )
    assert found == there
    assert asked == 3


def test_rows_that_were_not_asked_for_and_rows_that_come_again_are_counted() -> None:
    """An exchange that disregards the window gives no row twice and none outside it."""
    walk = WindowWalk(history(10), 50, 150)
    found, _ = walked(walk, lambda a, b: [*range(0, 200, STEP), 100])
    assert found == list(range(50, 150, STEP))
    assert walk.repeated == 1
    assert walk.outside == 10


def test_what_is_done_is_before_every_hole_that_is_asked_for_again() -> None:
    """All rows before the stamp have come, also while a part of a window is still open."""
    walk = WindowWalk(history(4), 0, 80)
    window = walk.next()
    assert window is not None
    walk.take(window, [HistoryRow(30, {}), HistoryRow(20, {})])
    assert walk.done_ms == 0
    window = walk.next()
    assert window == (0, 20)
    walk.take(window, [HistoryRow(10, {}), HistoryRow(0, {})])
    assert walk.done_ms == 40
    while (window := walk.next()) is not None:
        walk.take(window, [])
    assert walk.done_ms == 80


def test_an_empty_span_has_no_window() -> None:
    """There is nothing to ask for, and all of it is done."""
    walk = WindowWalk(history(2), 5, 5)
    assert walk.next() is None
    assert walk.done_ms == 5
