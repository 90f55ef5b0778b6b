"""Merging the records of several files in the order of ts_init."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.records.duplicate_records import Once


class Cursor:
    """A position before the next record of one file.

    Parameters
    ----------
    batches : iterator of FactorBatch
        The file's records in the order of ``ts_init``; not read before its time comes.
    first_ns : int
        A lower bound of the records' ``ts_init``, UNIX nanoseconds.

    """

    def __init__(self, batches: Iterator[FactorBatch], first_ns: int) -> None:
        self.head_ns = first_ns
        self._batches: Final = batches
        self._batch: FactorBatch | None = None

    def open(self) -> bool:
        """Load the next records; return whether there are any."""
        while self._batch is None or not len(self._batch):
            self._batch = next(self._batches, None)
            if self._batch is None:
                return False
        self.head_ns = int(self._batch.ts_init[0])
        return True

    @property
    def last_ns(self) -> int:
        """The last loaded ``ts_init``."""
        return self.head_ns if self._batch is None else int(self._batch.ts_init[-1])

    def take(self, before_ns: int) -> FactorBatch | None:
        """Return the loaded records before an instant; None if there are none."""
        batch = self._batch
        if batch is None or not (end := int(np.searchsorted(batch.ts_init, before_ns))):
            return None
        self._batch = None if end == len(batch) else batch[end:]
        if self._batch is not None:
            self.head_ns = int(self._batch.ts_init[0])
        return batch if end == len(batch) else batch[:end]


def merged(cursors: Sequence[Cursor], once: Once, max_rows: int) -> Iterator[FactorBatch]:
    """Yield the records of all files in the order of ``ts_init``.

    Records with the same ``ts_init`` are in the order of their files. Only files that overlap in
    time are open at once, and each holds one batch in memory.

    Parameters
    ----------
    cursors : sequence of Cursor
        One for each file; their order decides ties.
    once : Once
        Remembers the records yielded already.
    max_rows : int
        The largest batch.

    """
    # The earliest is last.
    later = sorted(enumerate(cursors), key=lambda c: (c[1].head_ns, c[0]), reverse=True)
    now: dict[int, Cursor] = {}
    while now or later:
        slices = _next_slices(now, later)
        for batch in _interleaved(slices, once):
            for at in range(0, len(batch), max_rows):
                yield batch if len(batch) <= max_rows else batch[at : at + max_rows]


def _next_slices(now: dict[int, Cursor], later: list[tuple[int, Cursor]]) -> list[FactorBatch]:
    """Take all records up to the first instant after which a file has none loaded."""
    for rank in [rank for rank, cursor in now.items() if not cursor.open()]:
        del now[rank]
    until = min(((c.last_ns, rank) for rank, c in now.items()), default=None)
    while later and (until is None or later[-1][1].head_ns <= until[0]):
        rank, cursor = later.pop()
        if cursor.open():
            now[rank] = cursor
            until = min(until or (cursor.last_ns, rank), (cursor.last_ns, rank))
    if until is None:
        return []
    # A later file's records of that instant wait: an earlier file may have more of them.
    taken = [now[rank].take(until[0] + (rank <= until[1])) for rank in sorted(now)]
    return [batch for batch in taken if batch is not None]


def _interleaved(slices: list[FactorBatch], once: Once) -> Iterator[FactorBatch]:
    """Merge batches in memory into one batch for each run of one schema and stream."""
    if len(slices) == 1:
        is_new = once.is_new(slices[0].stream_id, slices[0].sequence)
        yield from [slices[0]] if is_new.all() else [slices[0][is_new]] * bool(is_new.any())
        return
    if not slices:
        return
    lengths = [len(s) for s in slices]
    order = np.argsort(np.concatenate([s.ts_init for s in slices]), kind="stable")
    owner = np.repeat(np.arange(len(slices)), lengths)[order]
    row = np.concatenate([np.arange(n) for n in lengths])[order]
    sequence = np.concatenate([s.sequence for s in slices])[order]
    streams = np.array([s.stream_id for s in slices], np.uint64)[owner]
    is_new = np.ones(len(order), bool)
    for stream_id in {s.stream_id for s in slices}:
        of_stream = streams == np.uint64(stream_id)
        is_new[of_stream] = once.is_new(stream_id, sequence[of_stream])
    owner, row = owner[is_new], row[is_new]
    if not len(owner):
        return
    kinds = {kind: i for i, kind in enumerate(dict.fromkeys(map(_kind, slices)))}
    kind = np.array([kinds[_kind(s)] for s in slices])[owner]
    breaks = (np.flatnonzero(np.diff(kind)) + 1).tolist()
    for begin, end in zip([0, *breaks], [*breaks, len(kind)], strict=True):
        yield _gathered(slices, owner[begin:end], row[begin:end])


def _gathered(
    slices: list[FactorBatch], owner: NDArray[np.int64], row: NDArray[np.int64]
) -> FactorBatch:
    """Return the given rows of batches of one schema and stream as one batch."""
    owners = np.unique(owner).tolist()
    if len(owners) == 1:
        only: FactorBatch = slices[owners[0]][row]
        return only
    first, n = slices[owners[0]], len(owner)
    joined = FactorBatch(
        schema=first.schema,
        stream_id=first.stream_id,
        sequence=np.empty(n, np.uint64),
        ts_event=np.empty(n, np.int64),
        ts_init=np.empty(n, np.int64),
        values=np.empty((n, len(first.schema))),
    )
    for i in owners:
        at = owner == i
        taken = slices[i][row[at]]
        for name in ("sequence", "ts_event", "ts_init", "values"):
            getattr(joined, name)[at] = getattr(taken, name)
    return joined


def _kind(batch: FactorBatch) -> tuple[object, int]:
    return batch.schema, batch.stream_id
