"""One live node in which an actor publishes factors as fast as it can, in a process of its own.

``python -m …children.bus_process KIND`` prints ``ready``, then for each line with a
number on its stdin the seconds that so many messages took. It ends with its stdin.

It also runs over the packages of an older checkout, so it imports only what was there in the
first release: see ``module_over``.
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
DIRECT_COUNT: Final = 1_000
"""Records made before ``on_data`` is called with them, so few that they stay in the caches."""


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
    """Publishes a new object each time, as the feed does, or calls ``on_data`` with it."""

    def __init__(self, on_data: Callable[[CustomData], None] | None) -> None:
        super().__init__()
        self._on_data = on_data
        self._schema = FactorSchema(NAMES)
        self._payload = np.random.default_rng(1).random(FACTOR_COUNT).tobytes()
        self.published = 0
        self.stop_node: Callable[[], None]

    def on_start(self) -> None:
        asyncio.get_running_loop().call_later(SETTLE_S, self._begin)

    def _begin(self) -> None:
        self._run(WARM_UP_COUNT)
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._answer)
        print("ready", flush=True)

    def _answer(self) -> None:
        line = sys.stdin.readline()
        if not line:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.stop_node()
            return
        print(json.dumps(self._run(int(line))), flush=True)

    def _run(self, count: int) -> float:
        """Publish or call ``count`` times; return the seconds that it took."""
        self.published += count
        if self._on_data is None:
            return self._publish(count)
        return sum(self._call(self._on_data) for _ in range(count // DIRECT_COUNT))

    def _publish(self, count: int) -> float:
        schema, payload = self._schema, self._payload
        publish, now_ns = self.publish_data, time.time_ns
        start_s = time.perf_counter()
        for sequence in range(1, count + 1):
            ns = now_ns()
            f = ExternalFactors(schema, payload, ns, ns, sequence, 0)
            publish(EXTERNAL_FACTORS, CustomData(EXTERNAL_FACTORS, f))
        return time.perf_counter() - start_s

    def _call(self, on_data: Callable[[CustomData], None]) -> float:
        """Return the seconds that calls with records made before took."""
        ns = time.time_ns()
        wrapped = [
            CustomData(EXTERNAL_FACTORS, ExternalFactors(self._schema, self._payload, ns, ns, i))
            for i in range(DIRECT_COUNT)
        ]
        start_s = time.perf_counter()
        for data in wrapped:
            on_data(data)
        return time.perf_counter() - start_s


async def serve(kind: str) -> None:
    """Run one node until stdin ends; check that everything arrived."""
    strategy: Any = None
    if kind != "nobody":
        strategy = RawStrategy() if kind == "raw" else sandbox_node.GatedStrategy()
    publisher = Publisher(strategy.on_data if kind == "direct" else None)
    node = sandbox_node.build()
    node.add_actor(publisher)
    if strategy is not None:
        node.add_strategy(strategy)
    publisher.stop_node = node.handle().stop
    await node.run_async()
    if strategy is not None:
        require(
            strategy.received == publisher.published,
            f"{kind}: published {publisher.published:,}, received {strategy.received:,}",
        )


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
