"""LocalExchange: a real HTTP server that answers as the exchanges do, and fails as told."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
import urllib.request
import zlib
from collections import deque
from contextlib import contextmanager
from email.utils import formatdate
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from tests.support.exchange.exchange_bodies import GET_BODIES, POST_BODIES, Moment
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.nodes.processes import Child

PRICE: Final = 60_000.0
CHUNK: Final = 65_536
HUGE_BYTES: Final = 100_000_000
KEPT_REQUESTS: Final = 200_000
BOMB_BYTES: Final = 10_000_000


class Exchange:
    """The server's side: what it answers, and what it was asked.

    A fault is a table with ``mode`` and perhaps ``value``; it applies to requests whose path
    (or type, for a POST) begins with its key.
    """

    def __init__(self) -> None:
        self.price = PRICE
        self.walk = 0.0
        """How far the price moves up and down, so that every answer differs."""
        self.clock_offset_ms = 0
        self.faults: dict[str, dict[str, Any]] = {}
        self.requests: deque[tuple[float, str]] = deque(maxlen=KEPT_REQUESTS)
        self.changed_mono_ns = 0

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        app.router.add_post("/_control", self.control)
        app.router.add_get("/_requests", self.asked)
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
            name, bodies = query["type"], POST_BODIES
        self.requests.append((time.monotonic(), name))
        fault = next((f for key, f in self.faults.items() if name.startswith(key)), {})
        mode: str = fault.get("mode", "")
        value: Any = fault.get("value")
        if mode in BEFORE_BODY:
            answer: web.StreamResponse = await BEFORE_BODY[mode](request, value)
            return answer
        make = bodies.get(name)
        if make is None:
            return web.json_response({"code": -1, "msg": "no such path"}, status=404)
        unix_ms = int(time.time() * 1000) + self.clock_offset_ms
        if mode in {"old", "future"}:
            unix_ms += int(value * 1000) * (1 if mode == "future" else -1)
        price = self.price + self.walk * math.sin(unix_ms)
        body = make(Moment(unix_ms=unix_ms, price=price, query=query))
        if mode in CHANGED_BODY:
            body = CHANGED_BODY[mode](body, value)
        headers = {"Date": formatdate(time.time() + self.clock_offset_ms / 1000, usegmt=True)}
        content = orjson.dumps(body)
        if mode in AS_BYTES:
            content = AS_BYTES[mode](content)
        if mode == "slow_body":
            return await _drip(request, content, value)
        if mode == "late":
            await asyncio.sleep(value)
        return web.Response(body=content, content_type="application/json", headers=headers)


async def _status(request: web.Request, value: Any) -> web.Response:
    return web.Response(status=int(value), text="<html>no</html>")


async def _limited(request: web.Request, value: Any) -> web.Response:
    headers = {} if value is None else {"Retry-After": str(value)}
    return web.json_response({"code": -1003, "msg": "Too many"}, status=429, headers=headers)


async def _banned(request: web.Request, value: Any) -> web.Response:
    headers = {} if value is None else {"Retry-After": str(value)}
    return web.json_response({"code": -1003, "msg": "Banned"}, status=418, headers=headers)


async def _hang(request: web.Request, value: Any) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def _reset(request: web.Request, value: Any) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"a":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def _html(request: web.Request, value: Any) -> web.Response:
    return web.Response(text="<html><body>Maintenance</body></html>", content_type="text/html")


async def _huge(request: web.Request, value: Any) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(HUGE_BYTES // CHUNK):
        await response.write(b" " * CHUNK)
    return response


async def _announced_huge(request: web.Request, value: Any) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(HUGE_BYTES)})
    await response.prepare(request)
    await response.write(b"[")
    await asyncio.sleep(3600)
    return response


async def _bomb(request: web.Request, value: Any) -> web.Response:
    return web.Response(body=_packed_spaces(), headers={"Content-Encoding": "gzip"})


@cache
def _packed_spaces() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(b" " * CHUNK) for _ in range(BOMB_BYTES // CHUNK))
    return packed + packer.flush()


async def _redirect(request: web.Request, value: Any) -> web.Response:
    return web.Response(status=302, headers={"Location": str(value)})


async def _drip(request: web.Request, content: bytes, seconds: float) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for i in range(20):
        await response.write(content[len(content) * i // 20 : len(content) * (i + 1) // 20])
        await asyncio.sleep(seconds / 20)
    return response


def _everywhere(change: Callable[[Any], Any], body: Any) -> Any:
    """Return a body with each value that stands in for a number changed."""
    if isinstance(body, dict):
        return {name: _everywhere(change, value) for name, value in body.items()}
    if isinstance(body, list):
        return [_everywhere(change, value) for value in body]
    return change(body)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers_as(new: Any) -> Callable[[Any, Any], Any]:
    def change(body: Any, value: Any) -> Any:
        return _everywhere(lambda v: new if _is_number(v) else v, body)

    return change


def _without(body: Any, name: Any) -> Any:
    if isinstance(body, dict):
        return {k: _without(v, name) for k, v in body.items() if k != name}
    return [_without(v, name) for v in body] if isinstance(body, list) else body


def _with(body: Any, changes: Any) -> Any:
    """Return a body whose members of these names have other values."""
    if isinstance(body, dict):
        return {k: changes[k] if k in changes else _with(v, changes) for k, v in body.items()}
    return [_with(v, changes) for v in body] if isinstance(body, list) else body


def _shuffled(body: Any, value: Any) -> Any:
    """Return a body whose objects have their members in another order, and one more."""
    if isinstance(body, dict):
        names = [*body]
        names.reverse()
        return {"added_by_the_exchange": 1, **{k: _shuffled(body[k], value) for k in names}}
    return [_shuffled(v, value) for v in body] if isinstance(body, list) else body


BEFORE_BODY: Final[dict[str, Any]] = {
    "status": _status,
    "429": _limited,
    "418": _banned,
    "hang": _hang,
    "reset": _reset,
    "html": _html,
    "huge": _huge,
    "announced_huge": _announced_huge,
    "gzip_bomb": _bomb,
    "redirect": _redirect,
}
CHANGED_BODY: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "nan_strings": _numbers_as("NaN"),
    "empty_strings": _numbers_as(""),
    "nulls": _numbers_as(None),
    "wrong_types": _numbers_as({"not": ["a", "number"]}),
    "zeros": _numbers_as("0"),
    "without": _without,
    "with": _with,
    "shuffled": _shuffled,
    "body": lambda body, value: value,
}
AS_BYTES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "bare_nan": lambda content: b'{"a": NaN}',
    "deep": lambda content: b"[" * 100_000,
    "invalid_utf8": lambda content: b'{"a": "\xff\xfe"}',
    "empty": lambda content: b"",
}


def serve(port: int) -> None:
    """Serve until killed; print the port when ready."""

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

    def control(self, **settings: Any) -> int:
        """Change settings; return when that was done, monotonic nanoseconds."""
        answer = self._call("/_control", json.dumps(settings).encode())
        return int(answer["changed_mono_ns"])

    def requests(self) -> list[tuple[float, str]]:
        """Return when each path was asked for, monotonic seconds."""
        return [(at_s, name) for at_s, name in self._call("/_requests")]

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
