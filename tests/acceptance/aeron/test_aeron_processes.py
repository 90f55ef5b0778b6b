"""What the trader sees who has factors on an Aeron stream: a node, the service, both bridges."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream import AeronChannel, AeronPublisher
from adapters.market.simulated_path import SCHEMA, STEP_NS, SimulatedPath
from adapters.process.child import Child
from adapters.shm import FactorReader, RegionError
from dolphin_strategies import SourceState
from tests.support.aeron.streams import STREAMS, following
from tests.support.eventually import eventually, eventually_async
from tests.support.exchange.exf import attached, exf_process, status_of
from tests.support.exchange.local_exchange import local_exchange
from tests.support.nodes.node_process import ROOT, node
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.aeron.media_driver import DriverProcess

TIMEOUT_S: Final = 120.0
TRADED: Final = re.compile(r"  PnL [+-](?!0\.00 )")


def new_text(driver: DriverProcess, media: str = "aeron:ipc") -> str:
    """Return the text of a stream of its own."""
    return f"{media}?stream-id={next(STREAMS)}|dir={driver.folder}"


@contextmanager
def streaming(text: str) -> Iterator[AeronPublisher]:
    """Publish the factors of the demo's simulated market, 100 times a second."""
    is_done = threading.Event()
    path, start_ns = SimulatedPath(7), time.time_ns()
    with AeronPublisher(AeronChannel.from_text(text), SCHEMA.names) as publisher:

        def write() -> None:
            while not is_done.wait(0.01):
                publisher.write_values(path.factors((time.time_ns() - start_ns) // STEP_NS))

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            yield publisher
        finally:
            is_done.set()
            thread.join(TIMEOUT_S)


@contextmanager
def bridge(*words: object) -> Iterator[Child]:
    """Run ``live/bridge_aeron.py``."""
    child = Child([sys.executable, str(ROOT / "live" / "bridge_aeron.py"), *map(str, words)])
    try:
        yield child
    finally:
        child.kill()


def reader_of(region: Path) -> FactorReader:
    """Attach once the bridge has made the region."""

    def attach() -> FactorReader | None:
        try:
            return FactorReader(region)
        except RegionError:
            return None

    reader = eventually(attach, "the region")
    assert reader is not None
    return reader


def test_a_node_trades_on_a_stream(media_driver: DriverProcess) -> None:
    """Fault H07: the same example strategy, with factors from an Aeron channel: fills, nothing
    open; it says when the publisher is gone.
    """
    text = new_text(media_driver)
    with node("--source", text) as process:
        with streaming(text):
            process.wait_for_factors(300)
            eventually(lambda: TRADED.search(process.output), "a profit or a loss")
        process.wait_for("the publisher has stopped")
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        fills = re.search(r"fills +(\d+)", process.output)
        assert fills
        assert int(fills.group(1)) > 0, process.output
        assert " 0 lost" in process.output
        assert "left open nothing" in process.output


def test_a_channel_that_cannot_be_used_is_refused() -> None:
    """Exit code 2 and the reason, before anything starts."""
    with node("--source", "aeron:udp?endpiont=127.0.0.1:4000", "--check") as process:
        assert process.exit_code() == 2
        assert "did you mean 'endpoint'" in process.output


def test_the_service_streams_what_its_region_holds(
    region_path: Path, media_driver: DriverProcess
) -> None:
    """Name for name and bit for bit, through a bridge into a region of another machine, and, from
    the service's region, through a bridge onto another stream.
    """
    text, onward = new_text(media_driver), new_text(media_driver)
    beyond = new_region_path()
    try:
        with (
            local_exchange() as exchange,
            exf_process(region_path, "--base-url", exchange.url, "--aeron", text) as exf,
            attached(region_path) as reader,
            bridge(text, "--region", beyond),
            bridge(onward, "--out", "--region", region_path),
        ):
            exf.until_alive(100)
            copy = reader_of(beyond)

            def is_same() -> bool:
                held, copied = reader.latest(), copy.latest()
                return (
                    held is not None
                    and copied is not None
                    and (held.schema, held.payload) == (copied.schema, copied.payload)
                    and held.ts_event == copied.ts_event
                )

            eventually(is_same, "the same state in both regions")
            eventually(lambda: status_of(region_path)["aeron"]["sent"], "a record that was sent")

            async def body() -> None:
                async with following(AeronChannel.from_text(onward)) as source:

                    def is_streamed() -> bool:
                        f, held = source.read_latest(), reader.latest()
                        return (
                            f is not None
                            and held is not None
                            and (f.schema, f.payload) == (held.schema, held.payload)
                        )

                    await eventually_async(is_streamed, "the same state on the stream")
                    exf.process.send_signal(signal.SIGTERM)
                    assert exf.process.wait(240) == 0
                    await eventually_async(
                        lambda: source.status().state is SourceState.STALE, "its end"
                    )

            asyncio.run(body())
            told = status_of(region_path)["aeron"]
            kinds = ("sent", "unheard", "dropped", "waiting")
            assert told["published"] == sum(told[kind] for kind in kinds)
    finally:
        remove_all_of(beyond)
