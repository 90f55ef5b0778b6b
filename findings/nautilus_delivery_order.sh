#!/usr/bin/env bash
# A LiveNode does not deliver in the order of ts_init: data of a data client waits in a queue, what
# an actor publishes is delivered inside publish_data.
#
# A client hands over a quote; in the same turn of the loop an actor publishes a value made of it.
# Expected: the strategy gets the quote first.
# Seen: it gets the value first, with the later ts_init. A backtest of both would have the quote
# first.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >node.py <<'PYTHON'
import asyncio
import time

from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import DataClientConfig, LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import CustomData, DataType, Price, Quantity, QuoteTick, TraderId
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusdt_perp_binance()
VALUES = DataType("Value")
CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    delay_post_stop_secs=0.1,
    logging=LoggerConfig(stdout_level=LogLevel.ERROR),
)
seen = []


class Value:
    def __init__(self):
        self.ts_event = self.ts_init = time.time_ns()

    @staticmethod
    def type_name_static():
        return "Value"


class Publisher(DataActor):
    def publish_value(self):
        self.publish_data(VALUES, CustomData(VALUES, Value()))


class Client(MarketDataClient):
    async def _connect(self):
        self._handle_instrument(PERP)

    async def _disconnect(self):
        pass

    async def _subscribe_quotes(self, command):
        asyncio.get_running_loop().call_later(0.2, self.quote_and_publish)

    def quote_and_publish(self):
        now, one = time.time_ns(), Quantity(1, 3)
        self._handle_data(QuoteTick(PERP.id, Price(100, 1), Price(101, 1), one, one, now, now))
        publisher.publish_value()


class Factory(DataClientFactory):
    @staticmethod
    def create(*, name, config, cache, clock):
        return Client(venue=PERP.id.venue, name=name, config=config, cache=cache, clock=clock)


class Listens(Strategy):
    def on_start(self):
        self.subscribe_data(VALUES)
        self.subscribe_quotes(PERP.id)

    def on_quote(self, quote):
        seen.append(("quote", quote.ts_init))

    def on_data(self, data):
        seen.append(("value", data.data.ts_init))


publisher = Publisher()


async def main():
    builder = LiveNodeBuilder.from_config("T", CONFIG)
    node = builder.add_data_client("BINANCE", Factory(), DataClientConfig()).build()
    handle = node.handle()
    node.add_actor(publisher)
    node.add_strategy(Listens())
    asyncio.get_running_loop().call_later(2, handle.stop)
    await asyncio.wait_for(node.run_async(), 20)
    print(*(name for name, _ in seen), "by ts_init:", *(name for name, _ in sorted(seen, key=lambda s: s[1])))


asyncio.run(main())
PYTHON

report "quote value by ts_init: quote value" "value quote by ts_init: quote value" "$(python node.py)"
