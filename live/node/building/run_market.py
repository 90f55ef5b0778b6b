"""The simulated or replayed market of a run: its producer process and its data client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from adapters.market.delivery_counter import DeliveryCounter
from adapters.market.delivery_counter_actor import DeliveryCounterActor
from adapters.market.replay_clock import ReplayClock
from adapters.market.replayed_data_client import (
    ReplayedMarketClientConfig,
    ReplayedMarketClientFactory,
)
from adapters.market.simulated_data_client import (
    SimulatedMarketClientConfig,
    SimulatedMarketClientFactory,
)
from adapters.market.simulated_path import SimulatedPath
from adapters.market.tick_files import TickFiles
from dolphin_strategies.errors import ConfigError
from live.producers.producer_child import ProducerChild

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nautilus_trader.common import DataActor
    from nautilus_trader.live import DataClientConfig
    from nautilus_trader.live.clients import DataClientFactory

    from adapters.process.run_folder import RunFolder
    from live.node.settings.node_settings import NodeSettings


class Market(Protocol):
    """A producer process that writes factors, and the data client that quotes to the node."""

    def client(
        self, on_end: Callable[[], None], look: Callable[[], None]
    ) -> tuple[DataClientFactory, DataClientConfig]:
        """Return the data client's factory and config.

        The client calls ``on_end`` at the data's end, and ``look`` (``FactorFeed.look``) before
        and after it hands data over.
        """

    def actors(self) -> Sequence[DataActor]:
        """Return the actors that the market needs in the node."""

    def start(self, start_ns: int) -> None:
        """Begin, here and in the producer, at an instant of the UNIX clock."""

    def producer_failure(self) -> str:
        """Return the failure of the producer, or an empty string."""

    def restart_producer(self) -> bool:
        """Start the producer again, which may take seconds; return False if unsupported."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class _ProducedMarket:
    """The base of markets with a producer process of their own."""

    def __init__(self, producer: ProducerChild) -> None:
        self._producer = producer
        self._start_ns = 0

    def start(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._producer.start_at(start_ns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.stop()


class SimulatedMarket(_ProducedMarket):
    """The demo: a seeded market in the node, and its factors from a separate process."""

    def __init__(self, settings: NodeSettings, folder: RunFolder) -> None:
        arguments = ["--region", str(folder.region), "--seed", str(settings.demo.seed)]
        if settings.demo.shuffle_factors:
            arguments.append("--shuffle-factors")
        super().__init__(ProducerChild("live.producers.demo_producer", arguments))
        self._arguments = arguments
        self._path = SimulatedPath(settings.demo.seed)

    def client(
        self, on_end: Callable[[], None], look: Callable[[], None]
    ) -> tuple[DataClientFactory, DataClientConfig]:
        factory = SimulatedMarketClientFactory(self._path, lambda: self._start_ns, look)
        return factory, SimulatedMarketClientConfig()

    def actors(self) -> Sequence[DataActor]:
        return ()

    def producer_failure(self) -> str:
        code = self._producer.exit_code
        return "" if code is None else f"the producer process ended with code {code}"

    def restart_producer(self) -> bool:
        self._producer.stop()
        self._producer = ProducerChild("live.producers.demo_producer", self._arguments)
        self._producer.start_at(self._start_ns)
        return True


class _MarketAlone:
    """The base of markets whose factors come from elsewhere."""

    def __init__(self) -> None:
        self._start_ns = 0

    def start(self, start_ns: int) -> None:
        self._start_ns = start_ns

    def producer_failure(self) -> str:
        # A producer is not part of this run: its death shows as staleness.
        return ""

    def restart_producer(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


class SimulatedQuotes(_MarketAlone):
    """The demo's market alone."""

    def __init__(self, seed: int, start_ns: int = 0) -> None:
        super().__init__()
        self._given_ns = start_ns
        self._path = SimulatedPath(seed)

    def start(self, start_ns: int) -> None:
        super().start(self._given_ns or start_ns)

    def client(
        self, on_end: Callable[[], None], look: Callable[[], None]
    ) -> tuple[DataClientFactory, DataClientConfig]:
        factory = SimulatedMarketClientFactory(self._path, lambda: self._start_ns, look)
        return factory, SimulatedMarketClientConfig()

    def actors(self) -> Sequence[DataActor]:
        return ()


class _Ticks:
    """The ticks of a recording, and the counter of those that the node has received.

    Raises
    ------
    ConfigError
        If the settings name no folder, or it is not a recording.

    """

    def __init__(self, settings: NodeSettings, folder: RunFolder) -> None:
        recorded = settings.replay.folder
        if recorded is None:
            msg = "replay: expected a folder of recorded ticks, found none"
            raise ConfigError(msg)
        self.folder = recorded
        self.speed = settings.replay.speed
        self._recording = TickFiles.load(recorded)
        self._hand_over = DeliveryCounter.create(folder.hand_over)

    def client(
        self,
        start_ns: Callable[[], int],
        on_end: Callable[[], None],
        look: Callable[[], None],
    ) -> tuple[DataClientFactory, DataClientConfig]:
        def clock() -> ReplayClock:
            first_ns = self._recording.first_ns
            return ReplayClock(start_ns=start_ns(), first_ns=first_ns, speed=self.speed)

        factory = ReplayedMarketClientFactory(
            recording=self._recording,
            clock=clock,
            hand_over=self._hand_over,
            on_end=on_end,
            look=look,
        )
        return factory, ReplayedMarketClientConfig()

    def actors(self) -> Sequence[DataActor]:
        return (DeliveryCounterActor(self._hand_over),)


class ReplayedTicks(_MarketAlone):
    """A recording's ticks alone; errors as for :class:`_Ticks`."""

    def __init__(self, settings: NodeSettings, folder: RunFolder) -> None:
        super().__init__()
        self._ticks = _Ticks(settings, folder)
        self.actors = self._ticks.actors

    def client(
        self, on_end: Callable[[], None], look: Callable[[], None]
    ) -> tuple[DataClientFactory, DataClientConfig]:
        return self._ticks.client(lambda: self._start_ns, on_end, look)


class ReplayedMarket(_ProducedMarket):
    """A recording: its ticks from the node, its factors from a separate process.

    Raises
    ------
    ConfigError
        If the settings name no folder, or it is not a recording.
    ChildError
        If the producer process is not ready in time.

    """

    def __init__(self, settings: NodeSettings, folder: RunFolder) -> None:
        self._ticks = _Ticks(settings, folder)
        self.actors = self._ticks.actors
        arguments = ["--region", str(folder.region), "--hand-over", str(folder.hand_over)]
        arguments += ["--folder", str(self._ticks.folder), "--speed", str(self._ticks.speed)]
        super().__init__(ProducerChild("live.producers.replay_producer", arguments))

    def client(
        self, on_end: Callable[[], None], look: Callable[[], None]
    ) -> tuple[DataClientFactory, DataClientConfig]:
        return self._ticks.client(lambda: self._start_ns, on_end, look)

    def producer_failure(self) -> str:
        # Code 0: the producer has written the whole recording.
        code = self._producer.exit_code
        return f"the producer process ended with code {code}" if code else ""

    def restart_producer(self) -> bool:
        # A second run of the recording would publish old factors again.
        return False


def open_market(settings: NodeSettings, folder: RunFolder) -> Market:
    """Return the market that the settings name, with its producer started if it has one."""
    node = settings.node
    if node.venue == "replay":
        made = ReplayedMarket if node.compute is None else ReplayedTicks
        return made(settings, folder)
    if node.source or node.producer == "outside" or node.compute is not None:
        return SimulatedQuotes(settings.demo.seed, settings.demo.start_ns)
    return SimulatedMarket(settings, folder)
