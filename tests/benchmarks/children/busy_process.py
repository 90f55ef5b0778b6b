"""A live node that receives factors from a producer and quotes from an exchange, in turn or not.

``python -m …children.busy_process PATH WAIT LOOP RATE URL`` prints ``ready``, then answers each
line on its stdin with what it received since the last one. It ends with its stdin.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.adapters.bybit import (
    BybitDataClientConfig,
    BybitDataClientFactory,
    BybitProductType,
)
from nautilus_trader.common import LogLevel
from nautilus_trader.model import InstrumentId

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.latency import measure_on_factors
from adapters.feed.node_loop import NodeLoop
from adapters.shm.source import ShmSource
from tests.benchmarks import processes, sandbox_node
from tests.benchmarks.report import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import QuoteTick

    from adapters.feed.factor_feed import Wait

LOOPS: Final[dict[str, Callable[[], asyncio.AbstractEventLoop]]] = {
    "node": NodeLoop,
    "asyncio": asyncio.SelectorEventLoop,
}
INSTRUMENT: Final = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
SETTLE_S: Final = 1.0
UNBOUNDED: Final = 10**9
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Quoted(sandbox_node.GatedStrategy):
    """Receives quotes too, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.quotes = 0

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(INSTRUMENT)

    def on_quote(self, quote: QuoteTick) -> None:
        self.quotes += 1


class Answers:
    """What a node received since it was last asked; owned by the node's thread."""

    def __init__(self, strategy: Quoted, source: ShmSource) -> None:
        self._strategy: Final = strategy
        self._source: Final = source
        self._recorder: Final = measure_on_factors(strategy).all
        self._received = self._quotes = 0
        self._cpu_s = 0.0, 0.0

    def next(self) -> dict[str, Any]:
        """Return latencies in ns, quotes, and the CPU time of the node's thread and its others."""
        received, quotes, cpu_s = self._strategy.received, self._strategy.quotes, _cpu_s()
        answer = {
            "latencies": self._recorder.newest(received - self._received).tolist(),
            "quotes": quotes - self._quotes,
            "cpu_s": [now - then for now, then in zip(cpu_s, self._cpu_s, strict=True)],
        }
        self._received, self._quotes, self._cpu_s = received, quotes, cpu_s
        return answer

    def check(self) -> None:
        """Check that every record is accounted for."""
        found = self._source.status()
        require(
            found.published == found.delivered + found.conflated + found.lost + found.pending
            and found.delivered == self._strategy.received,
            f"on_factors was called {self._strategy.received:,} times, found {found}",
        )


async def serve(path: str, wait: Wait, rate_hz: float, url: str) -> None:
    """Run one node until stdin ends."""
    loop = asyncio.get_running_loop()
    source, strategy = ShmSource(path), Quoted()
    answers = Answers(strategy, source)
    config = BybitDataClientConfig(
        product_types=[BybitProductType.LINEAR],
        base_url_http=url,
        base_url_ws_public=url.replace("http", "ws", 1) + "/ws/bybit/v5/public/linear",
    )
    # Its stdout is for answers: a producer that the machine starves would be logged as silent.
    client = "BYBIT", BybitDataClientFactory(), config
    node = sandbox_node.build(client, log_level=LogLevel.OFF)
    node.add_actor(FactorFeed(source, FactorFeedConfig(wait=wait)))
    node.add_strategy(strategy)

    def answer() -> None:
        if sys.stdin.readline():
            print(json.dumps(answers.next()), flush=True)
        else:
            loop.remove_reader(sys.stdin.fileno())
            answers.check()
            node.handle().stop()

    def begin() -> None:
        gc.collect()
        gc.freeze()
        processes.tell_go(producer)
        loop.add_reader(sys.stdin.fileno(), answer)
        print("ready", flush=True)

    command = processes.module("producing.paced", path, rate_hz, UNBOUNDED)
    with processes.running(command) as producer:
        processes.await_ready(producer)
        loop.call_later(SETTLE_S, begin)
        await node.run_async()


def _cpu_s() -> tuple[float, float]:
    """Return the CPU seconds of this thread, and of the process's other threads."""
    own, others = 0.0, 0.0
    for stat in Path("/proc/self/task").glob("*/stat"):
        fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
        if stat.parent.name == str(threading.get_native_id()):
            own = seconds
        else:
            others += seconds
    return own, others


def main(path: str, wait: Any, loop: str, rate_hz: str, url: str) -> None:
    """Run one node to its end."""
    asyncio.run(serve(path, wait, float(rate_hz), url), loop_factory=LOOPS[loop])


if __name__ == "__main__":
    main(*sys.argv[1:])
