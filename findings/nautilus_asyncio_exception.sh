#!/usr/bin/env bash
# shutdown_on_error stops a LiveNode at an exception in a handler, but not at one in a callback
# that an actor gave to the asyncio loop on which the node runs.
#
# Expected: either exception stops the node.
# Seen: the handler's does; the other one asyncio prints, and the node goes on.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >node.py <<'PYTHON'
import asyncio
import sys

from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    shutdown_on_error=True,
    delay_post_stop_secs=0.1,
    logging=LoggerConfig(stdout_level=LogLevel.OFF),
)


class Fails(DataActor):
    def on_start(self):
        if sys.argv[1] == "callback":
            asyncio.get_running_loop().call_later(0.1, self.fail)
        else:
            self.clock.set_time_alert_ns("a", self.clock.timestamp_ns() + 10**8, self.fail)

    def fail(self, event=None):
        raise ValueError("on purpose")


async def main():
    node = LiveNodeBuilder.from_config("T", CONFIG).build()
    handle = node.handle()
    node.add_actor(Fails())
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)  # asyncio would print it
    seen = "the node stopped"

    def look():
        nonlocal seen
        seen = "the node went on"
        handle.stop()

    loop.call_later(1.5, look)
    await asyncio.wait_for(node.run_async(), 20)
    print(f"{sys.argv[1]}: {seen}")


asyncio.run(main())
PYTHON

report "handler: the node stopped; callback: the node stopped" \
    "handler: the node stopped; callback: the node went on" \
    "$(python node.py handler); $(python node.py callback)"
