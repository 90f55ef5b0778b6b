#!/usr/bin/env bash
# A request for history that nobody can answer counts as an error of the whole LiveNode.
#
# A strategy asks for past data of a client that the node does not have, as one that warms up from
# a catalog does where no catalog is configured.
# Expected: an empty answer, an exception from request_data, or a warning.
# Seen: request_data returns an id; the node logs an error and, with shutdown_on_error, stops.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >node.py <<'PYTHON'
import asyncio
import datetime as dt

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import ClientId, DataType, TraderId
from nautilus_trader.trading import Strategy

CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    shutdown_on_error=True,
    delay_post_stop_secs=0.1,
    logging=LoggerConfig(stdout_level=LogLevel.OFF),
)
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
seen = ["no exception"]


class Asks(Strategy):
    def on_start(self):
        self.request_data(DataType("Signal"), ClientId("CATALOG"), start=DAY)


async def main():
    node = LiveNodeBuilder.from_config("T", CONFIG).build()
    handle = node.handle()
    node.add_strategy(Asks())

    def look():
        seen.append("the node went on")
        handle.stop()

    asyncio.get_running_loop().call_later(1.5, look)
    await asyncio.wait_for(node.run_async(), 20)
    print(*seen, *["the node stopped"] * (len(seen) == 1), sep=", ")


asyncio.run(main())
PYTHON

report "no exception, the node went on" "no exception, the node stopped" "$(python node.py)"
