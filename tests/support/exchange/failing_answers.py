"""How an answer of the local exchange fails: instead of a body, in its values, in its bytes."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK: Final = 65_536
HUGE_BYTES: Final = 100_000_000
BOMB_BYTES: Final = 10_000_000


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


async def _slow_headers(request: web.Request, value: Any) -> web.Response:
    transport = request.transport
    if transport is not None:
        transport.write(b"HTTP/1.1 200 OK\r\n")
        for i in range(20):
            if transport.is_closing():
                break
            transport.write(b"X-Header-%d: 1\r\n" % i)
            await asyncio.sleep(value / 20)
        transport.abort()
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
    with suppress(ConnectionError):  # a client that has enough
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


async def drip(request: web.Request, content: bytes, seconds: float) -> web.StreamResponse:
    """Send an answer in 20 pieces over so many seconds."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):  # a client that does not wait
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
    "slow_headers": _slow_headers,
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
