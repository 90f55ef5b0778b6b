"""LocalExchange: a real HTTP server that answers as the exchanges do, and fails as told."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import sys
import time
import urllib.request
from collections import deque
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from tests.support.exchange.bodies.histories import history_body
from tests.support.exchange.bodies.moment import Moment
from tests.support.exchange.changed_rows import CHANGED_ROWS
from tests.support.exchange.exchange_bodies import GET_BODIES, POST_BODIES
from tests.support.exchange.failing_answers import AS_BYTES, BEFORE_BODY, CHANGED_BODY, drip
from tests.support.exchange.orders.order_control import OrderControl
from tests.support.exchange.orders.order_side import OrderSide
from tests.support.exchange.streaming.stream_hub import VENUES, StreamHub
from tests.support.exchange.streaming.venue_control import VenueControl
from tests.support.exchange.streams.binance_usdm import BinanceUsdmStreams
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.nodes.processes import Child

PRICE: Final = 60_000.0
KEPT_REQUESTS: Final = 200_000


class Exchange:
    """The server's side: what it answers, and what it was asked.

    A fault is a table with ``mode`` and perhaps ``value``; it applies to requests whose path
    (or type, for a POST) begins with its key: to all of them, to the next ``times``, or to
    those after the next ``after``.
    """

    def __init__(self) -> None:
        self.price = PRICE
        self.walk = 0.0
        """How far the price moves up and down, so that every answer differs."""
        self.clock_offset_ms = 0
        self.faults: dict[str, dict[str, Any]] = {}
        self.requests: deque[tuple[float, str]] = deque(maxlen=KEPT_REQUESTS)
        self.changed_mono_ns = 0
        self.orders: Final = OrderSide(lambda: self.clock_offset_ms)
        self.hub: Final = StreamHub()
        usdm = self.hub.endpoints[BinanceUsdmStreams.name]
        usdm.user_stream = self.orders.user_stream
        for row in usdm.venue.listings.values():
            self.orders.account.quoted(f"{row.asset}{row.quote}", row.price, row.price)
        assert isinstance(usdm.venue, BinanceUsdmStreams)
        usdm.venue.on_touch = self.orders.account.quoted

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        app.router.add_post("/_control", self.control)
        app.router.add_get("/_requests", self.asked)
        self.hub.add_routes(app)
        self.orders.add_routes(app)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def control(self, request: web.Request) -> web.Response:
        """Take new settings: ``price``, ``walk``, ``clock_offset_ms``, ``faults``."""
        for name, value in (await request.json()).items():
            setattr(self, name, value)
        self.changed_mono_ns = time.monotonic_ns()
        return web.json_response({"changed_mono_ns": self.changed_mono_ns})

    async def asked(self, request: web.Request) -> web.Response:
        """Return when (monotonic seconds) each path was asked for."""
        return web.json_response(list(self.requests))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the exchange would, or as told."""
        name = request.path
        query = dict(request.query)
        bodies = GET_BODIES
        if request.method == "POST":
            query = await request.json()
            name, bodies = query.get("type") or query["method"], POST_BODIES
        self.requests.append((time.monotonic(), name))
        fault = next((f for key, f in self.faults.items() if name.startswith(key)), {})
        if fault.get("times", 1) <= 0:
            fault = {}
        elif fault.get("after", 0) > 0:
            fault["after"] -= 1
            fault = {}
        elif "times" in fault:
            fault["times"] -= 1
        mode: str = fault.get("mode", "")
        value: Any = fault.get("value")
        if mode in BEFORE_BODY:
            answer: web.StreamResponse = await BEFORE_BODY[mode](request, value)
            return answer
        make = self.hub.body(name) or history_body(name, query) or bodies.get(name)
        if make is None:
            return web.json_response({"code": -1, "msg": "no such path"}, status=404)
        unix_ms = int(time.time() * 1000) + self.clock_offset_ms
        if mode in {"old", "future"}:
            unix_ms += int(value * 1000) * (1 if mode == "future" else -1)
        price = self.price + self.walk * math.sin(unix_ms)
        accept = request.headers.get("Accept", "")
        body = make(Moment(unix_ms=unix_ms, price=price, query=query, accept=accept))
        if change := CHANGED_BODY.get(mode) or CHANGED_ROWS.get(mode):
            body = change(body, value)
        headers = {"Date": formatdate(time.time() + self.clock_offset_ms / 1000, usegmt=True)}
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        if mode in AS_BYTES:
            content = AS_BYTES[mode](content)
        if mode == "slow_body":
            return await drip(request, content, value)
        if mode == "late":
            await asyncio.sleep(value)
        return web.Response(body=content, content_type="application/json", headers=headers)


def serve(port: int) -> None:
    """Serve until killed; print the port when ready."""
    # A client that has enough, or does not wait, is what the tests are about.
    logging.getLogger("aiohttp.server").addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], ConnectionError))
    )

    async def main() -> None:
        runner = web.AppRunner(Exchange().application(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        sys.stdout.write(f"{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    asyncio.run(main())


class LocalExchange:
    """The test's side: a server in a process of its own."""

    def __init__(self, process: Child) -> None:
        self.process: Final = process
        self.port: Final = int(process.line())
        self.url: Final = f"http://127.0.0.1:{self.port}"
        self.streams: Final = {make.name: VenueControl(make.name, self._post) for make in VENUES}
        """Each venue's websocket streams."""
        self.account: Final = OrderControl(self._post)
        """The account of Binance USD-M."""

    def control(self, **settings: Any) -> int:
        """Change settings; return when that was done, monotonic nanoseconds."""
        answer = self._call("/_control", json.dumps(settings).encode())
        return int(answer["changed_mono_ns"])

    def requests(self) -> list[tuple[float, str]]:
        """Return when each path was asked for, monotonic seconds."""
        return [(at_s, name) for at_s, name in self._call("/_requests")]

    def _post(self, path: str, body: Any) -> Any:
        return self._call(path, None if body is None else json.dumps(body).encode())

    def _call(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=body, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return json.loads(response.read())


@contextmanager
def local_exchange(port: int = 0) -> Iterator[LocalExchange]:
    """Run a server and see to it that it ends."""
    with child(serve, port) as process:
        yield LocalExchange(process)
