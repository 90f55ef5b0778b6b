"""RemadeFactors: the columns of a recording as a function makes them anew from a catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from adapters.command.instants import iso_instant

if TYPE_CHECKING:
    from pathlib import Path

REMADE_ERROR: Final = 1e-9
"""Of a value: what another rounding may change, and no later datum is hidden behind."""
RECORDED_ERROR: Final = 1e-6
"""Of a value: what a file with six significant digits rounds away."""
_OF_LARGEST: Final = 1e-3
"""So much of either error counts of the largest value of a column, for those close to 0."""
_NO_MORE: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class RemadeFactors:
    """Columns of factors; a value that is not NaN is known from its instant on.

    Attributes
    ----------
    names : tuple of str
        The factors.
    ts_init : int64 array of shape (records,)
        The instants, UNIX nanoseconds.
    values : float64 array of shape (records, names)
        The values; NaN where a factor has none.

    """

    names: tuple[str, ...]
    ts_init: NDArray[np.int64]
    values: NDArray[np.float64]

    def write(self, path: Path) -> None:
        """Write an uncompressed archive of arrays that holds no objects."""
        names = np.array(self.names, str)
        np.savez(path, names=names, ts_init=self.ts_init, values=self.values)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what :meth:`write` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            names = tuple(str(name) for name in stored["names"])
            return cls(names=names, ts_init=stored["ts_init"], values=stored["values"])

    def series(self, name: str, until_ns: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the instants and values of a factor up to an instant, itself included.

        Parameters
        ----------
        name : str
            One of ``names``.
        until_ns : int
            UNIX nanoseconds.

        """
        column = self.values[:, self.names.index(name)]
        known = np.flatnonzero(~np.isnan(column) & (self.ts_init <= until_ns))
        known = known[np.argsort(self.ts_init[known], kind="stable")]
        return self.ts_init[known], column[known]

    def as_of(self, ts_init: NDArray[np.int64]) -> Self:
        """Return the newest value of each factor at some instants: a recording may repeat it.

        Parameters
        ----------
        ts_init : int64 array of shape (records,)
            The instants, UNIX nanoseconds.

        """
        values = np.full((len(ts_init), len(self.names)), np.nan)
        for number, name in enumerate(self.names):
            ts, column = self.series(name, np.iinfo(np.int64).max)
            at = np.searchsorted(ts, ts_init, side="right") - 1
            values[at >= 0, number] = column[at[at >= 0]]
        return type(self)(names=self.names, ts_init=ts_init, values=values)

    def count(self, until_ns: int) -> int:
        """Return how many values are known up to an instant, UNIX nanoseconds."""
        return int(np.count_nonzero(~np.isnan(self.values[self.ts_init <= until_ns])))


def first_changed(
    before: RemadeFactors, after: RemadeFactors, until_ns: int, error: float = REMADE_ERROR
) -> str:
    """Compare the values that are known up to an instant.

    Parameters
    ----------
    before, after : RemadeFactors
        The columns; ``before`` states which are compared.
    until_ns : int
        UNIX nanoseconds; values at it count.
    error : float
        The relative difference from which on two values differ.

    Returns
    -------
    str
        The earliest difference as a clause, with name, instant and both values; empty without
        one.

    """
    found = []
    for name in before.names:
        if name not in after.names:
            return f"{name} is not made"
        one, other = before.series(name, until_ns), after.series(name, until_ns)
        if difference := _first_of_column(name, one, other, error):
            found.append(difference)
    return min(found)[1] if found else ""


def _first_of_column(
    name: str,
    one: tuple[NDArray[np.int64], NDArray[np.float64]],
    other: tuple[NDArray[np.int64], NDArray[np.float64]],
    error: float,
) -> tuple[int, str] | None:
    count = min(len(one[0]), len(other[0]))
    (ts, values), (other_ts, other_values) = one, other
    a, b = values[:count], other_values[:count]
    finite = np.abs(values[np.isfinite(values)])
    floor = error * _OF_LARGEST * float(finite.max(initial=0.0))
    with np.errstate(invalid="ignore"):
        is_same = (a == b) | (np.abs(a - b) <= np.maximum(error * np.abs(a), floor))
    differs = np.flatnonzero((ts[:count] != other_ts[:count]) | ~is_same)
    at = int(differs[0]) if len(differs) else count
    first_ns = int(ts[at]) if at < len(ts) else _NO_MORE
    second_ns = int(other_ts[at]) if at < len(other_ts) else _NO_MORE
    at_ns = min(first_ns, second_ns)
    if at_ns == _NO_MORE:
        return None
    was, now = (
        repr(float(column[at])) if ns == at_ns else "missing"
        for ns, column in ((first_ns, values), (second_ns, other_values))
    )
    return at_ns, f"{name} at {iso_instant(at_ns)} was {was} and is {now}"
