#!/usr/bin/env bash
# SIGTERM (systemctl stop, docker stop, kill) ends a LiveNode in order under run, and without on_stop
# under run_async.
#
# Expected: both stop the strategies, which close what they have open, then disconnect.
# Seen: run does. Under run_async nobody handles SIGTERM: the process ends on the spot, and what
# on_stop would have closed stays open. loop.add_signal_handler with node.handle().stop mends it.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >node.py <<'PYTHON'
import asyncio
import sys

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId
from nautilus_trader.trading import Strategy

CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    delay_post_stop_secs=0.1,
    logging=LoggerConfig(stdout_level=LogLevel.OFF),
)


class Reports(Strategy):
    def on_start(self):
        # Not before the node runs.
        self.clock.set_time_alert_ns("a", self.clock.timestamp_ns() + 10**9, self.on_alert)

    def on_alert(self, event):
        print("running", flush=True)

    def on_stop(self):
        print("on_stop", flush=True)


async def run_in_loop(node):
    await node.run_async()


node = LiveNodeBuilder.from_config("T", CONFIG).build()
node.add_strategy(Reports())
if sys.argv[1] == "run":
    node.run()
else:
    asyncio.run(run_in_loop(node))
PYTHON

cat >stop.py <<'PYTHON'
import subprocess
import sys
import threading

node = subprocess.Popen([sys.executable, "node.py", sys.argv[1]], stdout=subprocess.PIPE, text=True)
limit = threading.Timer(60, node.kill)
limit.start()
first = node.stdout.readline()
node.terminate()
rest, _ = node.communicate()
limit.cancel()
print(f"{sys.argv[1]}: {(first + rest).split()}, exit code {node.returncode}")
PYTHON

report "run: ['running', 'on_stop'], exit code 0; run_async: ['running', 'on_stop'], exit code 0" \
    "run: ['running', 'on_stop'], exit code 0; run_async: ['running'], exit code -15" \
    "$(python stop.py run); $(python stop.py run_async)"
