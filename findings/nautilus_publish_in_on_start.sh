#!/usr/bin/env bash
# What an actor publishes in on_start reaches those only that were added before it, and never a
# strategy.
#
# Expected: a node registers its actors and strategies, then starts them, so that what one
# publishes reaches all that subscribe in their own on_start; or nobody.
# Seen: components start one after the other, actors in the order in which they were added, then
# strategies; a subscription counts from then on. In a BacktestEngine the same.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >components.py <<'PYTHON'
from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, CustomData, DataType
from nautilus_trader.trading import Strategy

NOTES = DataType("Note")
seen = []


class Note:
    ts_event = ts_init = 0

    @staticmethod
    def type_name_static():
        return "Note"


class Publisher(DataActor):
    def on_start(self):
        self.publish_data(NOTES, CustomData(NOTES, Note()))


class Listener(DataActor):
    def on_start(self):
        self.subscribe_data(NOTES)

    def on_data(self, data):
        seen.append(str(self.actor_id))


class ListeningStrategy(Strategy):
    def on_start(self):
        self.subscribe_data(NOTES)

    def on_data(self, data):
        seen.append("a strategy")


def add_to(trader):
    trader.add_strategy(ListeningStrategy())
    trader.add_actor(Listener(DataActorConfig(actor_id=ActorId("Added-before"))))
    trader.add_actor(Publisher(DataActorConfig(actor_id=ActorId("Publisher-1"))))
    trader.add_actor(Listener(DataActorConfig(actor_id=ActorId("Added-after"))))
PYTHON

cat >live.py <<'PYTHON'
import asyncio

from components import add_to, seen
from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    delay_post_stop_secs=0.1,
    logging=LoggerConfig(stdout_level=LogLevel.ERROR),
)


async def main():
    node = LiveNodeBuilder.from_config("T", CONFIG).build()
    handle = node.handle()
    add_to(node)
    asyncio.get_running_loop().call_later(1.5, handle.stop)
    await asyncio.wait_for(node.run_async(), 20)
    print("live:", *seen)


asyncio.run(main())
PYTHON

cat >backtest.py <<'PYTHON'
from decimal import Decimal

from components import add_to, seen
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, OmsType, Price, Quantity, QuoteTick
from nautilus_trader.testkit.providers import TestInstrumentProvider

PERP = TestInstrumentProvider.btcusdt_perp_binance()
one = Quantity(1, 3)
engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.ERROR)))
engine.add_venue(
    PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
)
engine.add_instrument(PERP)
engine.add_data([QuoteTick(PERP.id, Price(100, 1), Price(101, 1), one, one, 10**18, 10**18)])
add_to(engine)
engine.run()
print("backtest:", *seen)
PYTHON

report "live and backtest: all three, or none" \
    "live: Added-before; backtest: Added-before" "$(python live.py); $(python backtest.py)"
