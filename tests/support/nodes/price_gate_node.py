"""A live node with paper orders in which quotes come and go, and what became of the orders."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.adapters.sandbox import SandboxExecutionClientFactory
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import (
    DataClientConfig,
    LiveExecutionEngineConfig,
    LiveNodeBuilder,
    LiveNodeConfig,
)
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import TraderId
from nautilus_trader.trading import ExecutionAlgorithm

from adapters.command.market_settings import MarketSettings
from adapters.feed.node_loop import NodeLoop
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from live.node.building.gates import price_gate
from live.node.settings.nautilus_configs import sandbox_config
from live.node.settings.node_settings import NodeSettings, SandboxSettings
from tests.support.catalogs.backtests.backtest_catalogs import quote
from tests.support.strategies.stepwise import Stepwise, StepwiseConfig, buy, close

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S: Final = 20.0
MAX_AGE_S: Final = 0.4


class Quotes(MarketDataClient):
    """Quotes when it is told to."""

    async def _connect(self) -> None:
        self._handle_instrument(btcusdt_perp())

    async def _disconnect(self) -> None:
        pass

    async def _subscribe_quotes(self, command: Any) -> None:
        pass

    async def _unsubscribe_quotes(self, command: Any) -> None:
        pass

    def quote(self, mid: int) -> None:
        """Deliver a quote of now."""
        self._handle_data(quote(mid, time.time_ns()))


class QuotesFactory(DataClientFactory):
    """Makes the one client."""

    made: Quotes

    @classmethod
    def create(cls, *, name: str, config: Any, cache: Any, clock: Any) -> Quotes:
        """Make it."""
        cls.made = Quotes(
            venue=BTCUSDT_PERP.venue, name=name, config=config, cache=cache, clock=clock
        )
        return cls.made


class Trader(Stepwise):
    """Subscribes to the quotes, as strategies do."""

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(BTCUSDT_PERP)


async def run(stale_price: Any) -> list[Any]:
    """Run the node; return each order's state, side and price."""
    market = MarketSettings(max_price_age=f"{MAX_AGE_S * 1000:.0f}ms", stale_price=stale_price)
    settings = NodeSettings(market=market)
    strategy = Trader(StepwiseConfig())
    gate = price_gate(settings, strategy, ExecutionAlgorithm())
    assert gate is not None
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("DOLPHIN-001"),
        shutdown_on_error=True,
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )
    node = (
        LiveNodeBuilder.from_config("GATE", config)
        .add_data_client("BINANCE", QuotesFactory(), DataClientConfig())
        .add_simulated_exec_client(
            "BINANCE", SandboxExecutionClientFactory(), sandbox_config(SandboxSettings())
        )
        .build()
    )
    node.add_exec_algorithm(gate.algorithm)
    node.add_actor(gate.watch)
    node.add_strategy(strategy)
    cache = node.cache
    seen: list[Any] = []

    async def until(reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not reached():  # noqa: ASYNC110 - the node's turns are to pass
                await asyncio.sleep(0.005)

    def is_newest(mid: int) -> bool:
        newest = cache.quote(BTCUSDT_PERP)
        return newest is not None and float(newest.bid_price) == mid

    async def new_quote(mid: int) -> None:
        QuotesFactory.made.quote(mid)
        await until(lambda: is_newest(mid))

    async def work() -> None:
        try:
            await until(strategy.is_running)
            # Soon enough on a busy machine: again until it is.
            while not any(name == "Filled" for _, name, _ in strategy.events):
                await new_quote(60_000)
                buy(strategy)
                await until(lambda: cache.orders_inflight_count() == 0)
                await asyncio.sleep(0.01)
            strategy.events.clear()
            await asyncio.sleep(2 * MAX_AGE_S)
            buy(strategy)
            close(strategy)
            await new_quote(61_000)
            await until(lambda: len(strategy.events) > 1)
            seen.extend([name, reason] for _, name, reason in strategy.events)
        finally:
            node.handle().stop()

    task = asyncio.create_task(work())
    await node.run_async()
    await task
    return seen


def answer(stale_price: str) -> None:
    """Print what became of the orders, as JSON."""
    print(json.dumps(asyncio.run(run(stale_price), loop_factory=NodeLoop)), flush=True)
