#!/usr/bin/env bash
# LiveNode.add_plugin is public and typed, and cannot succeed in the published wheel.
#
# Expected: it loads a plug-in, or says what is wrong with the file it was given.
# Seen: before it looks at the file it raises that the host has no plug-in support.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >node.py <<'PYTHON'
import asyncio

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    logging=LoggerConfig(stdout_level=LogLevel.OFF),
)


async def main():
    node = LiveNodeBuilder.from_config("T", CONFIG).build()
    try:
        node.add_plugin("/no/such/file.so", "Strategy")
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


asyncio.run(main())
PYTHON

report "an error about the file" \
    "RuntimeError: LiveNode::add_plugin requires host-side plug-in support; nautilus-plugin is the guest SDK only" \
    "$(python node.py)"
