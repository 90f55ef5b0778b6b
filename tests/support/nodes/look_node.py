"""A live node in which other work asks the feed to look, and what its strategy had then."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.node_loop import NodeLoop
from adapters.shm import FactorWriter
from adapters.shm.source import ShmSource
from dolphin_strategies import (
    ExternalFactors,
    FactorStrategy,
    FactorStrategyConfig,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S: Final = 20.0


class Looks(FactorStrategy[FactorStrategyConfig]):
    """Note what comes, and look within the third record's publication."""

    def __init__(self) -> None:
        super().__init__(FactorStrategyConfig())
        self.came: list[int] = []
        self.came_within: list[int] = []
        self.writer: FactorWriter
        self.look: Callable[[], None]

    def on_factors(self, f: ExternalFactors) -> None:
        self.came.append(f.sequence)
        if f.sequence == 3:
            self.writer.write({"basis": 4.0})
            before = len(self.came)
            self.look()
            self.came_within = self.came[before:]


async def run(writer: FactorWriter, wait: Any) -> dict[str, Any]:
    """Run the node; return what the strategy had after each step."""
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("DOLPHIN-001"),
        shutdown_on_error=True,
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )
    node = LiveNodeBuilder.from_config("LOOK", config).build()
    feed = FactorFeed(ShmSource(writer.path), FactorFeedConfig(wait=wait, delivery="every"))
    strategy = Looks()
    strategy.writer, strategy.look = writer, feed.look
    node.add_actor(feed)
    node.add_strategy(strategy)
    seen: dict[str, Any] = {}

    async def come(count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while len(strategy.came) < count:  # noqa: ASYNC110 - the feed's turns are to pass
                await asyncio.sleep(0.001)

    async def work() -> None:
        try:
            writer.write({"basis": 1.0})
            feed.look()
            seen["before the start"] = list(strategy.came)
            await come(1)
            # No turn of the loop between writing, looking, and what came of it.
            writer.write({"basis": 2.0})
            seen["not yet"] = list(strategy.came)
            feed.look()
            seen["looked"] = list(strategy.came)
            feed.look()
            seen["nothing new"] = list(strategy.came)
            writer.write({"basis": 3.0})
            feed.look()
            seen["looked within"] = list(strategy.came)
            await come(4)
            writer.write({"basis": 5.0})
            await come(5)
            seen["in turn"] = list(strategy.came)
            seen["within"] = strategy.came_within
        finally:
            node.handle().stop()

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        await node.run_async()
    writer.write({"basis": 6.0})
    feed.look()
    seen["after the stop"] = list(strategy.came)
    return seen


def answer(region: str, wait: str) -> None:
    """Run the node over a region of its own and print what was seen."""
    with FactorWriter(region, ["basis"]) as writer:
        seen = asyncio.run(run(writer, wait), loop_factory=NodeLoop)
    print(json.dumps(seen), flush=True)
