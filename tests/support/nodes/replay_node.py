"""A node that replays a recording with a real producer process, and says what it saw.

Run as ``python -m tests.support.nodes.replay_node FOLDER RUN_FOLDER SPEED``; prints JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from nautilus_trader.adapters.sandbox import (
    SandboxExecutionClientConfig,
    SandboxExecutionClientFactory,
)
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import (
    AccountType,
    Currency,
    Money,
    OmsType,
    OrderSide,
    Quantity,
    TraderId,
    Venue,
)

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.market.btcusdt_instruments import BTCUSDT_PERP
from adapters.market.delivery_counter import DeliveryCounter
from adapters.market.delivery_counter_actor import DeliveryCounterActor
from adapters.market.replay_clock import ReplayClock
from adapters.market.replayed_data_client import (
    ReplayedMarketClientConfig,
    ReplayedMarketClientFactory,
)
from adapters.market.tick_files import TickFiles
from adapters.shm.source import ShmSource
from dolphin_strategies import FactorStrategy, FactorStrategyConfig

START_DELAY_NS = 200_000_000
AFTER_END_S = 0.3
"""For the factors of the last events."""
ORDER_EVERY = 40


class Observer(FactorStrategy[FactorStrategyConfig]):
    """Note everything that arrives, and trade now and then."""

    def on_start(self) -> None:
        super().on_start()
        self.quotes: list[Any] = []
        self.trades: list[Any] = []
        self.records: list[Any] = []
        self.fills: list[Any] = []
        self.subscribe_quotes(BTCUSDT_PERP)
        self.subscribe_trades(BTCUSDT_PERP)

    def on_quote(self, quote: Any) -> None:
        prices = [float(x) for x in (quote.bid_price, quote.ask_price)]
        sizes = [float(x) for x in (quote.bid_size, quote.ask_size)]
        self.quotes.append([quote.ts_event, quote.ts_init, *prices, *sizes])

    def on_trade(self, trade: Any) -> None:
        is_buy = str(trade.aggressor_side).endswith("BUY")
        self.trades.append(
            [trade.ts_event, trade.ts_init, float(trade.price), float(trade.size), is_buy]
        )

    def on_factors(self, f: Any) -> None:
        self.records.append([f.sequence, f.ts_event, len(self.quotes), len(self.trades)])
        if f.sequence % ORDER_EVERY == 0:
            is_buy = f.sequence % (2 * ORDER_EVERY) == 0
            side = OrderSide.BUY if is_buy else OrderSide.SELL
            order = self.order_factory.market(BTCUSDT_PERP, side, Quantity(0.001, 3))
            self.submit_order(order)

    def on_order_filled(self, event: Any) -> None:
        quote = self.cache.quote(BTCUSDT_PERP)
        assert quote is not None
        is_buy = event.order_side == OrderSide.BUY
        touch = quote.ask_price if is_buy else quote.bid_price
        self.fills.append([is_buy, float(event.last_px), float(touch)])


class Producer:
    """The producer process."""

    def __init__(self, folder: Path, run: Path, speed: float) -> None:
        arguments = ["--region", run / "region", "--hand-over", run / "hand_over"]
        arguments += ["--folder", folder, "--speed", str(speed)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "live.producers.replay_producer", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", line

    def start_at(self, start_ns: int) -> None:
        """Tell it the instant of the recording's first event."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"start {start_ns}\n")
        self.process.stdin.flush()

    def finish(self) -> dict[str, Any]:
        """Wait for its end and return its figures."""
        output, _ = self.process.communicate(timeout=240)
        return {"exit_code": self.process.returncode, **json.loads(output)}


def node_config() -> LiveNodeConfig:
    """Return the config of a silent sandbox node."""
    return LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("DOLPHIN-001"),
        shutdown_on_error=True,
        delay_post_stop_secs=0.3,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
        exec_engine=LiveExecutionEngineConfig(reconciliation=False),
    )


def sandbox_config() -> SandboxExecutionClientConfig:
    """Return a margin account that the book fills and trades do not."""
    return SandboxExecutionClientConfig(
        venue=Venue("BINANCE"),
        starting_balances=[Money(100_000, Currency.from_str("USDT"))],
        account_type=AccountType.MARGIN,
        oms_type=OmsType.NETTING,
        default_leverage=Decimal(10),
        fee_model=MakerTakerFeeModel(Decimal("0.0002"), Decimal("0.0005")),
        trade_execution=False,
    )


async def run_node(folder: Path, run: Path, speed: float, delay_ns: int) -> dict[str, Any]:
    """Replay to the end and return all that was seen."""
    recording = TickFiles.load(folder)
    hand_over = DeliveryCounter.create(run / "hand_over")
    producer = Producer(folder, run, speed)
    start_ns = 0

    def begin() -> ReplayClock:
        nonlocal start_ns
        start_ns = time.time_ns() + delay_ns
        producer.start_at(start_ns)
        return ReplayClock(start_ns=start_ns, first_ns=recording.first_ns, speed=speed)

    def stop_soon() -> None:
        asyncio.get_running_loop().call_later(AFTER_END_S, handle.stop)

    feed = FactorFeed(ShmSource(run / "region"), FactorFeedConfig(delivery="every"))
    factory = ReplayedMarketClientFactory(
        recording=recording,
        clock=begin,
        hand_over=hand_over,
        on_end=stop_soon,
        look=feed.look,
    )
    node = (
        LiveNodeBuilder.from_config("REPLAY", node_config())
        .add_data_client("BINANCE", factory, ReplayedMarketClientConfig())
        .add_simulated_exec_client("BINANCE", SandboxExecutionClientFactory(), sandbox_config())
        .build()
    )
    handle = node.handle()
    observer = Observer(FactorStrategyConfig())
    node.add_actor(DeliveryCounterActor(hand_over))
    node.add_actor(feed)
    node.add_strategy(observer)
    print(json.dumps({"producer_pid": producer.process.pid}), flush=True)
    await node.run_async()
    return {
        "start_ns": start_ns,
        "quotes": observer.quotes,
        "trades": observer.trades,
        "records": observer.records,
        "fills": observer.fills,
        "handed": factory.client.events_handed if factory.client else 0,
        "received": hand_over.events,
        "lost": feed.source.status().lost,
        "producer": producer.finish(),
    }


if __name__ == "__main__":
    _, folder_name, run_name, speed_text, *rest = sys.argv
    delay = int(rest[0]) if rest else START_DELAY_NS
    seen = asyncio.run(run_node(Path(folder_name), Path(run_name), float(speed_text), delay))
    print(json.dumps(seen), flush=True)
