"""Factors with a drill in them: no value, an old one, a wrong one, no name, or no record."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.run.drills.failures.late_factors import late
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from backtests.run.drills.drill import Drill
    from dolphin_strategies.factors.batch import FactorBatch

    type Count = Callable[[int], None]
    type Transform = Callable[[Iterable[FactorBatch], Drill, Count], Iterator[FactorBatch]]


def drilled(
    batches: Iterable[FactorBatch], drill: Drill, count: Count = lambda _: None
) -> Iterator[FactorBatch]:
    """Yield records with a failure in the drill's window; all others are as they were.

    Parameters
    ----------
    batches : iterable of FactorBatch
        In the order of ``ts_init``.
    drill : Drill
        A drill of factors or of the feed.
    count : callable
        Called with numbers of records in the window that the drill hits.

    """
    return _TRANSFORMS[drill.kind](batches, drill, count)


def window_of(batch: FactorBatch, drill: Drill) -> tuple[int, int]:
    """Return the positions of the first record in a drill's window and of the first after it."""
    first, end = np.searchsorted(batch.ts_init, [drill.start, drill.end_ns])
    return int(first), int(end)


def columns_of(schema: FactorSchema, drill: Drill) -> NDArray[np.int64]:
    """Return the positions of the factors that a drill hits, of shape (factors hit,)."""
    return np.array([i for i, name in enumerate(schema) if drill.hits(name)], np.int64)


def _parts(
    batches: Iterable[FactorBatch], drill: Drill, count: Count
) -> Iterator[tuple[FactorBatch, NDArray[np.int64] | None]]:
    """Yield parts of batches, and which columns the drill hits; None outside of its window."""
    for batch in batches:
        first, end = window_of(batch, drill)
        columns = columns_of(batch.schema, drill) if first < end else None
        if columns is None or not len(columns):
            yield batch, None
            continue
        count(end - first)
        if first:
            yield batch[:first], None
        yield batch[first:end], columns
        if end < len(batch):
            yield batch[end:], None


def _changed(
    part: FactorBatch, columns: NDArray[np.int64], values: NDArray[np.float64] | float
) -> FactorBatch:
    """Return records with other values in some columns."""
    changed = part.values.copy()
    changed[:, columns] = values
    return dataclasses.replace(part, values=changed)


def _nan(batches: Iterable[FactorBatch], drill: Drill, count: Count) -> Iterator[FactorBatch]:
    for part, columns in _parts(batches, drill, count):
        yield part if columns is None else _changed(part, columns, np.nan)


def _jump(batches: Iterable[FactorBatch], drill: Drill, count: Count) -> Iterator[FactorBatch]:
    times = 1.0 if drill.times is None else drill.times
    plus = drill.plus or 0.0
    for part, columns in _parts(batches, drill, count):
        if columns is None:
            yield part
        else:
            with np.errstate(over="ignore"):
                values = part.values[:, columns] * times + plus
            # What is infinite is no value, as in a region.
            yield _changed(part, columns, np.where(np.isfinite(values), values, np.nan))


def _freeze(batches: Iterable[FactorBatch], drill: Drill, count: Count) -> Iterator[FactorBatch]:
    """Hold the newest value from before the window; where there is none, the first one in it."""
    held: dict[str, float] = {}
    for part, columns in _parts(batches, drill, count):
        if columns is None:
            if part.ts_init[0] < drill.start:
                _remember(held, part, drill)
            yield part
            continue
        values = part.values[:, columns]
        for j, column in enumerate(columns):
            name = part.schema.names[column]
            known = np.flatnonzero(~np.isnan(values[:, j]))
            if name in held:
                values[:, j] = held[name]
            elif len(known):
                held[name] = values[known[0], j]
                values[known[0] :, j] = held[name]
        yield _changed(part, columns, values)


def _remember(held: dict[str, float], part: FactorBatch, drill: Drill) -> None:
    for column in columns_of(part.schema, drill):
        known = part.values[~np.isnan(part.values[:, column]), column]
        if len(known):
            held[part.schema.names[column]] = float(known[-1])


def _lose_name(
    batches: Iterable[FactorBatch], drill: Drill, count: Count
) -> Iterator[FactorBatch]:
    """Yield records of a schema without the names; none where no other name is left."""
    for part, columns in _parts(batches, drill, count):
        if columns is None:
            yield part
            continue
        kept = np.setdiff1d(np.arange(len(part.schema)), columns)
        if len(kept):
            schema = FactorSchema([part.schema.names[i] for i in kept])
            values = np.ascontiguousarray(part.values[:, kept])
            yield dataclasses.replace(part, schema=schema, values=values)


def _feed_stop(
    batches: Iterable[FactorBatch], drill: Drill, count: Count
) -> Iterator[FactorBatch]:
    for part, columns in _parts(batches, drill, count):
        if columns is None:
            yield part


_TRANSFORMS: Final[dict[str, Transform]] = {
    "nan": _nan,
    "freeze": _freeze,
    "jump": _jump,
    "late": late,
    "lose_name": _lose_name,
    "feed_stop": _feed_stop,
}
