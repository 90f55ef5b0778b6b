"""One live node in which an actor publishes factors as fast as it can, in a process of its own.

``python -m tests.benchmarks.bus_process KIND COUNT`` answers with messages per second.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.common import DataActor
from nautilus_trader.model import CustomData
from nautilus_trader.trading import Strategy

from dolphin_strategies import EXTERNAL_FACTORS, ExternalFactors, FactorSchema
from tests.benchmarks import sandbox_node
from tests.benchmarks.report import require
from tests.benchmarks.workload import FACTOR_COUNT, NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

SETTLE_S: Final = 0.5
WARM_UP_COUNT: Final = 20_000


class RawStrategy(Strategy):
    """Counts what reaches ``on_data``."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0

    def on_start(self) -> None:
        self.subscribe_data(EXTERNAL_FACTORS)

    def on_data(self, data: CustomData) -> None:
        self.received += 1


class Publisher(DataActor):
    """Publishes a new object each time, as the feed does."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self.stop_node: Callable[[], None]
        self.rate_hz = 0.0

    def on_start(self) -> None:
        asyncio.get_running_loop().call_later(SETTLE_S, self._run)

    def _run(self) -> None:
        try:
            self._publish(WARM_UP_COUNT)
            self.rate_hz = self._count / self._publish(self._count)
        finally:
            self.stop_node()

    def _publish(self, count: int) -> float:
        """Publish ``count`` records; return the seconds that it took."""
        schema = FactorSchema(NAMES)
        payload = np.random.default_rng(1).random(FACTOR_COUNT).tobytes()
        publish, now_ns = self.publish_data, time.time_ns
        start_s = time.perf_counter()
        for sequence in range(1, count + 1):
            ns = now_ns()
            f = ExternalFactors(schema, payload, ns, ns, sequence, 0)
            publish(EXTERNAL_FACTORS, CustomData(EXTERNAL_FACTORS, f))
        return time.perf_counter() - start_s


async def rate(kind: str, count: int) -> Any:
    """Run one node; return its messages per second."""
    publisher = Publisher(count)
    node = sandbox_node.build()
    node.add_actor(publisher)
    strategy: Any = None
    if kind != "nobody":
        strategy = RawStrategy() if kind == "raw" else sandbox_node.GatedStrategy()
        node.add_strategy(strategy)
    publisher.stop_node = node.handle().stop
    await node.run_async()
    expected = count + WARM_UP_COUNT
    if strategy is not None:
        require(
            strategy.received == expected,
            f"{kind}: published {expected:,}, received {strategy.received:,}",
        )
    return publisher.rate_hz


if __name__ == "__main__":
    print(json.dumps(asyncio.run(rate(sys.argv[1], int(sys.argv[2])))))
