"""Attachment: a reader's position in a region file, its status, and waiting for records."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from adapters.process.close_after_fork import close_in_forked_child
from adapters.shm._region import ffi, lib
from adapters.shm.reading.attached_file import AttachedFile
from adapters.shm.region.hot_calls import address_of, close_reader
from adapters.shm.region.region_errors import RegionError, RegionMovedError
from adapters.shm.region.wakeups import Waiter

if TYPE_CHECKING:
    from collections.abc import Collection

    from dolphin_strategies.factors.schema import FactorSchema

NOTHING: Final = int(lib.REGION_NOTHING)
RECORD: Final = int(lib.REGION_RECORD)
# A writer killed between taking a request back and sending its wake-up leaves neither.
LONGEST_SLEEP_S: Final = 0.1
LONGEST_SPIN_NS: Final = 10_000_000
_PAUSE_S: Final = 0.0002


class WriterStatus(NamedTuple):
    """The state of a region's writer, as the region shows it."""

    alive: bool
    """Whether a process holds the writer's lock."""
    state: int
    """``REGION_LIVE``, ``REGION_SUPERSEDED`` or ``REGION_CLOSED``."""
    pid: int
    heartbeat_mono_ns: int
    """``CLOCK_MONOTONIC`` nanoseconds of the last record or heartbeat."""
    published: int
    """Sequence of the newest record; 0 before the first."""

    @property
    def has_closed(self) -> bool:
        """Whether the writer closed the region, rather than being killed."""
        return bool(self.state == lib.REGION_CLOSED)


