"""One end of an Aeron stream, in a process of its own.

``python -m …children.aeron_process publish CHANNEL RATE COUNT`` answers with the publisher's
counters; ``… node CHANNEL WAIT`` with the latencies to ``on_factors`` in a live node;
``… subscribe CHANNEL`` with those of a bare source, and its longest gap. Both ends end with the
stream.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.aeron_stream import AeronChannel, AeronPublisher, AeronSource
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.latency import LatencyRecorder, measure_on_factors
from dolphin_strategies import SourceState
from tests.benchmarks import processes, sandbox_node
from tests.benchmarks.workload import FACTOR_COUNT, NAMES, paced
from tests.support.eventually import eventually, eventually_async

if TYPE_CHECKING:
    from nautilus_trader.live import LiveNode

    from adapters.feed.factor_feed import Wait

READY_TIMEOUT_S: Final = 25.0
END_TIMEOUT_S: Final = 120.0
SETTLE_S: Final = 0.5
POLL_S: Final = 0.1
REST_S: Final = 0.001
"""Between two looks of a bare source: two of them that spin would measure the scheduler."""


def publish(channel: AeronChannel, rate_hz: float, count: int) -> Any:
    """Publish at a steady rate, once the parent says so."""
    values = np.random.default_rng(1).random(FACTOR_COUNT)
    with AeronPublisher(channel, NAMES) as publisher:
        eventually(lambda: publisher.is_heard, "a subscriber", READY_TIMEOUT_S)
        processes.say_ready()
        gc.collect()
        gc.freeze()
        for number in paced(rate_hz, count):
            values[0] = number
            publisher.write_values(values)
        publisher.flush(1.0)
        time.sleep(SETTLE_S)
        return publisher.counters


async def node(channel: AeronChannel, wait: Wait) -> Any:
    """Run a node until the stream ends; return the latencies and what its source counted."""
    source = AeronSource(channel)
    feed = FactorFeed(source, FactorFeedConfig(wait=wait, delivery="every"))
    strategy = sandbox_node.GatedStrategy()
    recorder = measure_on_factors(strategy).all
    running = sandbox_node.build()
    running.add_actor(feed)
    running.add_strategy(strategy)
    async with asyncio.TaskGroup() as group:
        status = group.create_task(_stop_with(running, source))
        await running.run_async()
    found = status.result()
    return {
        **recorder.percentiles()._asdict(),
        "published": found.published,
        "lost": found.lost,
        "on_factors": strategy.received,
    }


async def _stop_with(running: LiveNode, source: AeronSource) -> Any:
    """Stop a node when its stream has ended; return what the source counted."""
    try:
        await eventually_async(
            lambda: source.status().state is SourceState.LIVE, "the publisher", READY_TIMEOUT_S
        )
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        until_s = time.monotonic() + END_TIMEOUT_S
        while time.monotonic() < until_s and not _is_over(source):  # noqa: ASYNC110 - no event
            await asyncio.sleep(POLL_S)
        return source.status()
    finally:
        running.handle().stop()


def _is_over(source: AeronSource) -> bool:
    status = source.status()
    return "has stopped" in status.reason and not status.pending


async def subscribe(channel: AeronChannel) -> Any:
    """Take each record until the stream ends; return latencies, counts and the longest gap."""
    source = AeronSource(channel)
    recorder = LatencyRecorder()
    source.open(lambda: None, time.time_ns)
    try:
        await eventually_async(
            lambda: source.status().state is SourceState.LIVE, "the publisher", READY_TIMEOUT_S
        )
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        gap_ns = last_ns = 0
        until_s = time.monotonic() + END_TIMEOUT_S
        while time.monotonic() < until_s and not _is_over(source):
            while (f := source.read_next()) is not None:
                now_ns = time.monotonic_ns()
                recorder.add(now_ns - f.published_mono_ns)
                gap_ns = max(gap_ns, now_ns - last_ns if last_ns else 0)
                last_ns = now_ns
            time.sleep(REST_S)  # noqa: ASYNC251 - nothing else runs in this loop
        status = source.status()
    finally:
        source.close()
    return {
        **recorder.percentiles()._asdict(),
        "published": status.published,
        "lost": status.lost,
        "gap_ms": gap_ns / 1e6,
    }


def main(kind: str, text: str, *rest: str) -> None:
    """Run one end to its end; print the answer."""
    channel = AeronChannel.from_text(text)
    if kind == "publish":
        answer = publish(channel, float(rest[0]), int(rest[1]))
    elif kind == "node":
        wait: Any = rest[0]
        answer = asyncio.run(node(channel, wait))
    else:
        answer = asyncio.run(subscribe(channel))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
