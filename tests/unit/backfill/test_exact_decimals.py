"""Exact decimals beside Python's own, of any size and sign."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pytest

from backtests.importing.backfilling.formats import _decimal_checks
from backtests.importing.backfilling.formats.exact_decimals import (
    DECIMAL,
    NotExactError,
    are_positive,
    exact_decimals,
    have_at_most,
)

LARGEST: Final = 10**38 - 1
"""The largest unscaled integer of a decimal with 38 digits."""


def array_of(raws: list[int]) -> pa.Array:
    """Return unscaled integers as decimals."""
    memory = b"".join(raw.to_bytes(16, "little", signed=True) for raw in raws)
    return pa.Array.from_buffers(DECIMAL, len(raws), [None, pa.py_buffer(memory)])


def raws_of(rng: random.Random, decimals: int, count: int) -> list[int]:
    """Return unscaled integers with at most some decimals, of every size and both signs."""
    unit = 10 ** (16 - decimals)
    sizes = [rng.randrange(1 + (LARGEST // unit >> rng.randrange(70))) for _ in range(count)]
    return [rng.choice((-1, 1)) * size * unit for size in sizes]


@pytest.mark.parametrize("decimals", range(17))
def test_decimals_are_counted_exactly(decimals: int) -> None:
    """Each further decimal is seen, at every size, sign and place."""
    rng = random.Random(decimals)  # noqa: S311
    raws = [*raws_of(rng, decimals, 300), 0, LARGEST - LARGEST % 10 ** (16 - decimals)]
    assert have_at_most(array_of(raws), decimals)
    for place in (0, 150, len(raws) - 1):
        for further in {1, 10 ** max(0, 15 - decimals)} if decimals < 16 else ():
            other = list(raws)
            other[place] = other[place] - further if other[place] > 0 else other[place] + further
            assert not have_at_most(array_of(other), decimals), (place, further)


@pytest.mark.parametrize("wrong", [0, -1, -LARGEST])
def test_values_that_are_not_above_0_are_seen(wrong: int) -> None:
    """At every place, beside values in which one of the two words is 0."""
    raws = [1, 1 << 64, LARGEST, 1 << 63, (1 << 64) - 1, 7]
    assert are_positive(array_of(raws))
    for place in range(len(raws)):
        assert not are_positive(array_of([*raws[:place], wrong, *raws[place + 1 :]]))


def test_a_missing_value_is_not_above_0() -> None:
    """Its memory may hold any number."""
    assert not are_positive(pa.array([Decimal(1), None], DECIMAL))


def test_a_piece_of_an_array_is_looked_at_alone() -> None:
    """What lies before and behind it does not count; of nothing everything holds."""
    array = array_of([-1, 10**16, 2 * 10**16, -1])
    assert are_positive(array[1:3])
    assert have_at_most(array[1:3], 0)
    assert are_positive(array[:0])
    assert have_at_most(array[:0], 0)


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 3), (2, 1), (3, 0), (0, -1)])
def test_memory_behind_the_values_is_not_read(first: int, count: int) -> None:
    """The bounds are checked against the buffer."""
    with pytest.raises(ValueError, match="values: expected"):
        _decimal_checks.are_positive(bytes(32), first, count)
    with pytest.raises(ValueError, match="values: expected"):
        _decimal_checks.have_at_most(bytes(32), first, count, 0)


@pytest.mark.parametrize("decimals", [-1, 17])
def test_more_decimals_than_there_are_is_refused(decimals: int) -> None:
    """A decimal has 16 digits after the point."""
    with pytest.raises(ValueError, match="decimals: expected 0 to 16"):
        _decimal_checks.have_at_most(bytes(32), 0, 2, decimals)


@pytest.mark.parametrize("decimals", range(9))
def test_floats_become_the_decimals_that_were_written(decimals: int) -> None:
    """Of every size for which this is certain; for others it is refused, never guessed."""
    rng = random.Random(decimals)  # noqa: S311
    texts = [
        f"{rng.randrange(10 ** rng.randrange(1, 5))}.{rng.randrange(10**decimals):0{decimals}d}"
        if decimals
        else str(rng.randrange(10 ** rng.randrange(1, 12)))
        for _ in range(500)
    ]
    found = exact_decimals(pa.array(np.array([float(text) for text in texts])))
    assert found.to_pylist() == [Decimal(text) for text in texts]


@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf"), 2.0**46, 0.1 + 1e-12, 1e-9])
def test_a_float_that_may_have_been_something_else_is_refused(number: float) -> None:
    """Too many digits for a float64, or no price."""
    with pytest.raises(NotExactError):
        exact_decimals(pa.array([1.0, number]))