class Attachment:
    """A position in a region file, and the queries that read no record.

    Parameters
    ----------
    path : path-like
        Where the region lies.
    trusted_uids : collection of int
        Users besides this process's own whose region is attached.

    Raises
    ------
    RegionNotReadyError
        If there is nothing at the path yet.
    RegionError
        If the file is not a region that may be trusted.

    """

    def __init__(self, path: str | os.PathLike[str], trusted_uids: Collection[int]) -> None:
        self.path: Final = Path(path).absolute()
        self._trusted_uids: Final = trusted_uids
        self._file: Final = AttachedFile(self.path, trusted_uids)
        self._r: Final = self._file.struct()
        self.schema: Final[FactorSchema] = self._file.found.layout.schema
        self.stream_id: Final = self._file.found.stream_id
        self.first_sequence: Final = self._file.found.first_sequence
        self._status: Final = ffi.new("uint64_t[4]")
        self._waiter: Waiter | None = None
        self._in_c = threading.RLock()
        """Held by calls that C makes without the interpreter's lock, so that none is unmapped."""
        close_in_forked_child(self)

    @property
    def capacity(self) -> int:
        """Records in the ring; all but one of them can be read at any time."""
        return int(self._r.capacity)

    @property
    def position(self) -> int:
        """Sequence of the last record handed out; reading continues after it."""
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
        """Records skipped because a newer one was available."""
        return int(self._r.conflated)

    @property
    def lost(self) -> int:
        """Records that the ring no longer held when they were to be read."""
        return int(self._r.lost)

    @property
    def rejected(self) -> int:
        """Reads that found the region inconsistent."""
        return int(self._r.rejected)

    def status(self) -> WriterStatus:
        """Return the state of the writer, as the region shows it.

        Raises
        ------
        RegionError
            If the reader is closed.
        RegionMovedError
            If the file was truncated.

        """
        s = self._status
        self._require_open()
        with self._in_c:
            self._require_open()
            result = lib.region_status(self._r.control, s, s + 1, s + 2, s + 3)
            if result:
                raise self._error_of(result)
            return WriterStatus(self._file.has_writer(), s[0], s[1], s[2], s[3])

    def is_current(self) -> bool:
        """Return whether the path still holds this reader's file, whole.

        Raises
        ------
        RegionError
            If the reader is closed.

        """
        self._require_open()
        with self._in_c:
            self._require_open()
            return self._file.is_current()

    def spin(self, timeout_ns: int) -> bool:
        """Busy-wait for a record after the position; return whether there is one.

        Parameters
        ----------
        timeout_ns : int
            The longest time to wait, nanoseconds.

        Raises
        ------
        RegionMovedError
            If no more records will come in this file.
        RegionError
            If the reader is closed or the region contradicts itself.

        """
        deadline = time.monotonic_ns() + timeout_ns
        result, left_ns = NOTHING, timeout_ns
        while True:
            # In slices, so that signals are handled, and who closes gets the lock between two.
            self._require_open()
            with self._in_c:
                result = lib.region_spin(self._r, min(left_ns, LONGEST_SPIN_NS))
            left_ns = deadline - time.monotonic_ns()
            if result != NOTHING or left_ns <= 0:
                break
        if result not in {NOTHING, RECORD}:
            raise self._error_of(result)
        return bool(result == RECORD)

    def sleep(self) -> bool:
        """Request a wake-up through ``fileno`` at the next record.

        Returns
        -------
        bool
            True if a wake-up will come; False if a record is available already, or the region
            has moved.

        Raises
        ------
        RegionError
            If this reader may not sleep here, see :class:`~adapters.shm.region.wakeups.Waiter`.

        """
        self._require_open()
        with self._in_c:
            waiter = self._waiter or self._take_place()
            # Before the request, or its wake-up would be discarded with the earlier ones.
            waiter.drain()
            result = lib.region_sleep(self._r, waiter.waiters, waiter.slot)
        if result < 0:
            raise self._error_of(result)
        return bool(result == NOTHING)

    def drain(self) -> None:
        """Discard the wake-ups that have arrived."""
        if self._waiter:
            self._waiter.drain()

    def fileno(self) -> int:
        """Return the descriptor to watch while asleep; it stays the same until ``close``."""
        descriptor = (self._waiter or self._take_place()).fileno()
        if descriptor < 0:  # another thread has closed the reader in between
            raise self._error_of(-errno.EBADF)
        return descriptor

    def _take_place(self) -> Waiter:
        self._require_open()
        self._waiter = Waiter(self.path, self._trusted_uids)
        return self._waiter

    def wait(self, timeout_s: float) -> bool:
        """Sleep until there is a record after the position, at most ``timeout_s`` seconds.

        Every 100 ms it looks by itself, for the wake-up that a killed writer did not send.

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
            poll.poll(min(left, LONGEST_SLEEP_S) * 1000)
        return self.spin(0)

    def _require_open(self) -> None:
        """Raise RegionError if the reader is closed, or another thread is about to close it."""
        if self._r.control == ffi.NULL or self._r.is_closing:
            raise self._error_of(-errno.EBADF)

    def _error_of(self, result: int) -> RegionError:
        """Return the error that a result code of C stands for."""
        if result in {lib.REGION_MOVED, -errno.ESTALE}:
            msg = f"{self.path} has moved to a new file, because its factor names changed"
            return RegionMovedError(msg)
        if result == -errno.EIO:
            msg = f"{self.path} was truncated while it was read; its producer must start again"
            return RegionMovedError(msg)
        if result == -errno.EBADF:
            msg = f"the reader of {self.path} is closed (or was, by a fork): open a new one"
            return RegionError(msg)
        msg = f"{self.path} contradicts itself ({os.strerror(-result)}): start its producer again"
        return RegionMovedError(msg)

    def close(self) -> None:
        """Release the region; safe to call again, also while another thread waits or reads: its
        call ends with an error, and if it spins, this one returns when that has ended.
        """
        # First, or a thread that calls again and again would never leave the lock to this one.
        self._r.is_closing = 1
        with self._in_c:
            if self._waiter:
                self._waiter.close()
                self._waiter = None
            while not close_reader(address_of(self._r)):
                time.sleep(_PAUSE_S)
            self.abandon()

    def __del__(self) -> None:
        with suppress(AttributeError):
            self.close()

    def abandon(self) -> None:
        """Release the region in a forked child, whose parent continues to read."""
        if self._waiter:
            self._waiter.abandon()
            self._waiter = None
        self._r.control = ffi.NULL
        self._file.close()
        # In a forked child the thread that held it is gone.
        self._in_c = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
