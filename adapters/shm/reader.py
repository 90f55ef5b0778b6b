"""FactorReader: reads one region file, from any number of processes."""

from __future__ import annotations

import errno
import os
import select
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from adapters.shm._region import ffi, lib
from adapters.shm.batch_buffers import BatchBuffers
from adapters.shm.region import files, layout
from adapters.shm.region.hot_calls import address_of, read_latest, read_latest_into, read_next
from adapters.shm.region.wakeups import Waiter
from dolphin_strategies.errors import RegionError, RegionNotReadyError
from dolphin_strategies.factors.external_factors import ExternalFactors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import TracebackType

    from numpy.typing import NDArray

    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.schema import FactorSchema

NOTHING: Final = int(lib.REGION_NOTHING)
RECORD: Final = int(lib.REGION_RECORD)
LONGEST_POLL_S: Final = 60.0
LONGEST_SPIN_NS: Final = 10_000_000


class RegionMovedError(RegionError):
    """The region goes on in another file at the same path, or is gone: open a new reader."""


class WriterStatus(NamedTuple):
    """What a region says of its writer."""

    alive: bool
    """Whether a process holds the writer's lock."""
    state: int
    """``REGION_LIVE``, ``REGION_SUPERSEDED`` or ``REGION_CLOSED``."""
    pid: int
    heartbeat_mono_ns: int
    """``CLOCK_MONOTONIC`` nanoseconds of the last record or heartbeat."""
    published: int
    """Sequence of the newest record; 0 before the first."""


