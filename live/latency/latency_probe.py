"""One latency measurement in a process of its own; prints its latencies in ns as JSON.

``-m live.latency.latency_probe get|raw|node URL_OR_REGION --wait event|spin --rate N --count N``
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from hazelcast.client import HazelcastClient
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.latency import LatencyRecorder, measure_on_factors
from adapters.feed.record_outlet import SPIN_NS, SPINS_PER_TURN
from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from adapters.hazelcast_map.entry.json_codec import text_of
from adapters.hazelcast_map.settings import credentials
from adapters.shm.source import ShmSource
from dolphin_strategies import DolphinError, FactorStrategy, FactorStrategyConfig
from live.producers.producer_child import ProducerChild

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies import FactorSource

SETTLE_S: Final = 1.0
"""From the receiver's start to the producer's."""
LEAD_S: Final = 0.1
DRAIN_S: Final = 0.5


class Measurement:
    """A producer that begins when the receiver is ready, and the latencies from then on."""

    def __init__(self, producer: ProducerChild, seconds: float) -> None:
        self.recorder = LatencyRecorder()
        self._producer: Final = producer
        self._seconds: Final = seconds
        self._skipped = 0

    def begin(self) -> float:
        """Start the producer; return how long to receive, seconds."""
        self._skipped = len(self.recorder.newest())
        self._producer.start_at(time.time_ns() + int(LEAD_S * 1e9))
        return LEAD_S + self._seconds + DRAIN_S

    def latencies(self) -> list[int]:
        """Return the latencies of the records after the start, in nanoseconds."""
        found: list[int] = self.recorder.newest()[self._skipped :].tolist()
        return found


class Receiver(FactorStrategy[FactorStrategyConfig]):
    """Receives factors and does nothing else."""

    def __init__(self, on_up: Callable[[], object]) -> None:
        super().__init__(FactorStrategyConfig())
        self._on_up = on_up

    def on_start(self) -> None:
        super().on_start()
        self._on_up()


def source_of(address: str) -> FactorSource:
    """Return the source of an address."""
    if "://" in address:
        return HazelcastSource(HazelcastSettings.from_url(address))
    return ShmSource(address)


async def raw(source: FactorSource, wait: str, measurement: Measurement) -> None:
    """Read a source as the feed does, without a node.

    Parameters
    ----------
    source : FactorSource
        The source to read.
    wait : str
        ``event`` or ``spin``.
    measurement : Measurement
        Starts the producer and collects the latencies.

    """

    def take(spin_ns: int = 0) -> None:
        while (f := source.read_latest(spin_ns)) is not None:
            if f.published_mono_ns:
                measurement.recorder.add(time.monotonic_ns() - f.published_mono_ns)

    def drain() -> None:
        while not source.sleep():
            take()

    source.open(drain, time.time_ns)
    drain()
    await asyncio.sleep(SETTLE_S)
    gc.collect()
    gc.freeze()
    until_s = measurement.begin() + time.monotonic()
    if wait == "event":
        await asyncio.sleep(until_s - time.monotonic())
    while time.monotonic() < until_s:
        for _ in range(SPINS_PER_TURN):
            take(SPIN_NS)
        await asyncio.sleep(0)
    source.close()


async def through_node(source: FactorSource, wait: Any, measurement: Measurement) -> None:
    """Receive in ``on_factors`` of a strategy in a sandbox node.

    Parameters
    ----------
    source : FactorSource
        The source of the node's feed.
    wait : str
        ``event`` or ``spin``.
    measurement : Measurement
        Starts the producer and collects the latencies.

    """
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("LATENCY-001"),
        shutdown_on_error=True,
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )
    node = LiveNodeBuilder.from_config("LATENCY", config).build()
    handle = node.handle()
    loop = asyncio.get_running_loop()

    def begin() -> None:
        gc.collect()
        gc.freeze()
        loop.call_later(measurement.begin(), handle.stop)

    strategy = Receiver(lambda: loop.call_later(SETTLE_S, begin))
    measurement.recorder = measure_on_factors(strategy).all
    node.add_actor(FactorFeed(source, FactorFeedConfig(wait=wait)))
    node.add_strategy(strategy)
    await node.run_async()


def read_again(address: str, count: int) -> list[int]:
    """Time get and parse as the roadmap does, in nanoseconds."""
    settings = HazelcastSettings.from_url(address)
    options: dict[str, Any] = {**settings.client_config(), **credentials()}
    client = HazelcastClient(**options)
    try:
        entries: Any = client.get_map(settings.map_name)
        # As in a source: the client would unpickle, and so run, what a cluster gives it.
        entries._to_object = lambda data: data  # noqa: SLF001
        latencies = []
        for _ in range(count):
            start_ns = time.perf_counter_ns()
            json.loads(bytes(text_of(entries.get(settings.key).result().buffer)))
            latencies.append(time.perf_counter_ns() - start_ns)
        return latencies
    finally:
        client.shutdown()


def main() -> int:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("get", "raw", "node"))
    parser.add_argument("address")
    parser.add_argument("--wait", choices=("event", "spin"), default="event")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    words = [options.address, "--rate", str(options.rate), "--count", str(options.count)]
    try:
        producer = ProducerChild("live.latency.producer", words)
    except DolphinError as error:
        sys.stderr.write(f"probe: {error}\n")
        return 2
    try:
        if options.kind == "get":
            latencies = read_again(options.address, options.count)
        else:
            measurement = Measurement(producer, options.count / options.rate)
            measure = raw if options.kind == "raw" else through_node
            asyncio.run(measure(source_of(options.address), options.wait, measurement))
            latencies = measurement.latencies()
    finally:
        producer.stop()
    print(json.dumps(latencies))
    return 0


if __name__ == "__main__":
    sys.exit(main())
