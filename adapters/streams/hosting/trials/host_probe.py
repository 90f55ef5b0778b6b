"""Whether a host accepts connections, and if not, why."""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

PROBE_TIMEOUT_S: Final = 3.0
_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SECURE: Final = ("https", "wss")


async def refusal(urls: Iterable[str], timeout_s: float = PROBE_TIMEOUT_S) -> str:
    """Open and close a connection to each address; return why the first failed, or "".

    Parameters
    ----------
    urls : iterable of str
        HTTP or websocket URLs; only scheme, host and port matter.
    timeout_s : float
        The limit of one connection, TLS included, seconds.

    """
    for url in dict.fromkeys(map(_origin, urls)):
        try:
            async with asyncio.timeout(timeout_s):
                await _connect(url)
        except TimeoutError:
            return f"{url}: no connection within {timeout_s:g} s"
        except (OSError, ssl.SSLError) as error:
            number = error.errno or 0
            # asyncio's own text names the address once more, and names of hosts have codes < 0.
            return f"{url}: {os.strerror(number) if number > 0 else error}"
    return ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _connect(url: str) -> None:
    parts = urlsplit(url)
    context = ssl.create_default_context() if parts.scheme in _SECURE else None
    port = parts.port or _PORTS[parts.scheme]
    _, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    writer.transport.abort()
