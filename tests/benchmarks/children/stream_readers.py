"""The far ends of a stream: a node's strategy, or a bare websocket client.

``python -m …children.stream_readers node REGION WAIT`` and ``… bare PORT`` say when they are
ready, run until a line on stdin, and answer with the latency of each stamped mid in microseconds,
the node also with the moments (monotonic nanoseconds) at which it saw each polled price.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import orjson

from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from adapters.feed.latency import LatencyRecorder
from adapters.shm.source import ShmSource
from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from tests.benchmarks import sandbox_node
from tests.support.exchange.streaming.listings import LISTINGS
from tests.support.exchange.streaming.market_rates import STAMP_RANGE_US

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies import ExternalFactors

STREAMED: Final = "mid_btc_bybit"
POLLED: Final = "mid_btc_okx"
TOPIC: Final = "orderbook.1.BTCUSDT"
_BTC: Final = next(row for row in LISTINGS if row.asset == "BTC")
_TICK: Final = float(_BTC.tick)


class StampedMids:
    """Latencies from the stamps that the exchange put into its prices."""

    def __init__(self) -> None:
        self.latency: Final = LatencyRecorder()
        self._last = -1

    def add(self, mid: float) -> None:
        """Take a mid; the first, of a snapshot, and those that are not new are left out."""
        now_us = time.time_ns() / 1000 % STAMP_RANGE_US
        stamp_us = round((mid - _BTC.price - _TICK / 2) / _TICK)
        is_first, is_new = self._last < 0, stamp_us != self._last
        self._last = stamp_us
        if is_new and not is_first:
            self.latency.add(round((now_us - stamp_us) % STAMP_RANGE_US * 1000))

    def answer(self) -> dict[str, Any]:
        """Return the percentiles, microseconds."""
        return self.latency.percentiles()._asdict()


class Watcher(FactorStrategy[FactorStrategyConfig]):
    """Keep when each streamed and each polled price arrived."""

    def __init__(self) -> None:
        super().__init__(FactorStrategyConfig())
        self.mids: Final = StampedMids()
        self.polled: Final[dict[float, int]] = {}

    def on_factors(self, f: ExternalFactors) -> None:
        mid = f.get(STREAMED)
        if mid == mid:  # noqa: PLR0124 - NaN
            self.mids.add(mid)
        self.polled.setdefault(f.get(POLLED), time.monotonic_ns())


async def watch(region: str, wait: Any) -> dict[str, Any]:
    """Run a node over a region until a line comes."""
    strategy = Watcher()
    node = sandbox_node.build()
    node.add_actor(FactorFeed(ShmSource(region), FactorFeedConfig(wait=wait)))
    node.add_strategy(strategy)
    handle = node.handle()
    _at_next_line(handle.stop)
    gc.collect()
    gc.freeze()
    await node.run_async()
    return {**strategy.mids.answer(), "polled": list(strategy.polled.items())}


async def listen(port: int) -> dict[str, Any]:
    """Read the same messages with a bare websocket client until a line comes."""
    mids, loop = StampedMids(), asyncio.get_running_loop()
    ended = asyncio.Event()
    async with aiohttp.ClientSession() as session:
        url = f"ws://127.0.0.1:{port}/ws/bybit/v5/public/linear"
        async with session.ws_connect(url, compress=0) as socket:
            await socket.send_json({"op": "subscribe", "args": [TOPIC]})
            _at_next_line(lambda: loop.call_soon_threadsafe(ended.set))
            end = asyncio.create_task(ended.wait())
            while not ended.is_set():
                message = asyncio.create_task(socket.receive())
                await asyncio.wait((message, end), return_when=asyncio.FIRST_COMPLETED)
                if message.done():
                    data = orjson.loads(message.result().data).get("data", {})
                    if data.get("b") and data.get("a"):
                        mids.add((float(data["b"][0][0]) + float(data["a"][0][0])) / 2)
                else:
                    message.cancel()
    return mids.answer()


def _at_next_line(call: Callable[[], object]) -> None:
    def wait() -> None:
        sys.stdin.readline()
        call()

    threading.Thread(target=wait, daemon=True).start()
    print("ready", flush=True)


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    if kind == "node":
        print(json.dumps(asyncio.run(watch(*rest))), flush=True)
    else:
        print(json.dumps(asyncio.run(listen(int(rest[0])))), flush=True)
