"""FactorSource: the port that every transport implements, and a source in memory."""

from __future__ import annotations

import secrets
import time
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.external_factors import ExternalFactors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from dolphin_strategies.factors.schema import FactorSchema


class SourceState(Enum):
    """The state of a source's producer, as far as the source can observe it."""

    WAITING = "waiting"
    """No producer has been seen yet, or its data cannot be used; the source keeps trying."""
    LIVE = "live"
    """A producer is publishing."""
    STALE = "stale"
    """The producer is gone or silent; its last record can still be read."""


class SourceStatus(NamedTuple):
    """A source at one moment: ``published == delivered + conflated + lost + pending``."""

    state: SourceState
    reason: str
    """The reason for the state, as text for the user; empty when live."""
    published: int
    """Records published since the source's first one."""
    delivered: int
    """Records handed out."""
    conflated: int
    """Records skipped because a newer one was available."""
    lost: int
    """Records that were overwritten before they could be read."""

    @property
    def pending(self) -> int:
        """Records published and not yet read."""
        return self.published - self.delivered - self.conflated - self.lost


class FactorSource(Protocol):
    """Where a node reads factors from.

    Every call is made on the thread that called ``open``, which is the node's. A transport with a
    thread of its own hands records over with ``loop.call_soon_threadsafe``. No call blocks, except
    a read with ``spin_ns``, and no call raises because of a producer's behaviour, which ``status``
    reports.
    """

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest records, or None before a producer was seen."""

    @property
    def capacity(self) -> int:
        """How many records wait here for a slow reader before the oldest is lost; 0: unknown."""

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Start reading from the newest record on.

        Parameters
        ----------
        wake : callable
            Called on this thread, after ``sleep`` returned True, when a record may be available.
        clock_ns : callable
            Gives ``ts_init``; UNIX nanoseconds.

        """

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record not handed out yet, skipping (conflating) those before it.

        Parameters
        ----------
        spin_ns : int
            How long to busy-wait for a record, nanoseconds.

        """

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record not handed out yet; ``spin_ns`` as for ``read_latest``."""

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records not handed out yet, at most ``limit``; None: there are none.

        All records of a batch have one schema and one stream: where either changes, a batch ends.
        """

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return the oldest records held after a given record; None: there are none.

        The call changes neither the position nor a counter. The records returned may or may not
        have been handed out before; their ``ts_init`` is the time of the call.

        Parameters
        ----------
        stream_id, sequence : int
            The record after which the answer begins. With the ``stream_id`` of another stream,
            the answer begins with the oldest record.
        limit : int
            The largest number of records to return.

        """

    def sleep(self) -> bool:
        """Request a call of ``wake``; return False if a record can be read at once instead."""

    def status(self) -> SourceStatus:
        """Return the state and the counters."""

    def close(self) -> None:
        """Stop reading and free everything; safe to call again."""


class MemorySource:
    """A source inside the process: the feed delivers the records given to ``publish``.

    For tests, and for factors computed in the node itself. Keeps at most ``capacity`` records;
    older ones are lost and counted, as in a shared memory region.
    """

    def __init__(self, schema: FactorSchema, *, capacity: int = 4096) -> None:
        self.schema: Final = schema
        self.capacity: Final = capacity
        self._stream_id = secrets.randbits(64)
        self._records: deque[tuple[bytes, int, int, int, int]] = deque()
        """The newest, handed out or not: payload, ts_event, ts_init, sequence, mono_ns."""
        self._newest = self._position = self._first_position = 0
        self._delivered = self._conflated = self._lost = 0
        self._wake: Callable[[], None] | None = None
        self._clock_ns: Callable[[], int] = time.time_ns
        self._asleep = False

    def publish(self, values: ArrayLike, ts_event: int = 0, ts_init: int = 0) -> None:
        """Publish a record.

        Parameters
        ----------
        values : array-like of shape ``(len(schema),)``
            Converted to float64; NaN: no value.
        ts_event : int
            UNIX nanoseconds; 0: now.
        ts_init : int
            UNIX nanoseconds; 0: when the record is read.

        Raises
        ------
        ValueError
            If the shape is wrong.

        """
        now = self._clock_ns()
        f = ExternalFactors.from_values(self.schema, values, ts_event=ts_event or now, ts_init=now)
        self._newest += 1
        record = f.payload, f.ts_event, ts_init, self._newest, time.monotonic_ns()
        self._records.append(record)
        if len(self._records) > self.capacity:
            oldest = self._records.popleft()[3]
            if oldest > self._position:
                self._position = oldest
                self._lost += 1
        if self._asleep and self._wake is not None:
            self._asleep = False
            self._wake()

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        self._wake, self._clock_ns = wake, clock_ns
        self._position = self._first_position = max(self._newest - 1, 0)
        self._delivered = self._conflated = self._lost = 0

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        skipped = max(self._newest - 1 - self._position, 0)
        self._conflated += skipped
        self._position += skipped
        return self.read_next()

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        if self._position == self._newest:
            return None
        f = self._record(self._position - self._newest)
        self._position += 1
        self._delivered += 1
        return f

    def read_batch(self, limit: int) -> FactorBatch | None:
        records: list[ExternalFactors] = []
        while len(records) < limit and (f := self.read_next()) is not None:
            records.append(f)
        return FactorBatch.of(records) if records else None

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        after = sequence if stream_id == self._stream_id else 0
        count = min(self._newest - after, len(self._records))
        if count <= 0:
            return None
        return FactorBatch.of([self._record(i - count) for i in range(min(count, limit))])

    def _record(self, index: int) -> ExternalFactors:
        """Return the record at a position from the newest, -1."""
        payload, ts_event, ts_init, sequence, mono_ns = self._records[index]
        ts_init = ts_init or self._clock_ns()
        return ExternalFactors(
            self.schema, payload, ts_event, ts_init, sequence, mono_ns, self._stream_id
        )

    def sleep(self) -> bool:
        self._asleep = self._position == self._newest
        return self._asleep

    def status(self) -> SourceStatus:
        published = self._newest - self._first_position
        return SourceStatus(
            SourceState.LIVE, "", published, self._delivered, self._conflated, self._lost
        )

    def close(self) -> None:
        self._wake = None
