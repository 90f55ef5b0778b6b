"""HazelcastSource: an entry of a Hazelcast map as a FactorSource."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.hazelcast_map.cluster_connection import CALL_TIMEOUT_S, LinkLostError, MapLink
from adapters.hazelcast_map.json_codec import UnusableError, decode, text_of
from adapters.hazelcast_map.record_queue import RecordQueue, same_kind
from adapters.hazelcast_map.value_sequence import Record, UpdateStream
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.source import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from hazelcast.future import Future
    from hazelcast.proxy.base import EntryEvent
    from hazelcast.proxy.map import Map
    from hazelcast.serialization.data import Data

    from adapters.hazelcast_map.settings import HazelcastSettings
    from dolphin_strategies.factors.schema import FactorSchema

CAPACITY: Final = 4096
SILENT_NS: Final = 3_000_000_000
"""After so long without a new value the producer counts as silent."""


class HazelcastSource:
    """Follow one entry through whatever becomes of its cluster.

    With ``push`` the cluster sends each change; the entry is also read every ``poll_s`` seconds,
    and after each connection, because events of a disconnected time are lost. With ``poll`` it
    is read only. One call is in flight at a time; an answer later than 0.5 s is not used.

    Parameters
    ----------
    settings : HazelcastSettings
        Which entry, and how.
    capacity : int
        Records kept for a reader that is slow; older ones are lost and counted.

    Notes
    -----
    Values arrive, and are decoded, on threads of the client; they meet the node's thread in a
    queue under a lock, and wake it by ``call_soon_threadsafe``. Nothing blocks the node's thread.

    """

    def __init__(self, settings: HazelcastSettings, *, capacity: int = CAPACITY) -> None:
        self.settings: Final = settings
        self.capacity: Final = capacity
        self._lock: Final = threading.Lock()
        self._updates: Final = UpdateStream()
        self._queue: Final = RecordQueue(capacity)
        self._link: MapLink | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: Callable[[], None] = lambda: None
        self._clock_ns: Callable[[], int] = time.time_ns
        self._asleep = False
        self._newest: bytes | bytearray | None = None
        self._asked_s = 0.0
        self._changed_mono_ns = 0
        self._link_problem = f"{settings}: not connected yet"
        self._value_problem = ""
        self._unusable = 0
        self._late = 0

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest records, or None before the first."""
        return self._updates.schema

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed."""
        return self._loop is not None

    @property
    def counters(self) -> dict[str, int]:
        """What was not taken as it came: ``refused_values``, ``late_answers``, and those of
        :class:`~adapters.hazelcast_map.value_sequence.UpdateStream`.
        """
        with self._lock:
            return {
                "refused_values": self._unusable,
                "late_answers": self._late,
                **self._updates.counters,
            }

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Begin to connect, and return at once. Needs a running asyncio loop."""
        self._wake, self._clock_ns = wake, clock_ns
        self._loop = asyncio.get_running_loop()
        self._link = MapLink(self.settings, self._serve, self._on_trouble)
        self._link.start()

    def close(self) -> None:
        """Disconnect; safe to call again."""
        self._loop = None
        if self._link is not None:
            self._link.close()

    # ---- reading, on the node's thread -------------------------------------------------------

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record not handed out yet; a spin sleeps, as the client needs the
        interpreter.
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
        records: list[Record] = []
        with self._lock:
            while len(records) < limit and (record := self._queue.peek()) is not None:
                if records and not same_kind(records[0], record):
                    break
                self._queue.take()
                records.append(record)
        return self._batch(records)

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return the oldest records after one that are still here, handed out or not."""
        with self._lock:
            records = self._queue.after(stream_id, sequence, limit)
        return self._batch(records)

    def _batch(self, records: list[Record]) -> FactorBatch | None:
        return FactorBatch.of([self._factors(r) for r in records]) if records else None

    def _factors(self, r: Record) -> ExternalFactors:
        return ExternalFactors(
            r.schema, r.payload, r.ts_event, self._clock_ns(), r.sequence, r.published_mono_ns,
            r.stream_id,
        )  # fmt: skip

    def sleep(self) -> bool:
        """Ask for ``wake``; False if there is something to read already."""
        with self._lock:
            self._asleep = not self._queue.unread
            return self._asleep

    def _call_wake(self) -> None:
        if self._loop is not None:
            self._wake()

    # ---- receiving, on the client's threads --------------------------------------------------

    def _serve(self, entries: Map[str, Any]) -> None:
        link = self._link
        assert link is not None  # noqa: S101 - it called
        key = self.settings.key
        if self.settings.mode == "push" and not link.answer(self._listen(entries, key)):
            raise LinkLostError("the cluster did not take the listener in time")
        while True:
            self._asked_s = time.monotonic()
            answer = entries.get(key)
            answer.add_done_callback(self._on_answer)
            link.answer(answer)
            link.pause(self.settings.poll_s)

    def _listen(self, entries: Map[str, Any], key: str) -> Future[str]:
        ask_again = self._ask_again
        return entries.add_entry_listener(
            include_value=True, key=key, added_func=self._on_event, updated_func=self._on_event,
            merged_func=ask_again, loaded_func=ask_again, removed_func=ask_again,
            evicted_func=ask_again, expired_func=ask_again, evict_all_func=ask_again,
            clear_all_func=ask_again,
        )  # fmt: skip

    def _on_event(self, event: EntryEvent[Any, Any]) -> None:
        """Take a change that follows the value known; where it does not, ask.

        An event that was under way while the entry was read may be older than the answer, and
        values without a sequence do not show it.
        """
        before: Data | None = event.old_value
        with self._lock:
            follows = (None if before is None else before.buffer) == self._newest
            is_taken = self._take(event.value, may_be_old=not follows)
        if not is_taken:
            self._ask_again(event)

    def _ask_again(self, event: EntryEvent[Any, Any]) -> None:
        if self._link is not None:
            self._link.hurry()

    def _on_answer(self, answer: Future[Any]) -> None:
        if not answer.is_success():
            return
        if time.monotonic() - self._asked_s > CALL_TIMEOUT_S:
            # How old it is, nobody knows.
            self._late += 1
            return
        data: Data | None = answer.result()
        with self._lock:
            self._link_problem = ""
            if data is None:
                self._newest = None
                self._value_problem = f"{self.settings}: there is no value under this key"
            else:
                self._take(data)

    def _take(self, data: Data, *, may_be_old: bool = False) -> bool:
        """Decode and queue a value; return False if only asking can tell whether it is new."""
        if data.buffer == self._newest:
            return True
        try:
            update = decode(text_of(data.buffer))
            if may_be_old and not update.sequence:
                return False
            record = self._updates.take(update, time.time_ns(), time.monotonic_ns())
        except UnusableError as error:
            self._unusable += 1
            self._value_problem = f"{self.settings}: the value is refused: {error}"
        else:
            self._value_problem = ""
            if record is not None:
                self._add(record)
        self._newest = data.buffer
        return True

    def _add(self, record: Record) -> None:
        self._changed_mono_ns = time.monotonic_ns()
        self._queue.append(record)
        if self._asleep and self._loop is not None:
            self._asleep = False
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._call_wake)

    def _on_trouble(self, reason: str) -> None:
        with self._lock:
            self._link_problem = reason

    # ---- status ------------------------------------------------------------------------------

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        with self._lock:
            state, reason = self._state()
            q = self._queue
            return SourceStatus(state, reason, q.published, q.delivered, q.conflated, q.lost)

    def _state(self) -> tuple[SourceState, str]:
        problem = self._link_problem or self._value_problem
        if not self._changed_mono_ns:
            return SourceState.WAITING, problem
        silent_ns = time.monotonic_ns() - self._changed_mono_ns
        if not problem and silent_ns > SILENT_NS:
            problem = f"{self.settings}: no new value for {silent_ns / 1e9:.1f} s"
        if self._updates.conflict:
            problem = "; ".join(filter(None, (problem, self._updates.conflict)))
            if silent_ns <= SILENT_NS and not self._link_problem:
                return SourceState.LIVE, problem
        return (SourceState.STALE if problem else SourceState.LIVE), problem
