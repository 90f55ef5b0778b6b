"""GivenValues: what a producer gives, as a vector of float64, and counts of what was changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dolphin_strategies.factors.schema import MAX_FACTORS, FactorSchema, is_factor_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

_NAN: Final = float("nan")


class GivenValues:
    """Turn what is given into vectors, by the rules of a region's writer.

    Attributes
    ----------
    counters : Counter
        ``missing_values`` (absent, None or no number) and ``infinite_values``, both written as
        NaN; ``skipped_names``, invalid or new without a number.

    """

    def __init__(self) -> None:
        self.counters: Final[Counter[str]] = Counter(
            missing_values=0, infinite_values=0, skipped_names=0
        )

    def of_mapping(
        self, factors: Mapping[str, Any], schema: FactorSchema
    ) -> tuple[FactorSchema, NDArray[np.float64]]:
        """Return the names, of which new ones are added, and the values in their order.

        Names that begin with ``_`` are skipped.
        """
        if new := [name for name in factors if name not in schema]:
            added = self._added(factors, new, MAX_FACTORS - len(schema))
            schema = FactorSchema((*schema.names, *added)) if added else schema
        found = [factors.get(name) for name in schema.names]
        numbers = [v if isinstance(v, int | float) else _NAN for v in found]
        self.counters["missing_values"] += sum(not isinstance(v, int | float) for v in found)
        return schema, self._finite(np.array(numbers, dtype="<f8"))

    def of_vector(self, values: ArrayLike, schema: FactorSchema) -> NDArray[np.float64]:
        """Return a vector's values, a copy.

        Raises
        ------
        ValueError
            If it has another shape than ``(len(schema),)``.

        """
        array = np.array(values, dtype="<f8")
        if array.shape != (len(schema),):
            msg = f"values: expected shape ({len(schema)},), found {array.shape}"
            raise ValueError(msg)
        return self._finite(array)

    def _added(self, factors: Mapping[str, Any], new: list[str], room: int) -> list[str]:
        named = [name for name in new if not str(name).startswith("_")]
        added = [n for n in named if is_factor_name(n) and isinstance(factors[n], int | float)]
        del added[room:]
        self.counters["skipped_names"] += len(named) - len(added)
        return added

    def _finite(self, array: NDArray[np.float64]) -> NDArray[np.float64]:
        infinite = np.isinf(array)
        if infinite.any():
            self.counters["infinite_values"] += int(infinite.sum())
            array[infinite] = _NAN
        return array
