"""RowSink: the rows of an archive for one folder, into files beside what is there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from backtests.importing.backfilling.market.conversion import Conversion, Hole, NotInOrderError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapters.catalog.writing.table_file import TableFile

type Spans = Sequence[tuple[int, int]]
"""Ranges of ``ts_init``, UNIX nanoseconds, both ends included, in order."""

MOST_HOLES: Final = 20
"""Holes of a file that are named one by one."""


class RowSink:
    """Writes rows of one folder into a file, or into one for each gap between taken ranges.

    Parameters
    ----------
    new_file : callable
        A schema → a new file.
    check : callable
        Called with each batch of rows; raises ArchiveError if it cannot be written.
    taken : sequence of tuple of int
        The ranges that the catalog has.
    result : Conversion
        Where counts, holes and ids are noted.

    """

    def __init__(
        self,
        new_file: Callable[[pa.Schema], TableFile],
        check: Callable[[pa.RecordBatch], None],
        taken: Spans,
        result: Conversion,
    ) -> None:
        self._new_file: Final = new_file
        self._check: Final = check
        self._starts: Final = np.array([first for first, _ in taken], np.int64)
        self._ends: Final = np.array([last for _, last in taken], np.int64)
        self._result: Final = result
        self._files: dict[int, TableFile] = {}
        self._last_ns = -1
        self._last_id: int | None = None

    def add(self, batch: pa.RecordBatch, series_id: str, *, is_last: bool) -> None:
        """Add rows.

        Parameters
        ----------
        batch : pyarrow.RecordBatch
            Nautilus's columns, in the order of ``ts_init``.
        series_id : str
            The column of ids that rise by one; empty: none.
        is_last : bool
            Whether these are all rows of the archive.

        Raises
        ------
        NotInOrderError
            If the rows, with those before, are not in order or repeat; all at once can be sorted.
        ArchiveError
            If they cannot be written.
        OSError
            Likewise.

        """
        if not batch.num_rows:
            return
        stamps: Any = numpy_of(batch.column("ts_init"))
        if stamps[0] < self._last_ns:
            raise NotInOrderError
        if series_id:
            batch = self._without_repeated(batch, series_id, stamps, is_last=is_last)
            stamps = numpy_of(batch.column("ts_init"))
        self._check(batch)
        if self._last_ns < 0:
            self._result.first_ns = min(int(stamps[0]), self._result.first_ns or int(stamps[0]))
        self._last_ns = int(stamps[-1])
        self._result.last_ns = max(self._last_ns, self._result.last_ns)
        for number, piece in self._pieces(batch, stamps):
            if number not in self._files:
                self._files[number] = self._new_file(batch.schema)
            self._files[number].append(piece)

    def finish(self) -> list[TableFile]:
        """Return the files, finished, in the order of time."""
        files = [self._files[number] for number in sorted(self._files)]
        for file in files:
            file.finish()
        return files

    def remove(self) -> None:
        """Give the files up."""
        for file in self._files.values():
            file.remove()

    def _pieces(self, batch: pa.RecordBatch, stamps: Any) -> Iterable[tuple[int, pa.RecordBatch]]:
        """Yield the rows outside the taken ranges, by the number of ranges before them."""
        before = int(np.searchsorted(self._starts, stamps[-1], side="right"))
        if not before or self._ends[before - 1] < stamps[0]:
            yield before, batch
            return
        number = np.searchsorted(self._starts, stamps, side="right")
        is_taken = (number > 0) & (stamps <= self._ends[number - 1])
        if is_taken.any():
            self._result.notes["there already"] += int(is_taken.sum())
        for one in np.unique(number[~is_taken]).tolist():
            yield one, batch.filter(pa.array((number == one) & ~is_taken))

    def _without_repeated(
        self, batch: pa.RecordBatch, series_id: str, stamps: Any, *, is_last: bool
    ) -> pa.RecordBatch:
        """Look for missing and repeated ids; the latter need the whole file at once."""
        ids = batch.column(series_id)
        first, last = int(ids[0].as_py()), int(ids[-1].as_py())
        follows = self._last_id is None or first == self._last_id + 1
        if follows and last - first + 1 == batch.num_rows:
            self._noted_ids(first, last)
            return batch
        numbers = numpy_of(ids.cast(pa.int64()))
        distances = np.diff(numbers, prepend=self._last_id or numbers[0] - 1)
        if (distances < 1).any():
            if not is_last:
                raise NotInOrderError
            order = np.lexsort((numbers, stamps))
            same = np.diff(numbers[order], prepend=numbers[order][0] - 1) == 0
            same &= np.diff(stamps[order], prepend=-1) == 0
            self._result.notes["repeated"] += int(same.sum())
            self._result.notes["not in order"] += int((distances < 0).sum())
            batch = batch.take(pa.array(order[~same]))
            numbers, stamps = numbers[order[~same]], stamps[order[~same]]
            distances = np.diff(numbers, prepend=numbers[0] - 1)
        for at in np.flatnonzero(distances > 1).tolist():
            count = int(distances[at]) - 1
            self._result.missing += count
            if len(self._result.holes) < MOST_HOLES:
                before = int(stamps[at - 1]) if at else self._last_ns
                hole = Hole(count=count, after_ns=before, until_ns=int(stamps[at]))
                self._result.holes.append(hole)
        self._noted_ids(int(numbers[0]), int(numbers[-1]))
        return batch

    def _noted_ids(self, first: int, last: int) -> None:
        self._result.ids = (self._result.ids[0] or first, last)
        self._last_id = last
