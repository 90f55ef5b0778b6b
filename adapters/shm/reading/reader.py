"""FactorReader: reads one region file, from any number of processes."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.shm._region import ffi, lib
from adapters.shm.reading.attachment import NOTHING, RECORD, Attachment
from adapters.shm.reading.batch_buffers import BatchBuffers
from adapters.shm.region import region_layout
from adapters.shm.region.hot_calls import address_of, read_latest, read_latest_into, read_next
from dolphin_strategies.factors.external_factors import ExternalFactors

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from dolphin_strategies.factors.batch import FactorBatch


class FactorReader(Attachment):
    """Read the records of a region.

    A reader stands at a position, the sequence of the last record it has handed out. A new
    reader stands just before the newest record. For every reader, the records published since
    then are exactly ``delivered + conflated + lost`` plus those still to come.

    Parameters
    ----------
    path : path-like
        Where the region lies.
    trusted_uids : collection of int
        Users besides this process's own whose region is attached.
    clock_ns : callable
        Gives ``ts_init``; UNIX nanoseconds.

    Raises
    ------
    RegionNotReadyError
        If there is nothing at the path yet.
    RegionError
        If the file is not a region that may be trusted.

    Notes
    -----
    For one thread. The region is mapped read-only. No call blocks but ``wait`` and ``spin``,
    which take a limit. One reader stays with one file; when the producer's names change, the
    calls raise :class:`RegionMovedError` after the last record of the old file.

    """

    def __init__(
        self,
        path: str | os.PathLike[str] = region_layout.DEFAULT_PATH,
        *,
        trusted_uids: Collection[int] = (),
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(path, trusted_uids)
        self._clock_ns: Final = clock_ns
        self._making: Final = (ExternalFactors, self.schema, clock_ns, self.stream_id)
        self._address: Final = address_of(self._r)
        self._last: ExternalFactors | None = None
        self._prepared: Any = object()  # which no caller can pass
        self._prepared_address = 0
        self._batch: BatchBuffers | None = None

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record if it is after the position, and move there.

        Parameters
        ----------
        spin_ns : int
            How long to busy-wait for a record, nanoseconds.

        Raises
        ------
        RegionMovedError
            If no more records will come in this file.
        RegionError
            If the reader is closed or the region contradicts itself.

        """
        # None is compared first: isinstance takes 15 ns longer to reject it.
        got = read_latest(self._address, spin_ns, self._making)
        if got is not None and isinstance(got, int):
            raise self._error_of(got)
        return got

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the first record after the position that the ring still holds, and move there.

        Parameters
        ----------
        spin_ns : int
            How long to busy-wait for a record, nanoseconds.

        Raises
        ------
        RegionMovedError
            If no more records will come in this file.
        RegionError
            If the reader is closed or the region contradicts itself.

        """
        # As in read_latest.
        got = read_next(self._address, spin_ns, self._making)
        if got is not None and isinstance(got, int):
            raise self._error_of(got)
        return got

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the records after the position that the ring still holds, and move there.

        Parameters
        ----------
        limit : int
            The largest number of records, 1 or more; a call returns at most the ring's records.

        Returns
        -------
        FactorBatch or None
            All with one ``ts_init``, taken after the last record was copied; None: no record.

        Raises
        ------
        ValueError
            If ``limit`` is not positive.
        RegionMovedError
            If no more records will come in this file.
        RegionError
            If the reader is closed or the region contradicts itself.

        Notes
        -----
        The interpreter's lock is released while C copies.

        """
        if limit < 1:
            msg = f"limit: expected 1 or more, found {limit}"
            raise ValueError(msg)
        self._require_open()
        rows = min(limit, self.capacity)
        if self._batch is None or self._batch.rows < rows:
            self._batch = BatchBuffers(self.schema, self.stream_id, rows)
        batch = self._batch
        batch.c.limit = rows
        with self._in_c:
            result = lib.region_read_batch(self._r, batch.c)
        if result == RECORD:
            return batch.take(self._clock_ns())
        if result not in {NOTHING, -errno.EAGAIN}:
            raise self._error_of(result)
        return None

    def latest(self) -> ExternalFactors | None:
        """Return the newest record, even if it was handed out before; None before the first.

        Raises
        ------
        RegionError
            As ``read_latest``.

        """
        newest = self.read_latest()
        if newest is None and self._last is not None and self._last.sequence == self.position:
            return self._last
        self._last = newest or self._read_again()
        return self._last

    def _read_again(self) -> ExternalFactors | None:
        """Read the record at the position again, without counting it twice."""
        r, position = self._r, self.position
        if position < self.first_sequence:
            return None
        r.position = position - 1
        f = self.read_latest()
        if f is None:
            r.position = position
        elif f.sequence == position:
            r.delivered -= 1
        else:
            r.conflated -= 1
        return f

    def since(self, position: int) -> tuple[list[ExternalFactors], int]:
        """Return all records after a position, in order, and how many this file lacks of them.

        Raises
        ------
        RegionError
            As ``read_next``.

        """
        self.position = max(position, self.first_sequence - 1)
        lost = self.lost - (self.position - position)
        records = []
        end = self.status().published
        while self.position < end and (record := self.read_next()) is not None:
            records.append(record)
        return records, self.lost - lost

    def latest_into(self, values: NDArray[np.float64]) -> int:
        """Copy the newest record's values into an array if it is after the position.

        Parameters
        ----------
        values : numpy.ndarray
            Writable contiguous float64 of shape ``(len(schema),)``; passing the same array again
            is fastest.

        Returns
        -------
        int
            The record's sequence, or 0 if there is none after the position.

        Raises
        ------
        TypeError
            If ``values`` is not a float64 array.
        ValueError
            If its shape is wrong, or it is not contiguous or read-only.
        RegionError
            As ``read_latest``.

        """
        if values is not self._prepared:
            self._check_values(values)
            self._prepared_address = address_of(ffi.from_buffer(values))
            self._prepared = values
        sequence = read_latest_into(self._address, self._prepared_address)
        if sequence < 0:
            raise self._error_of(sequence)
        return sequence

    def _check_values(self, values: object) -> None:
        if not isinstance(values, np.ndarray) or values.dtype != np.float64:
            kind = getattr(values, "dtype", type(values).__name__)
            msg = f"values: expected a numpy float64 array, found {kind}"
            raise TypeError(msg)
        flags = values.flags
        if values.shape != (len(self.schema),) or not (flags.c_contiguous and flags.writeable):
            msg = (
                f"values: expected writable contiguous shape ({len(self.schema)},), "
                f"found {values.shape}"
            )
            raise ValueError(msg)
