"""AeronSource: a stream of messages as a FactorSource."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.driver.driver_client import DriverClient, aeron_library
from adapters.aeron_stream.fragments import Fragments
from adapters.aeron_stream.monotonic_clock import clock_id
from adapters.aeron_stream.stream_order import SILENT_NS, StreamOrder
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.record_queue import RecordQueue
from dolphin_strategies.factors.source import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.aeron_stream.channel import AeronChannel
    from dolphin_strategies.factors.record_queue import SourceRecord
    from dolphin_strategies.factors.schema import FactorSchema

CAPACITY: Final = 4096
FRAGMENTS_PER_POLL: Final = 64
SLEEP_NS: Final = 50_000
"""From one look to the next while the node sleeps; the kernel adds about as much again."""
LONG_SLEEP_NS: Final = 500_000
"""The same after ``QUIET_S`` without a record: a quiet stream costs little."""
QUIET_S: Final = 0.1
RETRY_S: Final = 0.1
LOOK_S: Final = 0.1
CLOSE_TIMEOUT_S: Final = 2.0


class AeronSource:
    """Follow one stream while its publisher, and the media driver, come and go.

    Parameters
    ----------
    channel : AeronChannel
        The stream, and the driver that receives it.
    capacity : int
        Records kept for a slow reader; older ones are lost and counted.

    Raises
    ------
    ConfigError
        If the extra `aeron` is not installed.

    Notes
    -----
    The node's thread takes the messages from the subscription itself whenever it reads; that is
    all there is to it while it spins. While it sleeps, a thread of the source looks in its place
    every 50 to 100 µs, after 0.1 s without a record every 0.5 ms, without holding the interpreter
    in between, and wakes the node's with ``call_soon_threadsafe``. The same thread connects to the
    driver, so that nothing blocks the node's. Aeron has no descriptor that a loop could watch.

    """

    def __init__(self, channel: AeronChannel, *, capacity: int = CAPACITY) -> None:
        self.channel: Final = channel
        self.capacity: Final = capacity
        sleeping = aeron_library().IdleStrategy.sleeping
        self._rests: Final = (sleeping(SLEEP_NS), sleeping(LONG_SLEEP_NS))
        self._lock: Final = threading.Lock()
        self._queue: Final = RecordQueue(capacity)
        self._order: Final = StreamOrder(clock_id(), self._queue.append, capacity)
        self._poll: Callable[[], int] | None = None
        self._problem = f"{channel}: not connected yet"
        self._connections = 0
        self._wake: Callable[[], None] = lambda: None
        self._clock_ns: Callable[[], int] = time.time_ns
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._asleep = False
        self._must_look: Final = threading.Event()

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest state, or None before the first."""
        return self._order.schema

    @property
    def is_open(self) -> bool:
        """Whether the source is open."""
        return self._loop is not None

    @property
    def counters(self) -> dict[str, int]:
        """``connections`` to the driver, and the counters of
        :class:`~adapters.aeron_stream.stream_order.StreamOrder`.
        """
        with self._lock:
            self._collect()
            return {"connections": self._connections, **self._order.counters}

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Begin to connect, and return at once. Needs a running asyncio loop."""
        self._wake, self._clock_ns = wake, clock_ns
        self._loop = asyncio.get_running_loop()
        self._order.opened_mono_ns = time.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name="aeron source", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Disconnect; safe to call again. Waits for the source's thread, some milliseconds."""
        self._loop = None
        self._must_look.set()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)
            self._thread = None

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record not handed out yet."""
        with self._lock:
            self._collect(spin_ns)
            self._queue.skip_to_newest()
            record = self._queue.take()
        return None if record is None else self._factors(record)

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record not handed out yet."""
        with self._lock:
            if not self._queue.unread:
                self._collect(spin_ns)
            record = self._queue.take()
        return None if record is None else self._factors(record)

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records not handed out yet, of one schema and stream."""
        with self._lock:
            self._collect()
            records = self._queue.take_alike(limit)
        return self._batch(records)

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return the oldest records after a given one that are still held, handed out or not."""
        with self._lock:
            self._collect()
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
            self._collect()
            self._asleep = not self._queue.unread
        if self._asleep:
            self._must_look.set()
        return self._asleep

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        with self._lock:
            self._collect()
            state, reason = self._state()
            q = self._queue
            return SourceStatus(state, reason, q.published, q.delivered, q.conflated, q.lost)

    def _state(self) -> tuple[SourceState, str]:
        order, problem = self._order, self._problem
        if order.schema is None:
            waiting = problem or order.conflict or f"{self.channel}: no publisher has been heard"
            return SourceState.WAITING, waiting
        silent_ns = time.monotonic_ns() - order.heard_mono_ns
        if not problem and order.is_ended:
            problem = f"{self.channel}: the publisher has stopped"
        elif not problem and silent_ns > SILENT_NS:
            problem = f"{self.channel}: no message for {silent_ns / 1e9:.1f} s"
        state = SourceState.STALE if problem else SourceState.LIVE
        return state, "; ".join(filter(None, (problem, order.conflict)))

    def _collect(self, spin_ns: int = 0) -> None:
        """Take the messages that are there; with ``spin_ns``, wait for the first so long.

        At most about as many as the source keeps: a fast publisher must not hold the thread.
        """
        poll = self._poll
        if poll is None:
            return
        until_ns = time.monotonic_ns() + spin_ns if spin_ns else 0
        unread = self._queue.unread
        rounds = self.capacity
        while rounds > 0 and (
            (found := poll())
            or (until_ns and self._queue.unread == unread and time.monotonic_ns() < until_ns)
        ):
            rounds -= found
        self._order.settle(time.time_ns())

    def _take(self, message: bytes) -> None:
        self._order.take(message, time.time_ns(), time.monotonic_ns())

    def _run(self) -> None:
        """Connect, look while the node sleeps, and connect again; on the source's thread."""
        while self._loop is not None:
            client = None
            try:
                client = DriverClient(self.channel)
                subscription = client.subscription()
                with self._lock:
                    self._poll = partial(
                        subscription.poll,
                        Fragments(self._take).add,
                        FRAGMENTS_PER_POLL,
                        assemble=False,
                    )
                    self._problem = ""
                    self._connections += 1
                self._follow(client)
                problem = client.problem or "the media driver has ended this connection"
            except DolphinError as error:
                problem = str(error)
            with self._lock:
                self._poll = None
                self._problem = f"{self.channel}: {problem}"
            if client is not None:
                client.close()
            self._must_look.wait(RETRY_S)
            self._must_look.clear()

    def _follow(self, client: DriverClient) -> None:
        """Look for messages whenever the node sleeps, until the connection ends."""
        checked_s = quiet_s = time.monotonic()
        while self._loop is not None:
            if not self._asleep:
                self._must_look.wait(LOOK_S)
                self._must_look.clear()
            else:
                self._rests[time.monotonic() > quiet_s].idle(0)
                with self._lock:
                    self._collect()
                    is_due = self._asleep and self._queue.unread > 0
                    self._asleep = self._asleep and not is_due
                if is_due and (loop := self._loop) is not None:
                    quiet_s = time.monotonic() + QUIET_S
                    with suppress(RuntimeError):  # the loop is closed
                        loop.call_soon_threadsafe(self._call_wake)
            now_s = time.monotonic()
            if now_s - checked_s > LOOK_S:
                checked_s = now_s
                if client.is_closed:
                    return

    def _call_wake(self) -> None:
        if self._loop is not None:
            self._wake()
