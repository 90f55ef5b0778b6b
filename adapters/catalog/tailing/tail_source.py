"""TailSource: a recording from any place in it on, then its live region, as one FactorSource."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from adapters.catalog.tailing.given_places import GivenPlaces
from adapters.catalog.tailing.recorded.stream_records import End, Place
from adapters.catalog.tailing.recorded_queue import RecordedQueue
from adapters.catalog.tailing.recording_looks import RecordingLooks
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.source import FactorSource, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.catalog.tailing.recorded.tail_start import TailStart
    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.schema import FactorSchema


class LiveSource(FactorSource, Protocol):
    """A source that tells its newest record."""

    @property
    def newest(self) -> tuple[int, int] | None:
        """The stream and the sequence of the newest record; None if there is no producer."""


class TailSource:
    """Give every record from a place in a recording on, each once, in order, then live ones.

    Recorded records come from the catalog, Parquet files and spools of recorders that run or were
    killed; when they are at their end, the source reads the ring. Where the ring has overwritten
    records that were not read yet, it goes back to the catalog for them. ``lost`` are those that
    are in neither: overwritten before a recorder wrote them. They count when the record after them
    is handed out, so that a tail which begins after the last one given counts each once.

    Parameters
    ----------
    start : TailStart
        The catalog, and where to begin in it.
    live : LiveSource
        The recorded source itself, not open yet: it begins with the oldest record that it holds,
        or with the newest if the start is that.
    source : str
        The name of it in the journals, a region's path; other recordings do not count.

    Notes
    -----
    Owned by the thread that calls ``open``, like every source. The catalog is read on a thread of
    its own; no call waits for it. ``ts_init`` is the instant at which a record is handed out
    here, and ``published_mono_ns`` of a recorded one 0: its age is that of its ``ts_event``.

    """

    def __init__(self, start: TailStart, live: LiveSource, source: str) -> None:
        self.start: Final = start
        self._live: Final = live
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: Callable[[], None] = lambda: None
        self._clock_ns: Callable[[], int] = time.time_ns
        self._asleep = False
        self._given: Final = GivenPlaces()
        self._queue: Final = RecordedQueue()
        self._looks: Final = RecordingLooks(
            start, source, self._given, self._queue, self._call_wake
        )
        self._held: Final[deque[ExternalFactors]] = deque()
        """Records that the ring gave before it was known whether they are due."""
        self._due_lost: int | None = None
        """How many were lost before the first one held, which is due then; None: not known yet."""
        self._is_live = False
        """Whether the next record of the ring is expected to be the next one."""
        self._delivered = self._conflated = self._lost = 0

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the region, or of the recorded records that come next."""
        return self._live.schema or self._queue.schema

    @property
    def capacity(self) -> int:
        """Records in the ring, or 0 before a producer was seen."""
        return self._live.capacity

    @property
    def is_open(self) -> bool:
        """Whether the source was opened and not closed."""
        return self._loop is not None

    @property
    def is_behind(self) -> bool:
        """Whether the recording is being read: at the beginning, or for what the ring lost."""
        looks = self._looks
        return looks.is_looking or looks.hole is not None or bool(self._queue.records)

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Begin to read the recording, and attach to the region. Needs a running asyncio loop."""
        self._wake, self._clock_ns = wake, clock_ns
        self._loop = asyncio.get_running_loop()
        self._live.open(self._call_wake, clock_ns)
        self._looks.open(self._loop)

    def close(self) -> None:
        """Release the region and the catalog; safe to call again."""
        self._loop = None
        self._looks.close()
        self._is_live = False
        self._live.close()

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record that is there, skipping (conflating) those before it."""
        newest = self.read_next(spin_ns)
        while newest is not None and (f := self.read_next()) is not None:
            newest = f
            self._delivered -= 1
            self._conflated += 1
        return newest

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record not handed out yet."""
        if self._is_live:
            f = self._live.read_next(spin_ns)
            if f is None:
                return None
            if self._given.is_next(f.stream_id, f.sequence):
                self._given.advance(1)
                self._delivered += 1
                return f
            self._hold([f])
        self._looks.pump()
        if self._queue.records:
            return self._recorded(1)[0]
        if not self._has_due():
            return None
        return self._hand_out_held()

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records not handed out yet, of one schema and stream."""
        if self._is_live:
            batch = self._live.read_batch(limit)
            if batch is None:
                return None
            first, n = int(batch.sequence[0]), len(batch)
            is_whole = int(batch.sequence[-1]) - first + 1 == n
            if is_whole and self._given.is_next(batch.stream_id, first):
                self._given.advance(n)
                self._delivered += n
                return batch
            self._hold(batch.records())
        self._looks.pump()
        if self._queue.records:
            return FactorBatch.of(self._recorded(limit))
        records: list[ExternalFactors] = []
        while len(records) < limit and self._has_due():
            f = self._held[0]
            if records and (f.stream_id, f.schema) != (records[0].stream_id, records[0].schema):
                break
            records.append(self._hand_out_held())
        return FactorBatch.of(records) if records else None

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return the oldest records after one that the ring still holds, handed out or not."""
        return self._live.held_after(stream_id, sequence, limit)

    def sleep(self) -> bool:
        """Request a call of ``wake``; return False if a record can be read at once instead."""
        if not self._is_live:
            self._looks.pump()
            if self._queue.records or self._has_due():
                return False
            if self._looks.is_looking or self._looks.hole is not None:
                self._asleep = True
                return True
        self._asleep = self._live.sleep()
        return self._asleep

    def status(self) -> SourceStatus:
        """Return the state and the counters; look whether the ring has overtaken this reader."""
        live = self._live.status()
        if self._loop is not None:
            if self._is_live and 0 < self._live.capacity <= live.pending:
                self._hold([])
            self._looks.pump()
            if not self._is_live and not self._queue.records:
                self._has_due()
        pending = self._unread(live.pending)
        counts = self._delivered, self._conflated, self._lost + self._looks.unread.skipped
        reason = "; ".join(filter(None, [live.reason, self._looks.problem]))
        return SourceStatus(live.state, reason, sum(counts) + pending, *counts)

    def _unread(self, live_pending: int) -> int:
        """Return how many records are known that were published and not handed out."""
        newest = self._live.newest
        if newest is None or newest[0] not in self._given:
            return self._queue.records + len(self._held) + live_pending
        stream_id, last = newest
        others = sum(f.stream_id != stream_id for f in self._held)
        others += self._queue.records_besides(stream_id)
        return max(last - self._given[stream_id], 0) + others

    def _hold(self, records: list[ExternalFactors]) -> None:
        """Keep records of the ring until it is known that none is missing in front of them."""
        if self._is_live:
            self._given.read_as_given()
        self._is_live = False
        for f in records:
            self._given.read_live(f.stream_id, f.sequence)
        self._held.extend(records)

    def _has_due(self) -> bool:
        """Return whether the first record held is the next one; begin a look if one is missing."""
        while self._due_lost is None and not self._looks.is_looking:
            if not self._held:
                found = self._live.read_next()
                if found is None:
                    self._is_live = self._given.current != 0 and self._looks.hole is None
                    return False
                self._hold([found])
            f, lost = self._held[0], self._live.status().lost
            place = Place(f.stream_id, f.sequence)
            if self._is_before_start(f) or self._given.has(*place):
                self._lost += self._given.missing_of_old(*place, lost)
                self._held.popleft()
                self._given.settle_live(lost)
                continue
            if not self._given.current:
                # What the ring lost since the opening counts, and nothing before it.
                lost_since = lost if self.start.is_newest else 0
                first = Place(f.stream_id, max(f.sequence - lost_since, 1))
                self._given.begin(*first)
                self._looks.unread.begin_live(End(*first, _published_ns(f)))
            # A whole stream may lie between two that the ring gave.
            is_other = f.stream_id != self._given.current
            if is_other and not self._looks.is_looked_into(place, _published_ns(f)):
                return False
            missing = self._given.missing_before(*place, lost)
            if missing and not self._looks.is_hopeless(place, _published_ns(f)):
                return False
            # They count when the record after them is handed out: who leaves before it and comes
            # back after the last one given is told of them then, and not twice.
            self._due_lost = missing
            self._given.settle_live(lost)
            self._looks.hole = None
        return self._due_lost is not None

    def _is_before_start(self, f: ExternalFactors) -> bool:
        """Return whether a record that is not recorded comes before the start."""
        start = self.start
        return self._given.current == 0 and (
            f.ts_event < start.instant_ns or f.sequence < start.sequence
        )

    def _hand_out_held(self) -> ExternalFactors:
        f = self._held.popleft()
        self._lost += self._due_lost or 0
        self._due_lost = None
        self._given.give(f.stream_id, f.sequence)
        self._delivered += 1
        self._is_live = not self._held
        return f

    def _recorded(self, limit: int) -> list[ExternalFactors]:
        """Hand out recorded records of one batch, of which there are some."""
        queue, given = self._queue, self._given
        stream_id, sequence = queue.stream_id, queue.sequence
        if missing := sequence - given.get(stream_id, 0) - 1:
            # Not recorded; a ring that still has them is asked before they count as lost.
            held = self._live.held_after(stream_id, sequence - 1 - missing, missing)
            if held is not None and held.stream_id == stream_id:
                queue.put_first(held[held.sequence < sequence])
        self._lost += queue.sequence - given.get(stream_id, 0) - 1
        records = queue.take(limit, self._clock_ns())
        given.give(stream_id, records[-1].sequence)
        self._delivered += len(records)
        return records

    def _call_wake(self) -> None:
        if self._asleep:
            self._asleep = False
            self._wake()


def _published_ns(f: ExternalFactors) -> int:
    """Return when a live record was published, UNIX nanoseconds; one of a batch does not say it,
    and counts as published at its ``ts_event``.
    """
    if not f.published_mono_ns:
        return f.ts_event
    return time.time_ns() - (time.monotonic_ns() - f.published_mono_ns)
