"""WindowSums: sums that are exact, whatever came and left before."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolphin_strategies.computed.inputs import NEVER
from dolphin_strategies.computed.states._engine import WindowSums

UNIT: Final = Fraction(1, 2**200)
WHOLE_UNITS: Final = st.floats(-1e25, 1e25).filter(lambda x: x == 0 or abs(x) > 2.0**-147)


@given(st.lists(st.tuples(st.integers(0, 30), WHOLE_UNITS, WHOLE_UNITS), max_size=60))
def test_sums_are_those_of_fsum(rows: list[tuple[int, float, float]]) -> None:
    """Bit for bit, after every row, of all magnitudes at once."""
    window = WindowSums(2, window_ns=100)
    window.begin(-1000)
    kept, now = [], 0
    for gap, a, b in rows:
        now += gap
        assert window.add(now, a, b)
        kept.append((now, a, b))
        inside = [row for row in kept if row[0] > now - 100]
        expected = tuple(math.fsum(row[i] for row in inside) for i in (1, 2))
        assert window.sums(now) == expected
        assert window.count(now) == len(inside)
        assert window.due_ns == inside[0][0] + 100


@given(st.lists(st.floats(-1e8, 1e8), min_size=2, max_size=40))
def test_variation_is_exact_where_textbooks_lose_it(values: list[float]) -> None:
    """``n * sum(x^2) - sum(x)^2`` of large numbers that differ little."""
    shifted = [1e9 + value for value in values]
    window = WindowSums(1, count=len(values), products=((0, 0),))
    for value in shifted:
        window.add(1, value)
    exact = [Fraction(value) for value in shifted]
    n = len(exact)
    expected = n * sum(v * v for v in exact) - sum(exact) ** 2
    found = window.covariation(1, 0, n)
    assert found == float(expected)


@pytest.mark.long
def test_a_million_rows_leave_no_trace() -> None:
    """Numbers of 36 orders of magnitude come and go; what remains is the sum of what is there."""
    draw = random.Random(7)  # noqa: S311 - for tests
    window = WindowSums(1, window_ns=1_000)
    kept: list[tuple[int, float]] = []
    for ts in range(1_000_000):
        value = draw.uniform(-1, 1) * 10.0 ** draw.randrange(-12, 24)
        window.add(ts, value)
        kept.append((ts, value))
        if ts % 100_000 == 99_999:
            kept = kept[-1_000:]
            assert window.sums(ts) == (math.fsum(v for _, v in kept),)
    assert window.sums(1_000_998) == (kept[-1][1],)
    assert window.sums(1_000_999) == (0.0,)
    assert window.due_ns == NEVER


def test_a_period_begins_anew() -> None:
    """At its multiples since 1970; the first one, of which the beginning is missing, is NaN."""
    window = WindowSums(1, period_ns=100)
    window.add(150, 1.0)
    assert math.isnan(window.sums(199)[0])
    assert window.due_ns == 200
    assert window.sums(200) == (0.0,)
    window.add(210, 2.0)
    window.add(290, 3.0)
    assert window.sums(299) == (5.0,)
    assert window.sums(300) == (0.0,)


def test_a_window_of_time_is_full_when_its_length_has_passed() -> None:
    """And says when that will be."""
    window = WindowSums(1, window_ns=100)
    assert window.due_ns == NEVER
    window.add(1_000, 1.0)
    assert math.isnan(window.sums(1_099)[0])
    assert window.count(1_099) == -1
    assert window.due_ns == 1_100
    assert window.sums(1_100) == (0.0,)
    assert window.left(1_100) == 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2.0**96, -1e300])
def test_what_does_not_fit_is_refused_and_counted(value: float) -> None:
    """And changes nothing."""
    window = WindowSums(2, count=1)
    assert window.add(1, 1.0, 2.0)
    assert not window.add(2, 1.0, value)
    assert window.refused == 1
    assert window.sums(2) == (1.0, 2.0)


@given(st.lists(st.floats(-1e-50, 1e-50), min_size=1, max_size=30))
def test_what_is_below_the_unit_is_rounded_once(values: list[float]) -> None:
    """The same way when it leaves: nothing remains."""
    window = WindowSums(1, window_ns=10)
    window.begin(-100)
    for value in values:
        window.add(1, value)
    expected = sum(round(Fraction(value) / UNIT) for value in values) * UNIT
    assert window.sums(1) == (float(expected),)
    assert window.sums(11) == (0.0,)


def test_a_window_has_one_length() -> None:
    """And columns that it can hold."""
    wrongs: list[dict[str, Any]] = [
        {},
        {"count": 1, "window_ns": 1},
        {"count": 0},
        {"window_ns": -5},
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="expected one of"):
            WindowSums(1, **wrong)
    with pytest.raises(ValueError, match="columns"):
        WindowSums(7, count=1)
    with pytest.raises(ValueError, match="products"):
        WindowSums(1, count=1, products=((0, 1),))
    with pytest.raises(TypeError, match="add"):
        WindowSums(1, count=1).add(1)
