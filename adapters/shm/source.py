"""ShmSource: a region as a FactorSource, reattached as its producer comes and goes."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.shm.producer_watch import ProducerWatch
from adapters.shm.reading.reader import FactorReader
from adapters.shm.region.region_errors import RegionError, RegionMovedError, RegionNotReadyError
from adapters.shm.region.region_layout import DEFAULT_PATH
from adapters.shm.stream_counts import StreamCounts
from dolphin_strategies.factors.source import SourceState, SourceStatus

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Mapping

    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.schema import FactorSchema

CHECK_INTERVAL_S: Final = 0.1


class ShmSource:
    """Follow the region at a path through every file that its producer makes there.

    A source may be opened before the producer starts, and then begins with the first record; where
    it finds a file that it refuses, it begins with the newest record of the one after that. Every
    100 ms the source checks whether the path holds another file and whether the producer is alive;
    the producer's death is detected at once through a pidfd.

    Parameters
    ----------
    path : path-like
        Where the region lies.
    trusted_uids : collection of int
        Users besides this process's own whose region is attached.
    resume_after : mapping of int to int, optional
        For each stream the last sequence that the caller has already: such a stream is read from
        the next record on instead of from its newest, and records overwritten by then count as
        lost.
    from_oldest : bool
        Begin with the oldest record of a file found at the opening, instead of its newest; what
        the ring no longer holds of it counts as lost.

    """

    def __init__(
        self,
        path: str | os.PathLike[str] = DEFAULT_PATH,
        *,
        trusted_uids: Collection[int] = (),
        resume_after: Mapping[int, int] | None = None,
        from_oldest: bool = False,
    ) -> None:
        self.path: Final = Path(path).absolute()
        self._trusted_uids: Final = trusted_uids
        self._clock_ns: Callable[[], int] = time.time_ns
        self._wake: Callable[[], None] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reader: FactorReader | None = None
        self._watch: Final = ProducerWatch(self.path, self._on_producer_death)
        self._counts: Final = StreamCounts(resume_after or {})
        self._watched_fd = -1
        self._asleep = False
        self._is_broken = False
        self._from_oldest: Final = from_oldest
        self._was_missing = from_oldest

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest records, or None before a producer was seen."""
        return self._reader.schema if self._reader else None

    @property
    def capacity(self) -> int:
        """Records in the ring, or 0 before a producer was seen."""
        return self._reader.capacity if self._reader else 0

    @property
    def newest(self) -> tuple[int, int] | None:
        """The stream and the sequence of the newest record of the file that is read, 0 before its
        first; None if none is read.
        """
        with suppress(RegionError):
            if self._reader is not None:
                return self._reader.stream_id, self._reader.status().published
        return None

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Attach if the region exists, else keep checking. Needs a running asyncio loop."""
        self._wake, self._clock_ns = wake, clock_ns
        self._loop = asyncio.get_running_loop()
        self._attach()
        self._check_later()

    def close(self) -> None:
        """Release the region and stop checking; safe to call again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._detach(is_gone=False)
        self._loop = None

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record not handed out yet."""
        if self._reader is None:
            return None
        try:
            return self._reader.read_latest(spin_ns)
        except RegionMovedError as moved:
            return self._read_on(FactorReader.read_latest, spin_ns, moved)

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record not handed out yet that the ring still holds."""
        if self._reader is None:
            return None
        try:
            return self._reader.read_next(spin_ns)
        except RegionMovedError as moved:
            return self._read_on(FactorReader.read_next, spin_ns, moved)

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records not handed out yet that the ring still holds."""
        if self._reader is None:
            return None
        try:
            return self._reader.read_batch(limit)
        except RegionMovedError as moved:
            return self._read_on(FactorReader.read_batch, limit, moved)

    def _read_on[T](
        self,
        read: Callable[[FactorReader, int], T | None],
        argument: int,
        moved: RegionMovedError,
    ) -> T | None:
        """Read in the next file, and in the following one if that has ended too."""
        while self._follow(str(moved)) and self._reader is not None:
            try:
                return read(self._reader, argument)
            except RegionMovedError as again:
                moved = again
        return None

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return the oldest records after one that the ring still holds, handed out or not."""
        if self._reader is None:
            return None
        try:
            with FactorReader(
                self.path, trusted_uids=self._trusted_uids, clock_ns=self._clock_ns
            ) as reader:
                after = sequence if stream_id == reader.stream_id else 0
                reader.position = max(after, reader.first_sequence - 1)
                return reader.read_batch(limit)
        except (RegionError, OSError):
            return None

    def sleep(self) -> bool:
        """Request a call of ``wake``; return False if a record can be read already."""
        if self._reader is None or self._is_broken:
            # Nothing can be read before the next check.
            self._asleep, self._is_broken = True, False
        elif self._watched_fd < 0:
            self._asleep = not self._has_unread()
        else:
            try:
                self._asleep = self._reader.sleep()
            except RegionError:
                # Its waiters page is damaged: until it is restored, the check finds records.
                self._asleep = not self._has_unread()
        return self._asleep

    def _on_readable(self) -> None:
        # The FIFO is emptied when the feed sleeps again; until then it must not call again.
        if self._asleep:
            self._call_wake()
        elif self._reader is not None:
            self._reader.drain()

    def _call_wake(self) -> None:
        if self._asleep:
            self._asleep = False
            self._wake()

    def _attach(self) -> bool:
        try:
            reader = FactorReader(
                self.path, trusted_uids=self._trusted_uids, clock_ns=self._clock_ns
            )
            published = reader.status().published
        except (RegionError, OSError) as error:
            self._was_missing = self._from_oldest or isinstance(error, RegionNotReadyError)
            self._watch.set(SourceState.WAITING, str(error))
            return False
        self._counts.begin(reader, published, was_missing=self._was_missing)
        self._reader = reader
        if self._loop is not None:
            with suppress(RegionError):
                # Without a place to sleep the 100 ms check still finds records.
                self._watched_fd = reader.fileno()
                self._loop.add_reader(self._watched_fd, self._on_readable)
        self._look()
        return True

    def _detach(self, *, is_gone: bool) -> None:
        if self._watched_fd >= 0 and self._loop is not None:
            self._loop.remove_reader(self._watched_fd)
        self._watched_fd = -1
        self._watch.forget()
        reader, self._reader = self._reader, None
        if reader is not None:
            self._counts.end(reader, is_gone=is_gone)
            reader.close()

    def _follow(self, reason: str) -> bool:
        """Leave a file that has ended for the one at the path; return whether there is one."""
        if self._reader is not None and self._reader.is_current():
            self._is_broken = True
            self._watch.set(SourceState.STALE, reason)
            return False
        self._detach(is_gone=True)
        return self._attach()

    def _check_later(self) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(CHECK_INTERVAL_S, self._check)

    def _check(self) -> None:
        self._check_later()
        if self._reader is None:
            if self._attach():
                self._call_wake()
            return
        self._look()
        if self._has_unread():
            self._call_wake()
        elif not self._reader.is_current():
            # Read to its end, or unreadable.
            self._follow("the region is gone")
            self._call_wake()

    def _has_unread(self) -> bool:
        try:
            reader = self._reader
            return reader is not None and reader.status().published > reader.position
        except RegionError:
            return False

    def _look(self) -> None:
        """Check whether the producer is alive."""
        if self._reader is None:
            return
        try:
            writer = self._reader.status()
        except RegionMovedError as moved:
            self._watch.set(SourceState.STALE, str(moved))
            return
        self._watch.look(writer, self._loop)

    def _on_producer_death(self) -> None:
        self._look()
        self._call_wake()

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        counts = self._counts.with_reader(self._reader)
        return SourceStatus(self._watch.state, self._watch.reason, *counts)
