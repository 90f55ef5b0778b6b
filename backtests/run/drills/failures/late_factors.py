"""Factors that come late in a drill's window, in order, the last of them at its end."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from backtests.run.drills.drill import Drill
    from dolphin_strategies.factors.schema import FactorSchema


def late(
    batches: Iterable[FactorBatch], drill: Drill, count: Callable[[int], None]
) -> Iterator[FactorBatch]:
    """Yield records of which some or all factors arrive later.

    A value of the window arrives ``delay`` after its record, at the window's end at the latest:
    what was held up then comes at once, in order. If all factors are late, records come later
    and are otherwise unchanged. If some are, there is a record at each instant at which a value
    arrives; each factor has the newest value that has arrived, and ``ts_event`` is that of the
    newest record from which it has one.

    Parameters
    ----------
    batches : iterable of FactorBatch
        In the order of ``ts_init``.
    drill : Drill
        The drill.
    count : callable
        Called with numbers of records in the window of which a value is late.

    """
    held = _Held(drill)
    for batch in batches:
        is_late = np.array([drill.hits(name) for name in batch.schema], np.bool_)
        first, end = (int(i) for i in np.searchsorted(batch.ts_init, [drill.start, drill.end_ns]))
        if first:
            held.see(batch[first - 1 : first])
            yield batch[:first]
        if first < end and is_late.any():
            count(end - first)
            yield from held.add(batch[first:end], is_late)
        elif first < end:
            yield from held.among(batch[first:end])
        if end < len(batch):
            yield from held.rest(int(batch.ts_init[end]))
            yield batch[end:]
    yield from held.rest(None)


class _Held:
    """The records of the window of which something has not arrived yet, all of one schema."""

    def __init__(self, drill: Drill) -> None:
        self._delay_ns = 0 if drill.delay is None else drill.delay.ns
        self._start_ns = int(drill.start)
        self._end_ns = drill.end_ns
        self._batch: FactorBatch | None = None
        self._is_late = np.empty(0, np.bool_)
        self._done_ns = self._start_ns

    def see(self, newest: FactorBatch) -> None:
        """Take the newest record from before the window, which has arrived."""
        self._batch = newest

    def add(self, batch: FactorBatch, is_late: NDArray[np.bool_]) -> Iterator[FactorBatch]:
        """Add records of the window; yield what has arrived before the last of them."""
        self._is_late = is_late
        if self._batch is None:
            self._batch = batch
        else:
            self._batch = _joined(_renamed(self._batch, batch.schema), batch)
        yield from self._until(int(batch.ts_init[-1]))

    def among(self, batch: FactorBatch) -> Iterator[FactorBatch]:
        """Yield records of the window without a late factor, and in their order what arrives."""
        for instant_ns in self._arrivals(int(batch.ts_init[-1])):
            first = int(np.searchsorted(batch.ts_init, instant_ns))
            if first:
                yield batch[:first]
            yield from self._until(instant_ns + 1)
            batch = batch[first:]
        yield batch

    def rest(self, next_ns: int | None) -> Iterator[FactorBatch]:
        """Yield what arrives at the end of the window, unless the next record has it anyway.

        Parameters
        ----------
        next_ns : int, optional
            ``ts_init`` of the first record after the window, UNIX nanoseconds; None: none.

        """
        has_it = next_ns == self._end_ns and not self._is_late.all()
        yield from self._until(self._end_ns + (0 if has_it else 1))
        self._batch = None

    def _arrivals(self, until_ns: int) -> list[int]:
        """Return the next instants at which values come, UNIX nanoseconds."""
        if self._batch is None:
            return []
        instants = self._arrival(self._batch)
        if not self._is_late.all():
            instants = np.concatenate([instants, self._batch.ts_init])
        instants = np.unique(instants)
        return [int(ns) for ns in instants if self._done_ns <= ns < until_ns]

    def _arrival(self, batch: FactorBatch) -> NDArray[np.int64]:
        """Return when the late values of records come, of shape (records,), UNIX nanoseconds."""
        ts = batch.ts_init
        return np.where(ts < self._start_ns, ts, np.minimum(ts + self._delay_ns, self._end_ns))

    def _until(self, until_ns: int) -> Iterator[FactorBatch]:
        """Yield the records that have arrived before an instant."""
        batch = self._batch
        if batch is None:
            return
        ts, arrival = batch.ts_init, self._arrival(batch)
        if self._is_late.all():
            first, end = np.searchsorted(arrival, [self._done_ns, until_ns])
            first = max(first, int(np.searchsorted(ts, self._start_ns)))
            made = dataclasses.replace(batch, ts_init=arrival)[first:end]
            keep = end
        else:
            made = self._as_of(batch, arrival, until_ns)
            # The newest value that has arrived of each factor stays.
            keep = max(int(np.searchsorted(arrival, until_ns)) - 1, 0)
        self._done_ns = max(self._done_ns, until_ns)
        self._batch = batch[int(keep) :]
        if len(made):
            yield made

    def _as_of(self, batch: FactorBatch, arrival: NDArray[np.int64], until_ns: int) -> FactorBatch:
        """Return a record for each instant at which a value arrives.

        ``arrival`` is an int64 array of shape (records,): when the late values come, UNIX
        nanoseconds.
        """
        late_ones, others = np.flatnonzero(self._is_late), np.flatnonzero(~self._is_late)
        on_time = batch.ts_init
        instants = np.unique(np.concatenate([on_time, arrival]) if len(late_ones) else on_time)
        instants = instants[slice(*np.searchsorted(instants, [self._done_ns, until_ns]))]
        values = np.full((len(instants), len(batch.schema)), np.nan)
        ts_event = np.zeros(len(instants), np.int64)
        sequence = np.zeros(len(instants), np.uint64)
        for columns, arrived in ((others, on_time), (late_ones, arrival)):
            newest = np.searchsorted(arrived, instants, side="right") - 1
            rows = np.flatnonzero(newest >= 0)
            values[np.ix_(rows, columns)] = batch.values[np.ix_(newest[rows], columns)]
            if len(columns):
                np.maximum.at(ts_event, rows, batch.ts_event[newest[rows]])
                np.maximum.at(sequence, rows, batch.sequence[newest[rows]])
        return FactorBatch(
            schema=batch.schema,
            sequence=sequence,
            ts_event=ts_event,
            ts_init=instants,
            values=values,
            stream_id=batch.stream_id,
        )


def _renamed(batch: FactorBatch, schema: FactorSchema) -> FactorBatch:
    """Return records under another schema; a name that they lack has no value."""
    if batch.schema == schema:
        return batch
    values = np.full((len(batch), len(schema)), np.nan)
    for i, name in enumerate(schema):
        if name in batch.schema:
            values[:, i] = batch.values[:, batch.schema.index(name)]
    return dataclasses.replace(batch, schema=schema, values=values)


def _joined(first: FactorBatch, second: FactorBatch) -> FactorBatch:
    return FactorBatch(
        schema=second.schema,
        sequence=np.concatenate([first.sequence, second.sequence]),
        ts_event=np.concatenate([first.ts_event, second.ts_event]),
        ts_init=np.concatenate([first.ts_init, second.ts_init]),
        values=np.concatenate([first.values, second.values]),
        stream_id=second.stream_id,
    )
