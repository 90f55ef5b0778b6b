#!/usr/bin/env bash
# Mark and index prices of a venue's client are rounded to the instrument's price step, in which
# orders are quoted; the exchange computes and sends them finer.
#
# A local server speaks as Bybit does: a coin with a step of 0.00001, marked at 0.1978849.
# Expected: MarkPriceUpdate and IndexPriceUpdate carry what was sent (a Price has up to 16 decimals).
# Seen: 0.19788. That is up to half a step, here 0.25 of a basis point, as much as the basis between
# a perpetual and its index often is; the exchange's HTTP interface has it exactly.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7 aiohttp==3.14.5

cat >node.py <<'PYTHON'
import asyncio

from aiohttp import web
from nautilus_trader.adapters.bybit import (
    BybitDataClientConfig, BybitDataClientFactory, BybitProductType,
)
from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import InstrumentId, TraderId

DOGE = InstrumentId.from_str("DOGEUSDT-LINEAR.BYBIT")
LISTED = {
    "symbol": "DOGEUSDT", "contractType": "LinearPerpetual", "status": "Trading",
    "baseCoin": "DOGE", "quoteCoin": "USDT", "settleCoin": "USDT", "launchTime": "1584230400000",
    "deliveryTime": "0", "deliveryFeeRate": "", "priceScale": "5", "fundingInterval": 480,
    "leverageFilter": {"minLeverage": "1", "maxLeverage": "75.00", "leverageStep": "0.01"},
    "priceFilter": {"minPrice": "0.00001", "maxPrice": "19.99998", "tickSize": "0.00001"},
    "lotSizeFilter": {
        "maxOrderQty": "10000000", "minOrderQty": "1", "qtyStep": "1",
        "postOnlyMaxOrderQty": "10000000", "maxMktOrderQty": "5000000", "minNotionalValue": "5",
    },
    "unifiedMarginTrade": True, "copyTrading": "both", "upperFundingRate": "0.005",
    "lowerFundingRate": "-0.005", "isPreListing": False, "preListingInfo": None,
}
TICKER = {
    "topic": "tickers.DOGEUSDT", "type": "delta", "cs": 1, "ts": 1795865018141,
    "data": {"symbol": "DOGEUSDT", "markPrice": "0.1978849", "indexPrice": "0.1979151"},
}
seen = {}


async def instruments(request):
    result = {"category": "linear", "nextPageCursor": "", "list": [LISTED]}
    return web.json_response(
        {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1795865018141}
    )


async def stream(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        asked = message.json()
        await socket.send_json(
            {"success": True, "ret_msg": "", "conn_id": "1", "op": asked["op"]}
            | {key: asked[key] for key in ("req_id",) if key in asked}
        )
        if "tickers.DOGEUSDT" in (asked.get("args") or []):
            await socket.send_json(TICKER)
    return socket


class Listens(DataActor):
    def on_start(self):
        self.subscribe_mark_prices(DOGE)
        self.subscribe_index_prices(DOGE)

    def on_mark_price(self, update):
        seen["mark"] = update.value

    def on_index_price(self, update):
        seen["index"] = update.value


async def main():
    app = web.Application()
    app.add_routes([web.get("/v5/market/instruments-info", instruments), web.get("/ws", stream)])
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
    client = BybitDataClientConfig(
        product_types=[BybitProductType.LINEAR],
        base_url_http=f"http://{address}",
        base_url_ws_public=f"ws://{address}/ws",
    )
    builder = LiveNodeBuilder.from_config("T", config)
    node = builder.add_data_client(None, BybitDataClientFactory(), client).build()
    node.add_actor(Listens())
    handle = node.handle()

    async def wait_for_both():
        for _ in range(300):
            if len(seen) == 2:
                break
            await asyncio.sleep(0.1)
        handle.stop()

    task = asyncio.create_task(wait_for_both())
    await asyncio.wait_for(node.run_async(), 60)
    await task
    await runner.cleanup()
    print(f"mark {seen['mark']}, index {seen['index']}")


asyncio.run(main())
PYTHON

report "mark 0.1978849, index 0.1979151" "mark 0.19788, index 0.19792" "$(python node.py)"
