"""Known factors: the value that each factor had at given instants, as a strategy would have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from adapters.catalog import FactorCatalog
    from dolphin_strategies.factors.batch import FactorBatch

RECORDS_OF_AGE: Final = 10
"""Mean distances of a factor's records for which its value holds by default."""


class KnownFactors:
    """The newest value of each factor at each instant, from records in the order of ``ts_init``.

    Parameters
    ----------
    names : sequence of str
        The factors.
    instants : int64 array of shape (instants,)
        UNIX nanoseconds, rising.
    max_ages_ns : int64 array of shape (factors,)
        How long a record of each factor holds.

    Attributes
    ----------
    values : float64 array of shape (instants, factors), in the order of columns
        The value in the last record at or before the instant that has the factor; NaN where
        that record has no value, or is too old.
    records, distinct : int64 arrays of shape (factors,)
        Records with a value, and how many of these differ from the one before.

    """

    def __init__(
        self,
        names: Sequence[str],
        instants: NDArray[np.int64],
        max_ages_ns: NDArray[np.int64],
    ) -> None:
        self.values = np.full((len(instants), len(names)), np.nan, order="F")
        self.records = np.zeros(len(names), np.int64)
        self.distinct = np.zeros(len(names), np.int64)
        self._place: Final = {name: i for i, name in enumerate(names)}
        self._instants: Final = instants
        self._max_ages_ns: Final = max_ages_ns
        self._answered = np.zeros(len(names), np.int64)
        self._last_ns = np.full(len(names), np.iinfo(np.int64).min // 2)
        self._last = np.full(len(names), np.nan)

    def take(self, batch: FactorBatch) -> None:
        """Take the next records, which are not before those taken already."""
        pairs = [
            (i, self._place[name]) for i, name in enumerate(batch.schema) if name in self._place
        ]
        if not pairs or not len(batch.ts_init):
            return
        ts = batch.ts_init
        first = int(np.searchsorted(self._instants, ts[0], side="left"))
        last = int(np.searchsorted(self._instants, ts[-1], side="right"))
        own = self._instants[first:last]
        at = np.searchsorted(ts, own, side="right") - 1
        age_ns = own - ts[at]
        for column, place in pairs:
            self._until(place, first)
            series = batch.values[:, column]
            if last > first:
                is_young = age_ns <= self._max_ages_ns[place]
                self.values[first:last, place] = np.where(is_young, series[at], np.nan)
                self._answered[place] = last
            self._count(place, series)
            self._last_ns[place], self._last[place] = ts[-1], series[-1]

    def finish(self) -> None:
        """Answer the instants after the last record of each factor."""
        for place in range(len(self._last)):
            self._until(place, len(self._instants))

    def _until(self, place: int, row: int) -> None:
        answered = int(self._answered[place])
        if row > answered:
            end_ns = self._last_ns[place] + self._max_ages_ns[place]
            until = int(np.searchsorted(self._instants, end_ns, side="right"))
            self.values[answered : min(row, until), place] = self._last[place]
            self._answered[place] = row

    def _count(self, place: int, series: NDArray[np.float64]) -> None:
        known = series[~np.isnan(series)]
        if len(known):
            self.records[place] += len(known)
            changed = np.count_nonzero(known[1:] != known[:-1])
            self.distinct[place] += changed + (known[0] != self._last[place])


def max_ages_ns(
    catalog: FactorCatalog,
    recordings: Sequence[str] | None,
    names: Sequence[str],
    step_ns: int,
    asked_ns: int | None,
) -> NDArray[np.int64]:
    """Return how long a record of each factor holds.

    Parameters
    ----------
    catalog : FactorCatalog
        The catalog.
    recordings : sequence of str, optional
        The recordings to consider; all by default.
    names : sequence of str
        The factors.
    step_ns : int
        The least that a record holds.
    asked_ns : int, optional
        What the user asked for; by default ten mean distances of the records in the files.

    Returns
    -------
    int64 array of shape (factors,)
        Nanoseconds.

    """
    if asked_ns is not None:
        return np.full(len(names), asked_ns, np.int64)
    found = np.full(len(names), step_ns, np.int64)
    for recording in catalog.recordings():
        if recordings is not None and recording.name not in recordings:
            continue
        for schema in recording.schemas:
            files = [f for f in recording.files if f.schema == schema]
            gaps = sum(f.rows - 1 for f in files)
            mean_ns = sum(f.last_ns - f.first_ns for f in files) // max(gaps, 1)
            for i, name in enumerate(names):
                if name in schema:
                    found[i] = max(found[i], RECORDS_OF_AGE * mean_ns)
    return found


def read_factors(
    catalog: FactorCatalog,
    recordings: Sequence[str] | None,
    known: KnownFactors,
    window: tuple[int, int],
    show: Callable[[int, int], None],
) -> None:
    """Read the records of a window once, in bounded memory.

    Parameters
    ----------
    catalog : FactorCatalog
        The catalog.
    recordings : sequence of str, optional
        The recordings to read; all by default.
    known : KnownFactors
        Takes the records.
    window : tuple of int
        Its start and its exclusive end, UNIX nanoseconds.
    show : callable
        Called after each piece with the records so far and the instant of the newest.

    Raises
    ------
    ConfigError
        If there is no such recording.

    """
    rows = 0
    for batch in catalog.batches(*window, recordings=recordings):
        known.take(batch)
        rows += len(batch.ts_init)
        show(rows, int(batch.ts_init[-1]))
    known.finish()
