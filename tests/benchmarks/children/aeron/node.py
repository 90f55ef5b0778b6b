"""A live node: ``python -m …children.aeron.node CHANNEL WAIT RATE:COUNT …``.

It follows the stream to its end, and answers with what its source counted and, for each phase,
the latencies from the publisher's write to ``on_factors``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from adapters.aeron_stream import AeronChannel, AeronSource
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.latency import LatencyRecorder
from adapters.feed.node_loop import NodeLoop
from dolphin_strategies import SourceState
from tests.benchmarks import sandbox_node
from tests.benchmarks.children.aeron.phases import Phase
from tests.support.eventually import eventually_async

if TYPE_CHECKING:
    from nautilus_trader.live import LiveNode

    from adapters.feed.factor_feed import Wait
    from dolphin_strategies import ExternalFactors

READY_TIMEOUT_S: Final = 25.0
END_TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.1


class TimedStrategy(sandbox_node.GatedStrategy):
    """Records the latency of each record with those of its phase."""

    def __init__(self, phases: list[Phase]) -> None:
        super().__init__()
        self.latencies = [LatencyRecorder() for _ in phases]
        self._phases = iter(zip(phases, self.latencies, strict=True))
        self._last = 0
        self._add = self.latencies[0].add

    def on_factors(self, f: ExternalFactors) -> None:
        latency_ns = time.monotonic_ns() - f.published_mono_ns
        while f.sequence > self._last:
            phase, recorder = next(self._phases)
            self._last += phase.records
            self._add = recorder.add
        self._add(latency_ns)
        super().on_factors(f)


async def follow(channel: AeronChannel, wait: Wait, phases: list[Phase]) -> dict[str, Any]:
    """Run a node until the stream ends."""
    source = AeronSource(channel)
    feed = FactorFeed(source, FactorFeedConfig(wait=wait, delivery="every"))
    strategy = TimedStrategy(phases)
    running = sandbox_node.build()
    running.add_actor(feed)
    running.add_strategy(strategy)
    async with asyncio.TaskGroup() as group:
        status = group.create_task(_stop_with(running, source))
        await running.run_async()
    found = status.result()
    return {
        "phases": [latencies.percentiles()._asdict() for latencies in strategy.latencies],
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


def main(text: str, wait: Any, *phases: str) -> None:
    """Run the node to its end; print the answer."""
    asked = [Phase.from_text(phase) for phase in phases]
    with asyncio.Runner(loop_factory=NodeLoop) as runner:
        answer = runner.run(follow(AeronChannel.from_text(text), wait, asked))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
