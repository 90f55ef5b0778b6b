"""FactorDict: turns a producer's mapping into the vector of values that is published."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from adapters.shm._region import ffi, lib
from adapters.shm.region.hot_calls import address_of
from dolphin_strategies.factors.schema import MAX_FACTORS, is_factor_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dolphin_strategies.factors.schema import FactorSchema

_MAX_REMEMBERED_NAMES: Final = 2 * MAX_FACTORS


class TakenFactors(NamedTuple):
    """The content of a mapping."""

    values: NDArray[np.float64]
    """float64 of shape ``(len(schema),)``, schema order; NaN where there is no number."""
    added: dict[str, float]
    """New names with their numbers."""
    missing_values: int
    skipped_names: int
    skipped_values: int


class FactorDict:
    """The names of a schema prepared for C, which walks over a plain dict, and the same walk in
    Python for every other mapping.

    Parameters
    ----------
    schema : FactorSchema
        The names that are written.

    Notes
    -----
    Skipped names are remembered with a negative index, so that C skips them too:
    ``FACTOR_SKIPPED`` for an invalid name, ``FACTOR_WITHOUT_NUMBER`` for a new name that has never
    had a number.

    """

    def __init__(self, schema: FactorSchema) -> None:
        self.c: Final[Any] = ffi.new("struct factor_dict *")
        self.address: Final = address_of(self.c)
        self.prepare(schema)

    def prepare(self, schema: FactorSchema) -> None:
        """Replace the names; the counters continue."""
        self._schema = schema
        self._values = np.full(len(schema), math.nan)
        self._index_by_name = {name: i for i, name in enumerate(schema)}
        self._keys = ffi.new("uint64_t[]", [id(name) for name in schema.names])
        self.c.keys = self._keys
        self.c.index_by_name = id(self._index_by_name)
        self.c.values = ffi.cast("double *", ffi.from_buffer(self._values))
        self.c.factor_count = len(schema)

    def take(self, factors: Mapping[str, Any]) -> TakenFactors:
        """Read a mapping that the C code could not read, because of a key or a value.

        Raises
        ------
        TypeError
            If ``factors`` is not a mapping.

        """
        try:
            items = list(factors.items())
        except AttributeError:
            msg = f"factors: expected a mapping, found {type(factors).__name__}"
            raise TypeError(msg) from None
        # First all numbers: a value's own code may write with this writer, and change the schema.
        found = [
            (name, as_float(raw))
            for name, raw in items
            if not (isinstance(name, str) and name.startswith("_"))
        ]
        schema = self._schema
        values = np.full(len(schema), math.nan)
        added: dict[str, float] = {}
        numbers = skipped_names = skipped_values = 0
        for name, number in found:
            index = self._index_by_name.get(name, -1) if isinstance(name, str) else -1
            if index >= 0:
                if number is not None:
                    values[index] = number
                    numbers += 1
            elif not is_factor_name(name) or len(schema) + len(added) >= MAX_FACTORS:
                skipped_names += 1
                self._remember(name, lib.FACTOR_SKIPPED)
            elif number is None:
                skipped_values += 1
                self._remember(name, lib.FACTOR_WITHOUT_NUMBER)
            else:
                added[name] = number
        return TakenFactors(values, added, len(schema) - numbers, skipped_names, skipped_values)

    def _remember(self, name: object, index: int) -> None:
        if type(name) is str and len(self._index_by_name) < _MAX_REMEMBERED_NAMES:
            self._index_by_name[name] = index

    def count(self, taken: TakenFactors) -> None:
        """Count the skipped names and missing values of a mapping that was published."""
        self.c.missing_values += taken.missing_values
        self.c.skipped_names += taken.skipped_names
        self.c.skipped_values += taken.skipped_values

    @property
    def counters(self) -> dict[str, int]:
        """Counts of missing values and skipped names in the mappings published so far."""
        names = ("missing_values", "skipped_names", "skipped_values")
        return {name: getattr(self.c, name) for name in names}


def as_float(value: object) -> float | None:
    """Return a real number as a float, and None for any other value.

    A subclass of float or int gives the number that it is, as in C, also if it has a ``__float__``
    of its own.
    """
    if isinstance(value, (Real, Decimal, np.bool_)):
        try:
            if isinstance(value, float):
                return float.__float__(value)
            if isinstance(value, int):
                return int.__float__(value)
            return float(value)
        except (TypeError, ValueError, OverflowError, ArithmeticError):
            return None
    return None
