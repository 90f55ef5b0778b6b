"""Values of classes of a producer's own, which have code of their own."""

from __future__ import annotations

import math
from collections import UserDict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from adapters.shm import FactorReader, FactorWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OtherFloat(float):
    """A float that says that it is another number."""

    def __float__(self) -> float:
        return -1.0


class OtherInt(int):
    """The same of an int."""

    def __float__(self) -> float:
        return -1.0


class Writing(Fraction):
    """A number that writes when it is asked."""

    writer: FactorWriter
    written: dict[str, float]

    def __float__(self) -> float:
        self.writer.write(self.written)
        return 5.0


@pytest.fixture
def writer(region_path: Path) -> Iterator[FactorWriter]:
    """Give a writer of the factors a, b, c."""
    with FactorWriter(region_path, ["a", "b", "c"], capacity=64) as writer:
        yield writer


def newest(writer: FactorWriter) -> dict[str, float]:
    """Return the factors of the newest record that have a value."""
    with FactorReader(writer.path) as reader:
        f = reader.latest()
    assert f is not None
    return {name: value for name, value in f.items() if not math.isnan(value)}


@pytest.mark.parametrize("mapping", [dict, UserDict])
@pytest.mark.parametrize("more", [{}, {"d": OtherFloat(4.5)}], ids=["known", "new name"])
def test_a_float_of_its_own_class_is_the_number_that_it_is(
    writer: FactorWriter, mapping: Any, more: dict[str, float]
) -> None:
    """In a plain dict, in one that needs a new file, and in another mapping alike."""
    writer.write(mapping({"a": OtherFloat(1.5), "b": OtherInt(2), "c": 3.0} | more))
    assert newest(writer) == {"a": 1.5, "b": 2.0, "c": 3.0} | dict.fromkeys(more, 4.5)
    assert writer.counters["missing_values"] == 0


@pytest.mark.parametrize("written", [{"a": 1.0}, {"a": 1.0, "new": 2.0}], ids=["known", "new"])
def test_a_value_that_writes_itself_is_written_after_what_it_wrote(
    writer: FactorWriter, written: dict[str, float]
) -> None:
    """Its own record comes first, also if it changes the names; the outer one has them all."""
    value = Writing(1)
    value.writer, value.written = writer, written
    writer.write({"a": value, "b": 2.0, "c": 3.0})
    assert writer.published == 2
    assert newest(writer) == {"a": 5.0, "b": 2.0, "c": 3.0}
    assert set(writer.schema) == {"a", "b", "c", *written}
