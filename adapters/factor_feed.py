"""FactorFeed: publishes a FactorSource on the message bus of a live node."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, CustomData

from adapters.latency import LatencyRecorder
from dolphin_strategies.factors.external_factors import EXTERNAL_FACTORS, WARM_UP
from dolphin_strategies.factors.source import SourceState

if TYPE_CHECKING:
    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.source import FactorSource

type Wait = Literal["event", "spin"]
type Delivery = Literal["latest", "every"]

WAITS: Final = ("event", "spin")
DELIVERIES: Final = ("latest", "every")
SPIN_NS: Final = 5_000
"""Short enough that Python's own code stays in the CPU's caches between two spins."""
SPINS_PER_TURN: Final = 5
RECORDS_PER_TURN: Final = 32
"""Records published before the node's other work gets its turn."""
STATUS_INTERVAL_NS: Final = 500_000_000


@dataclass(frozen=True, kw_only=True)
class FactorFeedConfig(DataActorConfig):
    """How a FactorFeed waits and delivers.

    Attributes
    ----------
    wait : "event" or "spin"
        ``event`` sleeps until the producer writes; ``spin`` keeps one core busy for latency.
    delivery : "latest" or "every"
        ``latest`` never builds a backlog: what is skipped is counted as conflated. ``every``
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


class FactorFeed(DataActor):
    """Publish what a source gives as ``CustomData(EXTERNAL_FACTORS, ExternalFactors)``.

    Parameters
    ----------
    source : FactorSource
        Where the factors come from; opened at start and closed at stop.
    config : FactorFeedConfig, optional
        How to wait and deliver.

    Notes
    -----
    Owned by the node's thread, like every actor. The node must run in an asyncio loop
    (``LiveNode.run_async``). An exception in here is handed to the loop's exception handler,
    which must stop the node. The only publisher of factors on a bus.

    """

    def __new__(cls, source: FactorSource, config: FactorFeedConfig | None = None) -> Self:
        return super().__new__(cls, config or FactorFeedConfig())  # type: ignore[call-arg]

    def __init__(self, source: FactorSource, config: FactorFeedConfig | None = None) -> None:
        config = config or FactorFeedConfig()
        super().__init__(config)
        self.source: Final = source
        self.latency: Final = LatencyRecorder()
        """From the producer's write to the publication here."""
        self._spins = config.wait == "spin"
        self._read = source.read_latest if config.delivery == "latest" else source.read_next
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Handle | None = None
        self._state = SourceState.WAITING
        self._last: ExternalFactors | None = None

    @property
    def age_ns(self) -> int | None:
        """Nanoseconds since the instant of the newest record published here; None before one."""
        return None if self._last is None else time.time_ns() - self._last.ts_event

    def on_start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.source.open(self._deliver, time.time_ns)
        # Not at once: what is published inside on_start reaches nobody.
        self._turn = self._loop.call_soon(self._spin if self._spins else self._deliver)
        self.clock.set_timer_ns(
            "dolphin.factor-feed.status", STATUS_INTERVAL_NS, callback=self._tell_state
        )

    def on_stop(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
        self.clock.cancel_timer("dolphin.factor-feed.status")
        self._loop = None
        self.source.close()

    def _spin(self) -> None:
        """Publish a record if one comes within a moment, then let the loop take a turn."""
        if self._loop is None:
            return
        read = self._read
        for _ in range(SPINS_PER_TURN):
            f = read(SPIN_NS)
            if f is not None:
                self._publish(f)
            elif self._last is not None:
                self.publish_data(WARM_UP, CustomData(WARM_UP, self._last))
        if self._loop is not None:
            self._turn = self._loop.call_soon(self._spin)

    def _deliver(self) -> None:
        """Publish what is there, then sleep until there is more."""
        if self._loop is None:
            return
        self._publish_some()
        if self._loop is not None and not self.source.sleep():
            self._turn = self._loop.call_soon(self._deliver)

    def _publish_some(self) -> None:
        read = self._read
        for _ in range(RECORDS_PER_TURN):
            f = read()
            if f is None:
                return
            self._publish(f)

    def _publish(self, f: ExternalFactors) -> None:
        now_ns = time.monotonic_ns()
        self.publish_data(EXTERNAL_FACTORS, CustomData(EXTERNAL_FACTORS, f))
        self._last = f
        if f.published_mono_ns:
            self.latency.add(now_ns - f.published_mono_ns)

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
