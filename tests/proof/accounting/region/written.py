"""The model of a region: plain lists of what was published, and what a mapping means."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
_ANY_NAN: Final = b""


class Record(NamedTuple):
    """One published record."""

    names: tuple[str, ...]
    values: tuple[bytes, ...]
    """The bits of each value; empty where any NaN will do."""
    ts_event: int
    """As it was given, UNIX nanoseconds; 0: now."""

    def is_equal(self, names: Sequence[str], payload: bytes) -> bool:
        """Return whether these are the names and the bits of this record."""
        bits = [payload[i : i + 8] for i in range(0, len(payload), 8)]
        return (
            tuple(names) == self.names
            and len(bits) == len(self.values)
            and all(
                math.isnan(struct.unpack("<d", found)[0])
                if wanted == _ANY_NAN
                else found == wanted
                for wanted, found in zip(self.values, bits, strict=True)
            )
        )


@dataclass(eq=False)
class File:
    """One file of a region, as far as the model knows it."""

    stream: int
    names: tuple[str, ...]
    capacity: int
    first: int
    published: int
    is_superseded: bool = False
    is_left: bool = False
    """Another file is in its place, and its writer was killed before it could say so."""
    is_damaged: bool = False
    is_copy: bool = False
    """A copy of an earlier state, which no writer continues."""

    @property
    def oldest(self) -> int:
        """The oldest record that can be counted on."""
        return max(self.first, self.published - self.capacity + 2)


@dataclass
class Log:
    """Every record ever published, by stream and sequence."""

    records: dict[tuple[int, int], Record] = field(default_factory=dict)

    def add(self, file: File, record: Record) -> None:
        """Append the next record of a file."""
        file.published += 1
        self.records[file.stream, file.published] = record

    def add_burst(self, file: File | None, count: int) -> None:
        """Append records whose values follow from their sequence."""
        assert file is not None
        for n in range(file.published + 1, file.published + 1 + count):
            values = tuple(bits_of(i + n * 512.0) for i in range(len(file.names)))
            self.add(file, Record(file.names, values, 0))


@dataclass
class Taken:
    """What a mapping means under given names: values, new names, counts."""

    values: list[bytes]
    added: dict[str, bytes]
    missing_values: int = 0
    infinite_values: int = 0
    skipped_names: int = 0
    skipped_values: int = 0


def bits_of(number: float) -> bytes:
    """Return the bits that are stored for a number; an infinity becomes any NaN."""
    return _ANY_NAN if math.isinf(number) else struct.pack("<d", number)


def number_of(raw: object) -> float | None:
    """Return what a value is as a number; None if it is none."""
    is_number = isinstance(raw, (bool, int, float, Decimal, Fraction, np.bool_, np.number))
    if not is_number or isinstance(raw, np.complexfloating):
        return None
    try:
        return float(raw)  # type: ignore[arg-type]
    except (OverflowError, ValueError):
        return None


def taken(names: Sequence[str], mapping: Mapping[Any, Any], most: int = 512) -> Taken:
    """Return what a writer with these names must make of a mapping."""
    values = dict.fromkeys(names, _ANY_NAN)
    found = Taken([], {}, missing_values=len(names))
    for name, raw in mapping.items():
        number = number_of(raw)
        if isinstance(name, str) and name.startswith("_"):
            continue
        if name in values:
            if number is not None:
                values[name] = bits_of(number)
                found.missing_values -= 1
                found.infinite_values += math.isinf(number)
        elif (
            not isinstance(name, str)
            or not _NAME.fullmatch(name)
            or len(values) + len(found.added) >= most
        ):
            found.skipped_names += 1
        elif number is None:
            found.skipped_values += 1
        else:
            found.added[name] = bits_of(number)
            found.infinite_values += math.isinf(number)
    found.values = [*values.values(), *found.added.values()]
    return found
