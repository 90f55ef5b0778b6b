"""FactorFeed: publishes a FactorSource on the message bus."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, runtime_checkable

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, CustomData

from adapters.feed.latency import LatencyRecorder
from adapters.feed.node_loop import busy_time_of
from adapters.feed.record_outlet import RecordOutlet
from dolphin_strategies.clocks.backtest_clock import is_backtest_clock
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.source import MemorySource, SourceState
from dolphin_strategies.history.feed_messages import (
    FEED_MESSAGES,
    ClockMoved,
    HeldAnswer,
    HeldRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.source import FactorSource

type Wait = Literal["event", "spin"]
type Delivery = Literal["latest", "every"]

WAITS: Final = ("event", "spin")
DELIVERIES: Final = ("latest", "every")
RECORDS_PER_ANSWER: Final = 1_000
"""Held records given to a strategy at a time: about 3 ms of work."""
STATUS_INTERVAL_NS: Final = 500_000_000
STATUS_TIMER: Final = "dolphin.factor-feed.status"
DUE_ALERT: Final = "dolphin.factor-feed.due"


@dataclass(frozen=True, kw_only=True)
class FactorFeedConfig(DataActorConfig):
    """How a FactorFeed waits and delivers.

    Attributes
    ----------
    wait : "event" or "spin"
        ``event`` sleeps until the producer writes; ``spin`` keeps one core busy for latency.
    delivery : "latest" or "every"
        ``latest`` never builds a backlog: skipped records are counted as conflated. ``every``
        publishes each record in order.

    """

    actor_id: ActorId | None = None
    wait: Wait = "event"
    delivery: Delivery = "latest"

    def __new__(cls, **kwargs: Any) -> Self:
        kwargs.setdefault("actor_id", ActorId("FactorFeed-001"))
        return super().__new__(cls, **kwargs)

    def __post_init__(self) -> None:
        if self.wait not in WAITS:
            msg = f"wait: expected 'event' or 'spin', found {self.wait!r}"
            raise ValueError(msg)
        if self.delivery not in DELIVERIES:
            msg = f"delivery: expected 'latest' or 'every', found {self.delivery!r}"
            raise ValueError(msg)


@runtime_checkable
class TimedSource(Protocol):
    """A source that knows when its next record is due, such as a recording."""

    @property
    def next_due_ns(self) -> int | None:
        """When the next record may be read, UNIX nanoseconds; None: never."""


class FactorFeed(DataActor):
    """Publish the records of a source as ``CustomData(EXTERNAL_FACTORS, ExternalFactors)``.

    Parameters
    ----------
    source : FactorSource
        Where the factors come from; opened at start and closed at stop.
    config : FactorFeedConfig, optional
        How to wait and deliver.

    Notes
    -----
    Owned by the node's thread, like every actor. The only publisher of factors on a bus.

    A live node must run in an asyncio loop (``LiveNode.run_async``). An exception of the feed is
    passed to the loop's exception handler, which must stop the node.

    In a BacktestEngine the source must be a :class:`TimedSource`, or a MemorySource that an actor
    of the engine writes. A TimedSource's records are published at the instants at which they are
    due, before the engine's own data of these instants: a strategy receives the same as if the
    records were the first data added to the engine; of a source that ``is_after_market``, the
    last. A MemorySource's are published at once.

    """

    def __new__(cls, source: FactorSource, config: FactorFeedConfig | None = None) -> Self:
        return super().__new__(cls, config or FactorFeedConfig())  # type: ignore[call-arg]

    def __init__(self, source: FactorSource, config: FactorFeedConfig | None = None) -> None:
        config = config or FactorFeedConfig()
        super().__init__(config)
        self.source: Final = source
        self.latency: Final = LatencyRecorder()
        """Latencies from the producer's write to the publication by this feed."""
        self._spins = config.wait == "spin"
        read = source.read_latest if config.delivery == "latest" else source.read_next
        self._outlet: Final = RecordOutlet(read, self.publish_data, self.latency.add)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Handle | None = None
        self._state = SourceState.WAITING
        self._timed_source: TimedSource | None = None
        self._alerts = 0
        self._lead_ns = 1

    @property
    def age_ns(self) -> int | None:
        """Nanoseconds since the instant of the newest record published; None before the first."""
        last = self._outlet.last
        return None if last is None else time.time_ns() - last.ts_event

    def on_start(self) -> None:
        """Open the source and begin to publish; called by Nautilus.

        Raises
        ------
        ConfigError
            If the node does not run in an asyncio loop, or a backtest's source is not timed.

        """
        if is_backtest_clock(self.clock):
            self._start_in_backtest()
            return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            msg = "FactorFeed: expected a node that runs in an asyncio loop; use run_async()"
            raise ConfigError(msg) from None
        self._outlet.busy = busy_time_of(self._loop)
        self.source.open(self._deliver, time.time_ns)
        self.subscribe_data(FEED_MESSAGES)
        # Not at once: a record published inside on_start has no subscriber yet.
        self._turn = self._loop.call_soon(self._begin)
        self.clock.set_timer_ns(STATUS_TIMER, STATUS_INTERVAL_NS, callback=self._tell_state)

    def on_stop(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
        if self._loop is not None:
            self.clock.cancel_timer(STATUS_TIMER)
        self._loop = None
        self._outlet.is_open = False
        self.source.close()

    @property
    def look(self) -> Callable[[], None]:
        """Call this before and after other work on the node's thread, such as handing over a
        quote: it publishes a record that is there, so that none waits for the work.

        It waits for nothing, takes about 0.3 µs when there is no record, and does nothing before
        the start, after the stop, or within the publication of another record.
        """
        return self._outlet.look

    def _begin(self) -> None:
        if self._loop is not None:
            self._outlet.is_open = True
            (self._spin if self._spins else self._deliver)()

    def _spin(self) -> None:
        """Publish a record if one comes within a few spins, then let the loop turn."""
        if self._loop is None:
            return
        self._outlet.spin()
        if self._loop is not None:
            self._turn = self._loop.call_soon(self._spin)

    def _deliver(self) -> None:
        """Publish the available records, then sleep until there are more."""
        if self._loop is None:
            return
        self._outlet.publish_some()
        if self._loop is not None and not self.source.sleep():
            self._turn = self._loop.call_soon(self._deliver)

    def _start_in_backtest(self) -> None:
        if isinstance(self.source, MemorySource):
            self.source.open(self._deliver_all, self.clock.timestamp_ns)
            self._deliver_all()
            return
        if not isinstance(self.source, TimedSource):
            msg = (
                f"FactorFeed: expected a source that knows when its records are due, such as "
                f"RecordedSource, or a MemorySource that an actor writes, found "
                f"{type(self.source).__name__}; a BacktestEngine has no time in which another "
                "process could write"
            )
            raise ConfigError(msg)
        self._timed_source = self.source
        self._lead_ns = 0 if getattr(self.source, "is_after_market", False) else 1
        self.source.open(self._on_due, self.clock.timestamp_ns)
        # Otherwise an alert just before the engine's first instant would lie in the past.
        self.clock.set_time(self.clock.timestamp_ns() - 2)
        self._set_alert(self.source)

    def _deliver_all(self) -> None:
        """Publish what was written at this instant of a backtest."""
        self._outlet.publish_all()
        self.source.sleep()

    def _set_alert(self, source: TimedSource) -> None:
        due_ns = source.next_due_ns
        if due_ns is not None:
            # Two alternating names: the name of the alert that is firing may still be in use.
            self._alerts += 1
            name = f"{DUE_ALERT}-{self._alerts % 2}"
            # The engine fires the alerts of an instant after its data of that instant.
            self.clock.set_time_alert_ns(name, due_ns - self._lead_ns, self._on_due)

    def _on_due(self, event: object = None) -> None:
        """Publish the records due one nanosecond from now, with the clocks at that instant."""
        source = self._timed_source
        if source is None or (due_ns := source.next_due_ns) is None:
            return
        self._move_clocks(due_ns)
        self._outlet.publish_all()
        # The engine does not let an alert advance the time beyond its own.
        self._move_clocks(due_ns - self._lead_ns)
        self._set_alert(source)

    def _move_clocks(self, now_ns: int) -> None:
        self.clock.set_time(now_ns)
        self.publish_data(FEED_MESSAGES, ClockMoved(now_ns).wrapped())

    def on_data(self, data: CustomData) -> None:
        """Answer a strategy's request for held records, after its own callback has returned."""
        request = data.data
        if type(request) is HeldRequest and self._loop is not None:
            self._loop.call_soon(self._answer, request)

    def _answer(self, request: HeldRequest) -> None:
        if self._loop is not None:
            answer = HeldAnswer(request, self._held(request))
            self.publish_data(FEED_MESSAGES, answer.wrapped())

    def _held(self, request: HeldRequest) -> FactorBatch | None:
        """Return records that were published before the strategy started."""
        last = self._outlet.last
        if last is None:
            return None
        if request.before is None:
            stream_id, stop = last.stream_id, last.sequence + 1
        else:
            stream_id, stop = request.before
        batch = self.source.held_after(request.stream_id, request.sequence, RECORDS_PER_ANSWER)
        if batch is None or batch.stream_id != stream_id:
            return None
        batch = batch[batch.sequence < stop]
        return batch if len(batch) else None

    def _tell_state(self, event: object) -> None:
        """Log a change of the source's state, once."""
        status = self.source.status()
        if status.state is self._state:
            return
        self._state = status.state
        if status.state is SourceState.LIVE:
            self.log.info(f"Factors live: {len(self.source.schema or ())} from the producer")
        else:
            self.log.warning(f"Factors {status.state.value}: {status.reason}")
