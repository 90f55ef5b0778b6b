"""ShmSource: a region as a FactorSource, reattached as its producer comes and goes."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.shm._region import lib
from adapters.shm.reader import FactorReader, RegionMovedError
from adapters.shm.region import layout
from dolphin_strategies.errors import RegionError, RegionNotReadyError
from dolphin_strategies.factors.source import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.schema import FactorSchema

CHECK_INTERVAL_S: Final = 0.1
HEARTBEAT_TIMEOUT_NS: Final = 1_000_000_000


class ShmSource:
    """Follow the region at a path through every file that its producer makes there.

    It may be opened before the producer starts, and then begins with the first record. It looks
    every 100 ms whether the path holds another file and whether the producer still lives, and
    learns of the producer's death at once through a pidfd.

    Parameters
    ----------
    path : path-like
        Where the region lies.
    trusted_uids : collection of int
        Users besides this process's own whose region is attached.
    resume_after : mapping of int to int, optional
        For each stream the last sequence that the caller has already: such a stream is read from
        the next record on instead of from its newest, and what is gone by then counts as lost.

    """

    def __init__(
        self,
        path: str | os.PathLike[str] = layout.DEFAULT_PATH,
        *,
        trusted_uids: Collection[int] = (),
        resume_after: Mapping[int, int] | None = None,
    ) -> None:
        self.path: Final = Path(path).absolute()
        self._trusted_uids = trusted_uids
        self._resume_after = dict(resume_after or {})
        self._clock_ns: Callable[[], int] = time.time_ns
        self._wake: Callable[[], None] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reader: FactorReader | None = None
        self._pidfd = -1
        self._watched_fd = -1
        self._asleep = False
        self._is_broken = False
        self._was_missing = False
        self._state = SourceState.WAITING
        self._reason = f"{self.path} does not exist yet: its producer has not started"
        self._stream_id = 0
        self._next_sequence = 0
        self._published = self._delivered = self._conflated = self._lost = 0
        self._attached_position = 0

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest records, or None before a producer was seen."""
        return self._reader.schema if self._reader else None

    @property
    def capacity(self) -> int:
        """Records in the ring, or 0 before a producer was seen."""
        return self._reader.capacity if self._reader else 0

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Attach if the region is there; keep looking if not. Needs a running asyncio loop."""
        self._wake, self._clock_ns = wake, clock_ns
        self._loop = asyncio.get_running_loop()
        self._attach()
        self._check_later()

    def close(self) -> None:
        """Let go of the region and stop looking; safe to call again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._detach()
        self._loop = None

    # ---- reading -----------------------------------------------------------------------------

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record not handed out yet."""
        while self._reader is not None:
            try:
                return self._reader.read_latest(spin_ns)
            except RegionMovedError as moved:
                if not self._follow(str(moved)):
                    break
        return None

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record not handed out yet that the ring still holds."""
        while self._reader is not None:
            try:
                return self._reader.read_next(spin_ns)
            except RegionMovedError as moved:
                if not self._follow(str(moved)):
                    break
        return None

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records not handed out yet that the ring still holds."""
        while self._reader is not None:
            try:
                return self._reader.read_batch(limit)
            except RegionMovedError as moved:
                if not self._follow(str(moved)):
                    break
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
        """Ask for ``wake``; False if there is something to read already."""
        if self._reader is None or self._is_broken:
            # Nothing to read before the next check has looked again.
            self._asleep, self._is_broken = True, False
        elif self._watched_fd < 0:
            self._asleep = not self._has_unread()
        else:
            try:
                self._asleep = self._reader.sleep()
            except RegionError:
                # Its waiters page is damaged: the check finds records until the writer mends it.
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

    # ---- attaching ---------------------------------------------------------------------------

    def _attach(self) -> bool:
        try:
            reader = FactorReader(
                self.path, trusted_uids=self._trusted_uids, clock_ns=self._clock_ns
            )
            published = reader.status().published
        except (RegionError, OSError) as error:
            self._was_missing = isinstance(error, RegionNotReadyError)
            self._set(SourceState.WAITING, str(error))
            return False
        self._take_position(reader, published)
        self._reader = reader
        if self._loop is not None:
            with suppress(RegionError):
                # Without a place to sleep the 100 ms check still finds records.
                self._watched_fd = reader.fileno()
                self._loop.add_reader(self._watched_fd, self._on_readable)
        self._look()
        return True

    def _take_position(self, reader: FactorReader, published: int) -> None:
        """Go on where the last file of the same stream ended; count what fell between."""
        next_sequence = self._next_sequence
        if reader.stream_id != self._stream_id:
            next_sequence = self._resume_after.get(reader.stream_id, -1) + 1
        if next_sequence:
            gap = max(reader.first_sequence - next_sequence, 0)
            self._lost += gap
            self._published += gap
            start = max(next_sequence, reader.first_sequence)
            reader.position = min(start - 1, published)
        elif self._next_sequence or self._was_missing:
            # All of it was published since this source was opened.
            reader.position = reader.first_sequence - 1
        self._stream_id = reader.stream_id
        self._attached_position = reader.position

    def _detach(self) -> None:
        if self._watched_fd >= 0 and self._loop is not None:
            self._loop.remove_reader(self._watched_fd)
        self._watched_fd = -1
        self._forget_pid()
        reader, self._reader = self._reader, None
        if reader is not None:
            self._next_sequence = reader.position + 1
            self._published += reader.position - self._attached_position
            self._delivered += reader.delivered
            self._conflated += reader.conflated
            self._lost += reader.lost
            reader.close()

    def _follow(self, reason: str) -> bool:
        """Leave a file that has ended for the one at the path; return whether there is one."""
        if self._reader is not None and self._reader.is_current():
            self._is_broken = True
            self._set(SourceState.STALE, reason)
            return False
        self._detach()
        return self._attach()

    # ---- watching ----------------------------------------------------------------------------

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
        """Find out whether the producer lives."""
        reader = self._reader
        if reader is None:
            return
        try:
            writer = reader.status()
        except RegionMovedError as moved:
            self._set(SourceState.STALE, str(moved))
            return
        silent_ns = time.monotonic_ns() - writer.heartbeat_mono_ns
        if not writer.alive:
            what = "closed the region" if writer.state == lib.REGION_CLOSED else "is gone"
            self._forget_pid()
            self._set(
                SourceState.STALE,
                f"producer {writer.pid} {what} after record {writer.published}",
            )
        elif silent_ns > HEARTBEAT_TIMEOUT_NS:
            self._set(
                SourceState.STALE,
                f"producer {writer.pid} has been silent for {silent_ns / 1e9:.1f} s",
            )
        else:
            self._watch_pid(writer.pid)
            self._set(SourceState.LIVE, "")

    def _watch_pid(self, pid: int) -> None:
        if self._pidfd >= 0 or self._loop is None:
            return
        with suppress(OSError, OverflowError):
            self._pidfd = os.pidfd_open(pid)
            self._loop.add_reader(self._pidfd, self._on_producer_death)

    def _on_producer_death(self) -> None:
        self._forget_pid()
        self._look()
        self._call_wake()

    def _forget_pid(self) -> None:
        if self._pidfd >= 0:
            if self._loop is not None:
                self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _set(self, state: SourceState, reason: str) -> None:
        self._state, self._reason = state, reason

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        published, delivered = self._published, self._delivered
        conflated, lost = self._conflated, self._lost
        if self._reader is not None:
            delivered += self._reader.delivered
            conflated += self._reader.conflated
            lost += self._reader.lost
            newest = self._reader.position
            with suppress(RegionError):
                newest = self._reader.status().published
            published += newest - self._attached_position
        return SourceStatus(self._state, self._reason, published, delivered, conflated, lost)
