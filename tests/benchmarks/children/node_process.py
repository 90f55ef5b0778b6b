"""One live node that receives factors from a producer process, in a process of its own.

``python -m …children.node_process latency PATH WAIT RATE COUNT`` answers with percentiles,
with a further FOLDER of a node that records its session there; ``… idle PATH`` and ``… bare PATH``
with the CPU share of a node with a silent feed or none.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.latency import measure_on_factors
from adapters.shm.source import ShmSource
from live.node.session.session_recording import SessionRecording
from tests.benchmarks import processes, sandbox_node
from tests.benchmarks.report import require

if TYPE_CHECKING:
    from subprocess import Popen

    from nautilus_trader.live import LiveNode

    from adapters.feed.factor_feed import Wait

SETTLE_S: Final = 1.5
IDLE_S: Final = 5.0
POLL_S: Final = 0.25
_HEADER: Final = {"strategy": {"path": "benchmark", "config": {}}, "sandbox": {}}


async def latency(
    path: str, wait: Wait, rate_hz: float, count: int, folder: str | None = None
) -> Any:
    """Let the producer go once the node runs; return the percentiles at its end."""
    with processes.running(processes.module("producing.paced", path, rate_hz, count)) as producer:
        processes.await_ready(producer)
        source = ShmSource(path)
        feed = FactorFeed(source, FactorFeedConfig(wait=wait, delivery="latest"))
        strategy = sandbox_node.GatedStrategy()
        recorder = measure_on_factors(strategy).all
        recording = None
        if folder is not None:
            recording = SessionRecording(Path(folder), strategy, _HEADER, print)
            recording.start(asyncio.get_running_loop())
        node = sandbox_node.build()
        node.add_actor(feed)
        node.add_strategy(strategy)
        async with asyncio.TaskGroup() as group:
            status = group.create_task(_stop_after(node, producer, source))
            await node.run_async()
    if recording is not None:
        recording.close("the benchmark is over")
        require(
            recording.recorded == recording.published == strategy.received,
            f"recorded {recording.recorded:,} of {recording.published:,}",
        )
    final = status.result()
    require(
        final.published == final.delivered + final.conflated + final.lost == count,
        f"published {count:,}, found {final}",
    )
    require(
        final.delivered == strategy.received,
        f"delivered {final.delivered:,}, but on_factors was called {strategy.received:,} times",
    )
    return {**recorder.percentiles()._asdict(), "conflated": final.conflated, "lost": final.lost}


async def _stop_after(node: LiveNode, producer: Popen[str], source: ShmSource) -> Any:
    """Stop the node when the producer has ended; return what the source counted."""
    try:
        await asyncio.sleep(SETTLE_S)
        gc.collect()
        gc.freeze()
        processes.tell_go(producer)
        while producer.poll() is None:  # noqa: ASYNC110 - the end of a process is no event here
            await asyncio.sleep(POLL_S)
        return source.status()
    finally:
        node.handle().stop()


async def idle_cpu(path: str | None) -> Any:
    """Return the CPU share, in percent of one core, of a node that hears nothing."""
    node = sandbox_node.build()
    if path is None:
        return await _measure_idle(node)
    with processes.running(processes.module("producing.paced", path, 0, 0)) as producer:
        processes.await_ready(producer)
        processes.tell_go(producer)
        node.add_actor(FactorFeed(ShmSource(path), FactorFeedConfig(wait="event")))
        node.add_strategy(sandbox_node.GatedStrategy())
        return await _measure_idle(node)


async def _measure_idle(node: LiveNode) -> dict[str, float]:
    async def measured() -> float:
        try:
            await asyncio.sleep(SETTLE_S)
            cpu_s, start_s = time.process_time(), time.monotonic()
            await asyncio.sleep(IDLE_S)
            return (time.process_time() - cpu_s) / (time.monotonic() - start_s)
        finally:
            node.handle().stop()

    async with asyncio.TaskGroup() as group:
        share = group.create_task(measured())
        await node.run_async()
    return {"percent": 100 * share.result()}


def main(kind: str, path: str, *rest: str) -> None:
    """Run one node to its end; print the answer."""
    if kind == "latency":
        wait: Any
        wait, rate_hz, count, *folder = rest
        answer = asyncio.run(latency(path, wait, float(rate_hz), int(count), *folder))
    else:
        answer = asyncio.run(idle_cpu(path if kind == "idle" else None))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
