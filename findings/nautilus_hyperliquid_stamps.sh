#!/usr/bin/env bash
# The stamps of Hyperliquid's client pass through a float: ts_event of a quote and of a trade is up to
# 128 ns before or after the exchange's millisecond.
#
# A local server sends quotes and trades with `time` at ten consecutive milliseconds.
# Expected: ts_event is time * 1,000,000.
# Seen: it is -128 to 128 ns off. A window that ends at a millisecond leaves out an event of that
# millisecond or takes in one of the next, and a join with another venue's or a stored file's stamps
# finds no equal ones. Round to milliseconds first.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7 aiohttp==3.14.5

cat >node.py <<'PYTHON'
import asyncio

from aiohttp import web
from nautilus_trader.adapters.hyperliquid import (
    HyperliquidDataClientConfig, HyperliquidDataClientFactory,
)
from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import InstrumentId, TraderId

BTC = InstrumentId.from_str("BTC-USD-PERP.HYPERLIQUID")
FIRST_MS = 1_795_865_018_141
COUNT = 10
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
stamps = {"quote": [], "trade": []}


async def info(request):
    return web.json_response(ANSWERS[(await request.json())["type"]])


async def stream(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        asked = message.json()
        if asked["method"] != "subscribe":
            continue
        await socket.send_json({"channel": "subscriptionResponse", "data": asked})
        for i in range(COUNT):
            if asked["subscription"]["type"] == "bbo":
                sides = [{"px": price, "sz": "1.0", "n": 1} for price in (f"{i + 1}.0", f"{i + 2}.0")]
                data = {"coin": "BTC", "time": FIRST_MS + i, "bbo": sides}
                await socket.send_json({"channel": "bbo", "data": data})
            else:
                trade = {
                    "coin": "BTC", "side": "B", "px": "60000.0", "sz": "1.0",
                    "time": FIRST_MS + i, "hash": "0x" + f"{i + 1:064x}", "tid": i + 1,
                    "users": ["0x" + "0" * 40, "0x" + "1" * 40],
                }
                await socket.send_json({"channel": "trades", "data": [trade]})
    return socket


class Listens(DataActor):
    def on_start(self):
        self.subscribe_quotes(BTC)
        self.subscribe_trades(BTC)

    def on_quote(self, quote):
        stamps["quote"].append(quote.ts_event)

    def on_trade(self, trade):
        stamps["trade"].append(trade.ts_event)


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
        delay_post_stop_secs=0.1,
        logging=LoggerConfig(stdout_level=LogLevel.OFF),
    )
    client = HyperliquidDataClientConfig(
        base_url_http=f"http://{address}/info", base_url_ws=f"ws://{address}/ws"
    )
    builder = LiveNodeBuilder.from_config("T", config)
    node = builder.add_data_client(None, HyperliquidDataClientFactory(), client).build()
    node.add_actor(Listens())
    handle = node.handle()

    async def wait_for_all():
        for _ in range(300):
            if all(len(seen) >= COUNT for seen in stamps.values()):
                break
            await asyncio.sleep(0.1)
        handle.stop()

    task = asyncio.create_task(wait_for_all())
    await asyncio.wait_for(node.run_async(), 60)
    await task
    await runner.cleanup()
    right = [(FIRST_MS + i) * 10**6 for i in range(COUNT)]
    off = {kind: [a - b for a, b in zip(stamps[kind], right, strict=True)] for kind in stamps}
    print("; ".join(f"{kind} {' '.join(map(str, ns))}" for kind, ns in off.items()))


asyncio.run(main())
PYTHON

off="-64 128 64 0 -64 -128 64 0 -64 128"
report "quote and trade: 0 ns off, ten times" "quote $off; trade $off" "$(python node.py)"
