"""A live node whose strategy warms up: ``python -m tests.support.nodes.warm_up_node JSON``.

Prints a line for each chunk of history, then one of JSON: what came as history, what came live,
and how long the loop stood.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId
from nautilus_trader.persistence import DataCatalogConfig

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.stored_spans import stored_spans
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.shm.source import ShmSource
from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dolphin_strategies import ExternalFactors, FactorSchema

BEAT_S: Final = 0.001
LONGEST_RUN_S: Final = 200.0


class WarmsUp(FactorStrategy[FactorStrategyConfig]):
    """Write down what comes, and stop the node after enough of it."""

    factor_history: ClassVar[timedelta | None] = timedelta(hours=1)
    stop_node: Callable[[], None]
    live_wanted: int

    def on_start(self) -> None:
        self.history: list[list[int]] = []
        self.chunks: list[int] = []
        self.schemas: list[int] = []
        self.live: list[list[int]] = []
        self.history_s = 0.0
        self.started_s = time.perf_counter()
        self.heart = Heart()
        self.heart.beat()
        super().on_start()

    def on_schema(self, schema: FactorSchema) -> None:
        self.schemas.append(len(schema))

    def on_factor_history(self, records: Sequence[ExternalFactors]) -> None:
        assert not self.live
        self.history_s = time.perf_counter() - self.started_s
        self.chunks.append(len(records))
        self.history += [[f.stream_id, f.sequence] for f in records]
        print("history", len(self.history), flush=True)

    def on_factors(self, f: ExternalFactors) -> None:
        self.live.append([f.stream_id, f.sequence])
        if len(self.live) == self.live_wanted:
            self.stop_node()


class Heart:
    """Beats each millisecond; its longest pause is how long the loop stood."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._last_s = time.perf_counter()

    def beat(self) -> None:
        """Take note of the pause, and go on."""
        now_s = time.perf_counter()
        self.longest_s = max(self.longest_s, now_s - self._last_s - BEAT_S)
        self._last_s = now_s
        self._loop.call_later(BEAT_S, self.beat)


async def run(asked: dict[str, Any]) -> dict[str, Any]:
    """Run the node and return what was seen."""
    catalogs = [DataCatalogConfig(c) for c in asked["catalogs"]]
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("DOLPHIN-001"),
        shutdown_on_error=True,
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
        catalogs=catalogs or None,
    )
    node = LiveNodeBuilder.from_config("WARMUP", config).build()
    strategy = WarmsUp(FactorStrategyConfig())
    strategy.stop_node = node.handle().stop
    strategy.live_wanted = asked["live_wanted"]
    if asked["is_planned"]:
        paths = map(Path, asked["catalogs"])
        strategy.stored_history = [s for p in paths for s in stored_spans(FactorCatalog(p))]
    if asked["feed"]:
        source = ShmSource(Path(asked["region"]))
        node.add_actor(FactorFeed(source, FactorFeedConfig(**asked["feed"])))
    node.add_strategy(strategy)
    loop = asyncio.get_running_loop()
    loop.call_later(asked.get("seconds", LONGEST_RUN_S), strategy.stop_node)
    await node.run_async()
    return {
        "history": runs(strategy.history),
        "chunks": strategy.chunks,
        "schemas": strategy.schemas,
        "live": runs(strategy.live),
        "missing": strategy.factor_history_missing,
        "history_s": strategy.history_s,
        "longest_block_ms": strategy.heart.longest_s * 1e3,
    }


def runs(records: list[list[int]]) -> list[list[int]]:
    """Return ``[stream, first, last]`` for each contiguous piece."""
    found: list[list[int]] = []
    for stream_id, sequence in records:
        if found and found[-1][0] == stream_id and found[-1][2] == sequence - 1:
            found[-1][2] = sequence
        else:
            found.append([stream_id, sequence, sequence])
    return found


def answer(asked: dict[str, Any]) -> None:
    """Run the node and print what was seen."""
    print(json.dumps(asyncio.run(run(asked))), flush=True)


if __name__ == "__main__":
    answer(json.loads(sys.argv[1]))
