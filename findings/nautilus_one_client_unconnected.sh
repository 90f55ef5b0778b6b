#!/usr/bin/env bash
# A data client that cannot connect while a LiveNode starts ends the node with all that does not need
# that client. It does not try again, although after a lost connection it does so for ever.
#
# Hyperliquid's client meets a local server that lists one instrument and answers 503 to the first
# websocket handshake, and would accept the second one. An actor needs no client at all.
# Expected: the client tries again; in any case the actor starts.
# Seen: no second attempt, the actor never starts, and after timeout_connection_secs run_async raises
# an error that names a timeout. A node with several venues starts only if all of them answer at
# that moment: where one must not take the others with it, each needs a node of its own.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7 aiohttp==3.14.5

cat >node.py <<'PYTHON'
import asyncio
import sys

from aiohttp import web
from nautilus_trader.adapters.hyperliquid import (
    HyperliquidDataClientConfig, HyperliquidDataClientFactory,
)
from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId

USDC = {
    "name": "USDC", "szDecimals": 8, "weiDecimals": 8, "index": 0, "tokenId": "0x" + "0" * 32,
    "isCanonical": True, "evmContract": None, "fullName": None,
}
ANSWERS = {
    "spotMeta": {"tokens": [USDC], "universe": []},
    "outcomeMeta": {"outcomes": [], "questions": []},
    "allPerpMetas": [{
        "universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}],
        "marginTables": [], "collateralToken": 0,
    }],
    "perpDexs": [None],
}
handshakes = []
started = []


async def info(request):
    return web.json_response(ANSWERS[(await request.json())["type"]])


async def stream(request):
    handshakes.append(1)
    if len(handshakes) == 1 and sys.argv[1] == "refused":
        return web.Response(status=503)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for _ in socket:
        pass
    return socket


class NeedsNoClient(DataActor):
    def on_start(self):
        started.append(1)
        asyncio.get_running_loop().call_later(0.5, self.handle.stop)


async def main():
    app = web.Application()
    app.add_routes([web.post("/info", info), web.get("/ws", stream)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"127.0.0.1:{runner.addresses[0][1]}"
    config = LiveNodeConfig(
        environment=Environment.SANDBOX,
        trader_id=TraderId("T-001"),
        timeout_connection_secs=10.0,
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
    )
    client = HyperliquidDataClientConfig(
        base_url_http=f"http://{address}/info", base_url_ws=f"ws://{address}/ws"
    )
    builder = LiveNodeBuilder.from_config("T", config)
    node = builder.add_data_client(None, HyperliquidDataClientFactory(), client).build()
    actor = NeedsNoClient()
    actor.handle = node.handle()
    node.add_actor(actor)
    try:
        await asyncio.wait_for(node.run_async(), 60)
        ended = "run_async returned"
    except RuntimeError as error:
        ended = f"RuntimeError, {error}"
    await runner.cleanup()
    print(f"{sys.argv[1]}: {len(handshakes)} handshake(s), "
          f"actor {'started' if started else 'not started'}, {ended}")


asyncio.run(main())
PYTHON

accepted="accepted: 1 handshake(s), actor started, run_async returned"
report "$accepted; refused: 2 handshake(s), actor started, run_async returned" \
    "$accepted; refused: 1 handshake(s), actor not started, RuntimeError, readiness timeout while waiting for engine connections" \
    "$(python node.py accepted); $(python node.py refused 2>/dev/null)"
