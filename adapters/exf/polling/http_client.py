"""Fetcher: one HTTP request with a deadline, a size limit and no redirects."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import aiohttp

from adapters.exf.polling.dns_resolver import IsolatedResolver
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from types import TracebackType

    from multidict import CIMultiDictProxy

    from adapters.exf.polling.request import Request

DEADLINE_S: Final = 0.4
LARGEST_BODY: Final = 1_000_000
LONGEST_RETRY_AFTER_S: Final = 3 * 86_400.0
"""Binance bans an address for up to three days."""
TOO_MANY_REQUESTS: Final = 429
BANNED: Final = 418
"""Status of Binance for an address that continued after 429."""
BAN_S: Final = 120.0
"""The shortest ban, for an answer that does not state its length."""
_NS_PER_S: Final = 1_000_000_000
_KEPT_ALIVE_S: Final = 60.0
_SHOWN_BYTES: Final = 2_000
_HEADERS: Final = {
    "User-Agent": "dolphin-exf",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}


class FetchError(DolphinError):
    """A request brought no usable answer.

    Parameters
    ----------
    kind : str
        ``timeout``, ``refused``, ``dns``, ``tls``, ``broken``, ``too_large``, ``redirect``,
        ``rate_limited``, ``http_4xx`` or ``http_5xx``.
    text : str
        The message.
    body : bytes
        The beginning of the answer, if there was one.
    retry_after_s : float, optional
        The time without further requests that the exchange demands, seconds.

    Notes
    -----
    Every parameter but ``text`` is also an attribute.

    """

    def __init__(
        self, kind: str, text: str, *, body: bytes = b"", retry_after_s: float | None = None
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.body = body
        self.retry_after_s = retry_after_s


class Answer(NamedTuple):
    """The answer to a request, with the times at which it was sent and received."""

    body: bytes
    server_date_ns: int
    """The ``Date`` header, UNIX nanoseconds of a whole second; 0 without one."""
    sent_wall_ns: int
    received_wall_ns: int
    received_mono_ns: int
    latency_ns: int


class Fetcher:
    """Send requests over kept connections.

    Parameters
    ----------
    deadline_s : float
        From the beginning of a request, including connecting, to the last byte, seconds.
    largest_body : int
        The largest answer, bytes after decompression.

    Notes
    -----
    For one asyncio loop. Certificates are verified and redirects are not followed.

    """

    def __init__(
        self, *, deadline_s: float = DEADLINE_S, largest_body: int = LARGEST_BODY
    ) -> None:
        self.deadline_s: Final = deadline_s
        self._largest_body: Final = largest_body
        connector = aiohttp.TCPConnector(
            limit=0,  # each source has at most one request in flight
            keepalive_timeout=_KEPT_ALIVE_S,
            resolver=IsolatedResolver(),
            use_dns_cache=False,
        )
        self._session: Final = aiohttp.ClientSession(
            connector=connector,
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            read_bufsize=2**16,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def fetch(
        self, request: Request, deadline_s: float, largest_body: int | None = None
    ) -> Answer:
        """Send a request and return its answer.

        Parameters
        ----------
        request : Request
            The request.
        deadline_s : float
            As in the constructor, for this request.
        largest_body : int, optional
            Likewise, if larger.

        Raises
        ------
        FetchError
            If there is no usable answer, with the reason.

        """
        sent_wall_ns, sent_mono_ns = time.time_ns(), time.monotonic_ns()
        state = "no connection or no answer"
        try:
            async with (
                asyncio.timeout(deadline_s),
                self._session.request(
                    "GET" if request.body is None else "POST",
                    request.url_at(sent_wall_ns // 1_000_000),
                    data=request.body,
                    headers={"Content-Type": "application/json"} if request.body else None,
                    allow_redirects=False,
                ) as response,
            ):
                state = "no whole body"
                if 300 <= response.status < 400:
                    where = response.headers.get("Location", "nowhere")
                    text = f"HTTP {response.status} to {where:.100}; redirects are not followed"
                    raise FetchError("redirect", text)
                body = await self._read(response, largest_body or self._largest_body)
        except TimeoutError:
            text = f"{state} within {deadline_s:g} s"
            raise FetchError("timeout", text) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _explained(error) from None
        received_mono_ns = time.monotonic_ns()
        if response.status != 200:
            raise _refusal(response.status, response.headers, body)
        return Answer(
            body,
            _date_ns(response.headers.get("Date", "")),
            sent_wall_ns,
            time.time_ns(),
            received_mono_ns,
            received_mono_ns - sent_mono_ns,
        )

    async def _read(self, response: aiohttp.ClientResponse, largest_body: int) -> bytes:
        """Read the body up to the limit; beyond it, leaving the block closes the connection."""
        announced = response.content_length or 0
        chunks: list[bytes] = []
        size = 0
        if announced <= largest_body:
            async for chunk in response.content.iter_any():
                chunks.append(chunk)
                size += len(chunk)
                if size > largest_body:
                    break
            else:
                return b"".join(chunks)
        found = f"{announced:,} bytes announced" if announced > size else f"{size:,} and more"
        text = f"body: expected at most {largest_body:,} bytes, found {found}"
        raise FetchError("too_large", text, body=b"".join(chunks)[:_SHOWN_BYTES])


def _explained(error: Exception) -> FetchError:
    """Convert an error of aiohttp or the system into a FetchError."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchError("dns", f"the name {error.host} cannot be looked up")
    if isinstance(error, aiohttp.ClientSSLError):
        return FetchError("tls", f"no trusted TLS connection: {error}"[:300])
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = error.os_error.strerror or str(error.os_error)
        return FetchError("refused", f"{error.host}:{error.port}: {reason}")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return FetchError("broken", f"the connection ended before the answer did: {error}"[:300])
    return FetchError("broken", f"{type(error).__name__}: {error}"[:300])


def _refusal(status: int, headers: CIMultiDictProxy[str], body: bytes) -> FetchError:
    text = f"HTTP {status}: {body[:200].decode(errors='replace')}"
    if status in {TOO_MANY_REQUESTS, BANNED}:
        wait_s = retry_after_s(headers.get("Retry-After"), time.time())
        if wait_s is None and status == BANNED:
            wait_s = BAN_S
        return FetchError("rate_limited", text, body=body, retry_after_s=wait_s)
    kind = f"http_{status // 100}xx"
    wait_s = retry_after_s(headers.get("Retry-After"), time.time())
    return FetchError(kind, text, body=body, retry_after_s=wait_s)


def retry_after_s(header: str | None, unix_s: float) -> float | None:
    """Return the pause that a ``Retry-After`` header demands, in seconds or until a date.

    Parameters
    ----------
    header : str, optional
        The header's value.
    unix_s : float
        The current time, wall clock, seconds.

    Returns
    -------
    float or None
        0 seconds to three days; None without a valid header.

    """
    if header is None:
        return None
    try:
        wait_s = float(header)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(header).timestamp() - unix_s
        except ValueError:
            return None
    if wait_s != wait_s:  # noqa: PLR0124 - NaN
        return None
    return min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S)


@lru_cache(maxsize=64)
def _date_ns(header: str) -> int:
    """Return a ``Date`` header as UNIX nanoseconds; cached, as answers of a second share it."""
    try:
        return int(parsedate_to_datetime(header).timestamp()) * _NS_PER_S
    except ValueError:
        return 0
