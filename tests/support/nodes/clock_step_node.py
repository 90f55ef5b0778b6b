"""A live node under libfaketime, whose wall clock is set when its test says so."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.node_loop import NodeLoop
from adapters.shm.source import ShmSource
from dolphin_strategies import ExternalFactors, FactorStrategy, FactorStrategyConfig

SHORT_AGE: Final = timedelta(seconds=3)


class TellsAge(FactorStrategy[FactorStrategyConfig]):
    """Print when the factors are fresh, and when they are not any more."""

    required_factors = ("basis",)
    max_age = SHORT_AGE

    def on_factors(self, f: ExternalFactors) -> None:
        what = "factors" if self.factors is f else "withheld"
        print(f"{what} {f.sequence} {self.clock.timestamp_ns()}", flush=True)

    def on_factors_stale(self) -> None:
        print(f"stale {time.time_ns()}", flush=True)


async def run(path: Path) -> None:
    """Run the node until it is killed."""
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("DOLPHIN-001"),
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )
    node = LiveNodeBuilder.from_config("STEP", config).build()
    node.add_actor(FactorFeed(ShmSource(path), FactorFeedConfig(wait="event")))
    node.add_strategy(TellsAge(FactorStrategyConfig()))
    await node.run_async()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])), loop_factory=NodeLoop)
