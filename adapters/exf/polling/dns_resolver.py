"""IsolatedResolver: looks up host names so that a hanging name server delays no other host."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

FRESH_S: Final = 60.0


class IsolatedResolver(AbstractResolver):
    """Run each look-up in a thread, one per name at a time, and keep the last answer.

    Addresses older than a minute are used once more while they are looked up again, so that
    only the first request to a host waits for a name server. The threads are daemons: a look-up
    that hangs does not keep the process from ending.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], tuple[float, list[ResolveResult]]] = {}
        self._under_way: dict[tuple[str, int, int], asyncio.Future[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; see ``aiohttp.abc.AbstractResolver``.

        Parameters
        ----------
        host : str
            The name to look up.
        port : int
            Passed through into the results.
        family : socket.AddressFamily
            The kind of addresses wanted.

        Raises
        ------
        OSError
            If the name cannot be looked up.

        """
        key = (host, port, int(family))
        known = self._known.get(key)
        if known is not None:
            if asyncio.get_running_loop().time() - known[0] > FRESH_S:
                self._look_up(key)
            return known[1]
        # Shielded: a caller that is cancelled does not end the look-up of the others.
        return await asyncio.shield(self._look_up(key))

    async def close(self) -> None:
        """Forget the addresses; look-ups in flight end by themselves."""
        self._known.clear()

    def _look_up(self, key: tuple[str, int, int]) -> asyncio.Future[list[ResolveResult]]:
        future = self._under_way.get(key)
        if future is None:
            loop = asyncio.get_running_loop()
            future = self._under_way[key] = loop.create_future()
            arguments = (loop, key, future)
            threading.Thread(target=self._ask, args=arguments, daemon=True).start()
        return future

    def _ask(
        self,
        loop: asyncio.AbstractEventLoop,
        key: tuple[str, int, int],
        future: asyncio.Future[list[ResolveResult]],
    ) -> None:
        host, port, family = key
        found: list[ResolveResult] | OSError
        try:
            entries = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            found = [_result(host, entry) for entry in entries]
        except OSError as error:
            found = error
        except UnicodeError:
            found = OSError(f"{host!r} is no host name")
        try:
            loop.call_soon_threadsafe(self._answer, key, future, found)
        except RuntimeError:  # the loop has ended meanwhile
            return

    def _answer(
        self,
        key: tuple[str, int, int],
        future: asyncio.Future[list[ResolveResult]],
        found: list[ResolveResult] | OSError,
    ) -> None:
        del self._under_way[key]
        if isinstance(found, OSError):
            if not future.done():
                future.set_exception(found)
                # There may be no waiting caller any more.
                future.exception()
            return
        self._known[key] = (asyncio.get_running_loop().time(), found)
        if not future.done():
            future.set_result(found)


def _result(host: str, entry: tuple[Any, ...]) -> ResolveResult:
    family, _, protocol, _, address = entry
    return ResolveResult(
        hostname=host,
        host=str(address[0]),
        port=int(address[1]),
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
