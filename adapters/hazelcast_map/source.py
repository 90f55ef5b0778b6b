"""HazelcastSource: an entry of a Hazelcast map as a FactorSource."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.hazelcast_map.connection.cluster_connection import (
    CALL_TIMEOUT_S,
    ClusterConnection,
    ConnectionLostError,
)
from adapters.hazelcast_map.entry.entry_state import EntryState
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.record_queue import RecordQueue
from dolphin_strategies.factors.source import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from hazelcast.future import Future
    from hazelcast.proxy.base import EntryEvent
    from hazelcast.proxy.map import Map
    from hazelcast.serialization.data import Data

    from adapters.hazelcast_map.settings import HazelcastSettings
    from dolphin_strategies.factors.record_queue import SourceRecord
    from dolphin_strategies.factors.schema import FactorSchema

CAPACITY: Final = 4096
LONGEST_SILENCE_S: Final = 0.3
"""Between two calls, so that a mute member is noticed within a second however seldom is polled."""
SILENT_NS: Final = 3_000_000_000
"""After this time without a new value the producer counts as silent."""


class HazelcastSource:
    """Follow one entry while its cluster comes and goes.

    With ``push`` the cluster sends each change; the entry is also read every ``poll_s`` seconds,
    and after each connection, because events are lost while disconnected. A map that is destroyed
    ends the connection, because the cluster forgets who listens to it. With ``poll`` the
    entry is only read. One call is in flight at a time; an answer later than 0.5 s is not used.

    While there is no value under the key the source is stale: from the event of its removal,
    eviction or expiry, or of the map's clearing, otherwise from the next reading.

    Parameters
    ----------
    settings : HazelcastSettings
        The entry, and how it is read.
    capacity : int
        Records kept for a slow reader; older ones are lost and counted.

    Notes
    -----
    Values arrive and are decoded on threads of the client, which put them into a locked queue and
    wake the node's thread with ``call_soon_threadsafe``. Nothing blocks the node's thread.

    """

    def __init__(self, settings: HazelcastSettings, *, capacity: int = CAPACITY) -> None:
        self.settings: Final = settings
        self.capacity: Final = capacity
        self._lock: Final = threading.Lock()
        self._entry: Final = EntryState(
            str(settings), int((settings.poll_s + CALL_TIMEOUT_S) * 1e9)
        )
        self._queue: Final = RecordQueue(capacity)
        self._connection: ClusterConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: Callable[[], None] = lambda: None
        self._clock_ns: Callable[[], int] = time.time_ns
        self._asleep = False
        self._asked_s = 0.0
        self._changed_mono_ns = 0
        self._connection_problem = f"{settings}: not connected yet"
        self._late_answers = 0

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest records, or None before the first."""
        return self._entry.values.schema

    @property
    def is_open(self) -> bool:
        """Whether the source is open."""
        return self._loop is not None

    @property
    def counters(self) -> dict[str, int]:
        """``refused_values``, ``late_answers``, ``destroyed_maps``, and the counters of
        :class:`~adapters.hazelcast_map.entry.value_sequence.ValueSequence`.
        """
        with self._lock:
            return {
                "refused_values": self._entry.refused_values,
                "late_answers": self._late_answers,
                "destroyed_maps": 0
                if self._connection is None
                else self._connection.destroyed_maps,
                **self._entry.values.counters,
            }

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Begin to connect, and return at once. Needs a running asyncio loop.

        Raises
        ------
        ConfigError
            If the credentials in the environment are incomplete.

        """
        self._wake, self._clock_ns = wake, clock_ns
        self._loop = asyncio.get_running_loop()
        self._connection = ClusterConnection(self.settings, self._serve, self._on_trouble)
        self._connection.start()

    def close(self) -> None:
        """Disconnect; safe to call again."""
        self._loop = None
        if self._connection is not None:
            self._connection.close()

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record not handed out yet.

        A spin sleeps, because the client's threads need the interpreter.
        """
        with self._lock:
            self._queue.skip_to_newest()
        return self.read_next(spin_ns)

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record not handed out yet."""
        if spin_ns and not self._queue.unread:
            time.sleep(spin_ns / 1e9)
        with self._lock:
            record = self._queue.take()
        return None if record is None else self._factors(record)

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records not handed out yet, of one schema and stream."""
        with self._lock:
            records = self._queue.take_alike(limit)
        return self._batch(records)

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return the oldest records after a given one that are still held, handed out or not."""
        with self._lock:
            records = self._queue.after(stream_id, sequence, limit)
        return self._batch(records)

    def _batch(self, records: list[SourceRecord]) -> FactorBatch | None:
        return FactorBatch.of([self._factors(r) for r in records]) if records else None

    def _factors(self, r: SourceRecord) -> ExternalFactors:
        return ExternalFactors(
            r.schema, r.payload, r.ts_event, self._clock_ns(), r.sequence, r.published_mono_ns,
            r.stream_id,
        )  # fmt: skip

    def sleep(self) -> bool:
        """Request a call of ``wake``; return False if a record can be read already."""
        with self._lock:
            self._asleep = not self._queue.unread
            return self._asleep

    def _call_wake(self) -> None:
        if self._loop is not None:
            self._wake()

    def _serve(self, connection: ClusterConnection, entries: Map[str, Any]) -> None:
        """Serve a connected map, on the connection's thread."""
        key = self.settings.key
        if self.settings.mode == "push":
            connection.end_if_destroyed()
            listening = self._listen(connection, entries, key)
            if not connection.answer(listening):
                raise ConnectionLostError("the cluster did not take the listener in time")
        while True:
            self._asked_s = time.monotonic()
            with self._lock:
                self._entry.begin_reading()
            answer = entries.get(key)
            answer.add_done_callback(self._on_answer)
            connection.answer(answer)
            self._rest(connection, entries)

    def _rest(self, connection: ClusterConnection, entries: Map[str, Any]) -> None:
        """Wait for the next reading, and make sure meanwhile that the member answers."""
        left_s = self.settings.poll_s
        while not connection.pause(min(left_s, LONGEST_SILENCE_S)):
            left_s -= LONGEST_SILENCE_S
            if left_s <= 0:
                return
            connection.answer(entries.contains_key(self.settings.key))

    def _listen(
        self, connection: ClusterConnection, entries: Map[str, Any], key: str
    ) -> Future[str]:
        def change(event: EntryEvent[Any, Any]) -> None:
            with self._lock:
                record = self._entry.change(event.value.buffer, _buffer(event.old_value))
                self._add(record)
                must_read = self._entry.must_read
            if must_read:
                connection.hurry()

        def removal(how: str) -> Callable[[EntryEvent[Any, Any]], None]:
            def remove(event: EntryEvent[Any, Any]) -> None:
                with self._lock:
                    self._entry.remove(how, _buffer(event.old_value))
                connection.hurry()

            return remove

        def look(_: EntryEvent[Any, Any]) -> None:
            connection.hurry()

        return entries.add_entry_listener(
            include_value=True, key=key, added_func=change, updated_func=change,
            merged_func=look, loaded_func=look, removed_func=removal("it was removed"),
            evicted_func=removal("it was evicted"), expired_func=removal("it expired"),
            evict_all_func=removal("all of the map was evicted"),
            clear_all_func=removal("the map was cleared"),
        )  # fmt: skip

    def _on_answer(self, answer: Future[Any]) -> None:
        if not answer.is_success():
            return
        if time.monotonic() - self._asked_s > CALL_TIMEOUT_S:
            # Its age is unknown.
            self._late_answers += 1
            return
        with self._lock:
            self._connection_problem = ""
            self._add(self._entry.end_reading(_buffer(answer.result())))

    def _add(self, record: SourceRecord | None) -> None:
        if record is None:
            return
        self._changed_mono_ns = time.monotonic_ns()
        self._queue.append(record)
        if self._asleep and self._loop is not None:
            self._asleep = False
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._call_wake)

    def _on_trouble(self, reason: str) -> None:
        with self._lock:
            self._connection_problem = reason

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        with self._lock:
            state, reason = self._state()
            q = self._queue
            return SourceStatus(state, reason, q.published, q.delivered, q.conflated, q.lost)

    def _state(self) -> tuple[SourceState, str]:
        problem = self._connection_problem or self._entry.problem
        if not self._changed_mono_ns:
            return SourceState.WAITING, problem
        silent_ns = time.monotonic_ns() - self._changed_mono_ns
        if not problem and silent_ns > SILENT_NS:
            problem = f"{self.settings}: no new value for {silent_ns / 1e9:.1f} s"
        state = SourceState.STALE if problem else SourceState.LIVE
        # A conflict names refused values; the accepted ones are usable.
        return state, "; ".join(filter(None, (problem, self._entry.values.conflict)))


def _buffer(value: Data | None) -> bytes | bytearray | None:
    """Return a value's serialized bytes; the connection deserializes nothing."""
    return None if value is None else value.buffer
