"""A bare websocket client that receives quotes and does nothing with them.

``python -m …children.quotes_process URL SYMBOL`` prints ``ready`` when it has subscribed and runs
until it is ended.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp


async def receive(url: str, symbol: str) -> None:
    """Subscribe and receive."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/ws/bybit/v5/public/linear") as socket,
    ):
        await socket.send_json({"op": "subscribe", "args": [f"orderbook.1.{symbol}"]})
        await socket.receive()
        print("ready", flush=True)
        async for _ in socket:
            pass


if __name__ == "__main__":
    asyncio.run(receive(*sys.argv[1:]))