class FactorReader:
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
        If what is there is not a region that may be trusted.

    Notes
    -----
    For one thread. The region is mapped read-only. No call blocks but ``wait`` and ``spin``,
    which take a limit. One reader stays with one file; when the producer's names change, the
    calls raise :class:`RegionMovedError` after the last record of the old file.

    """

    def __init__(
        self,
        path: str | os.PathLike[str] = layout.DEFAULT_PATH,
        *,
        trusted_uids: Collection[int] = (),
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.path: Final = Path(path).absolute()
        self._trusted_uids = trusted_uids
        self._clock_ns = clock_ns
        self._waiter: Waiter | None = None
        self._last: ExternalFactors | None = None
        self._r = ffi.new("struct region_reader *")
        self._address = address_of(self._r)
        self._folder_fd = self._lock_fd = -1
        self._fd = files.open_region(self.path, os.O_RDONLY, trusted_uids)
        try:
            found = layout.check(self._fd, self.path)
            self._folder_fd, self._lock_fd = self._open_folder()
            self._mapping = files.Mapping(self._fd, found.layout.file_size, writable=False)
        except BaseException:
            self._close_fds()
            raise
        lay = found.layout
        self.schema: Final[FactorSchema] = lay.schema
        self.stream_id: Final = found.stream_id
        self.first_sequence: Final = found.first_sequence
        self._size = lay.file_size
        self._prepared: Any = object()  # which no caller can pass
        self._prepared_address = 0
        self._batch: BatchBuffers | None = None
        self._status = ffi.new("uint64_t[4]")
        r = self._r
        r.control = self._mapping.pointer("struct region_control *", lay.snapshot_size)
        r.ring = self._mapping.pointer("uint8_t *", lay.ring_offset)
        r.factor_count = len(lay.schema)
        r.record_size = lay.record_size
        r.capacity = lay.capacity
        r.position = max(found.published - 1, found.first_sequence - 1)
        files.close_in_forked_child(self)

    def _open_folder(self) -> tuple[int, int]:
        """Open the folder beside the region, and the writer's lock in it."""
        folder_fd = files.open_folder(self.path, create=False, trusted_uids=self._trusted_uids)
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            return folder_fd, os.open("lock", flags, dir_fd=folder_fd)
        except OSError as error:
            os.close(folder_fd)
            msg = f"{files.folder_of(self.path)}/lock: {error.strerror}; its producer is starting"
            raise RegionNotReadyError(msg) from None

    @property
    def capacity(self) -> int:
        """Records in the ring; all but one of them can be read at any time."""
        return int(self._r.capacity)

    # ---- position and counters ---------------------------------------------------------------

    @property
    def position(self) -> int:
        """Sequence of the last record handed out; reading goes on after it."""
        return int(self._r.position)

    @position.setter
    def position(self, sequence: int) -> None:
        self._r.position = sequence

    @property
    def delivered(self) -> int:
        """Records handed out."""
        return int(self._r.delivered)

    @property
    def conflated(self) -> int:
        """Records skipped because a newer one was there."""
        return int(self._r.conflated)

    @property
    def lost(self) -> int:
        """Records that the ring no longer held when they were asked for."""
        return int(self._r.lost)

    @property
    def rejected(self) -> int:
        """Looks at the region that found it contradicting itself."""
        return int(self._r.rejected)

    # ---- reading -----------------------------------------------------------------------------

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record if it is after the position, and move there.

        Parameters
        ----------
        spin_ns : int
            Watch up to so many nanoseconds, with the CPU busy, for one to come.

        Raises
        ------
        RegionMovedError
            If no more records will come in this file.
        RegionError
            If the reader is closed or the region contradicts itself.

        """
        got = read_latest(self._address, spin_ns)
        if isinstance(got, int):
            if got != NOTHING:
                self._raise_for(got)
            return None
        payload, ts_event, sequence, mono_ns = got
        return ExternalFactors(
            self.schema, payload, ts_event, self._clock_ns(), sequence, mono_ns, self.stream_id
        )

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the first record after the position that the ring still holds, and move there.

        Parameters
        ----------
        spin_ns : int
            Watch up to so many nanoseconds, with the CPU busy, for one to come.

        Raises
        ------
        RegionMovedError
            If no more records will come in this file.
        RegionError
            If the reader is closed or the region contradicts itself.

        """
        got = read_next(self._address, spin_ns)
        if isinstance(got, int):
            if got != NOTHING:
                self._raise_for(got)
            return None
        payload, ts_event, sequence, mono_ns = got
        return ExternalFactors(
            self.schema, payload, ts_event, self._clock_ns(), sequence, mono_ns, self.stream_id
        )

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the records after the position that the ring still holds, and move there.

        Parameters
        ----------
        limit : int
            How many at most, 1 or more; a call never gives more than the ring has.

        Returns
        -------
        FactorBatch or None
            With one ``ts_init`` for all, taken after the last was copied; None: no record.

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
        Other Python threads run while C copies.

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
        result = lib.region_read_batch(self._r, batch.c)
        if result == RECORD:
            return batch.take(self._clock_ns())
        if result != NOTHING:
            self._raise_for(result)
        return None

    def latest(self) -> ExternalFactors | None:
        """Return the newest record, also when it was handed out before; None before the first.

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
        """Read the record at the position once more; it counts once."""
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
            Writable contiguous float64 of shape ``(len(schema),)``; fastest when it is the same
            array again.

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
            self._raise_for(sequence)
            return 0
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

    def _raise_for(self, result: int) -> None:
        """Raise what a result of C means; being overtaken again and again means: not now."""
        if result == -errno.EAGAIN:
            return
        if result in {lib.REGION_MOVED, -errno.ESTALE}:
            msg = f"{self.path} has moved to a new file, because its factor names changed"
            raise RegionMovedError(msg)
        if result == -errno.EIO:
            msg = f"{self.path} was truncated while it was read; its producer must start again"
            raise RegionMovedError(msg)
        if result == -errno.EBADF:
            msg = f"the reader of {self.path} is closed (or was, by a fork): open a new one"
            raise RegionError(msg)
        msg = f"{self.path} contradicts itself ({os.strerror(-result)}): start its producer again"
        raise RegionMovedError(msg)

    # ---- waiting -----------------------------------------------------------------------------

    def spin(self, timeout_ns: int) -> bool:
        """Watch for a record after the position with the CPU busy; return whether there is one.

        Raises
        ------
        RegionError
            As ``read_latest``.

        """
        deadline = time.monotonic_ns() + timeout_ns
        result, left_ns = NOTHING, timeout_ns
        while True:
            # In slices, so that signals get through.
            result = lib.region_spin(self._r, min(left_ns, LONGEST_SPIN_NS))
            left_ns = deadline - time.monotonic_ns()
            if result != NOTHING or left_ns <= 0:
                break
        if result not in {NOTHING, RECORD}:
            self._raise_for(result)
        return bool(result == RECORD)

    def sleep(self) -> bool:
        """Ask to be woken through ``fileno`` at the next record.

        Returns
        -------
        bool
            True if a wake-up will come; False if a record is there already, or the region has
            moved.

        Raises
        ------
        RegionError
            If this reader may not sleep here, see :class:`~adapters.shm.region.wakeups.Waiter`.

        """
        waiter = self._waiter or self._take_place()
        # Before asking, or the answer would be thrown away with the old ones.
        waiter.drain()
        result = lib.region_sleep(self._r, waiter.waiters, waiter.slot)
        if result < 0:
            self._raise_for(result)
        return bool(result == NOTHING)

    def drain(self) -> None:
        """Take the wake-ups that have arrived."""
        if self._waiter:
            self._waiter.drain()

    def fileno(self) -> int:
        """Return the descriptor to watch while asleep; it stays the same until ``close``."""
        return (self._waiter or self._take_place()).fileno()

    def _take_place(self) -> Waiter:
        self._require_open()
        self._waiter = Waiter(self.path, self._trusted_uids)
        return self._waiter

    def wait(self, timeout_s: float) -> bool:
        """Sleep until there is a record after the position, at most ``timeout_s`` seconds.

        Raises
        ------
        RegionMovedError
            If no more records will come in this file.
        RegionError
            As ``sleep``.

        """
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        deadline = time.monotonic() + timeout_s
        while self.sleep():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            poll.poll(min(left, LONGEST_POLL_S) * 1000)
        return self.spin(0)

    # ---- status ------------------------------------------------------------------------------

    def status(self) -> WriterStatus:
        """Return what the region says of its writer.

        Raises
        ------
        RegionError
            If the reader is closed.
        RegionMovedError
            If the file was truncated.

        """
        self._require_open()
        s = self._status
        result = lib.region_status(self._r.control, s, s + 1, s + 2, s + 3)
        if result:
            self._raise_for(result)
        return WriterStatus(files.is_locked(self._lock_fd), s[0], s[1], s[2], s[3])

    def _require_open(self) -> None:
        if self._r.control == ffi.NULL:
            self._raise_for(-errno.EBADF)

    def is_current(self) -> bool:
        """Return whether the path still holds this reader's file, whole.

        Raises
        ------
        RegionError
            If the reader is closed.

        """
        self._require_open()
        try:
            at_path = self.path.lstat()
        except OSError:
            return False
        return os.path.samestat(at_path, os.fstat(self._fd)) and at_path.st_size == self._size

    def close(self) -> None:
        """Let go of the region; safe to call again."""
        if self._waiter:
            self._waiter.close()
            self._waiter = None
        self.abandon()

    def __del__(self) -> None:
        with suppress(AttributeError):
            self.close()

    def abandon(self) -> None:
        """Let go in a forked child, whose parent goes on reading."""
        if self._waiter:
            self._waiter.abandon()
            self._waiter = None
        self._r.control = ffi.NULL
        self._batch = None
        self._mapping.close()
        self._close_fds()

    def _close_fds(self) -> None:
        for fd in (self._fd, self._lock_fd, self._folder_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock_fd = self._folder_fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
