"""RequestPoller: polls one request for as long as the service runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from adapters.exchanges.rest_venue import RateLimitedError
from adapters.exf.polling.cadence import Cadence
from adapters.exf.polling.http_client import FetchError

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Sequence

    from adapters.exf.polling.http_client import Answer
    from adapters.exf.polling.request import Request
    from adapters.exf.polling.source_health import SourceHealth
    from adapters.exf.polling.venue_host import VenueHost

DEADLINE_SHARE: Final = 0.9
"""Share of the period that is the deadline, if shorter than the given one."""


class AnswerReader(Protocol):
    """What is made of the answers of a request; several may read the same ones."""

    @property
    def health(self) -> SourceHealth:
        """The outcomes of the polls."""

    def read(self, body: Any, answer: Answer) -> bool:
        """Read parsed JSON; return whether it is usable. Raises RateLimitedError."""

    def failed(self, kind: str, text: str, body: bytes = b"") -> None:
        """Count a poll that brought no JSON; see :class:`SourceHealth`."""


class AnyFetcher(Protocol):
    """What brings answers: from a host, or from this machine's clock."""

    @property
    def deadline_s(self) -> float:
        """The limit of a request, seconds."""

    async def fetch(
        self, request: Request, deadline_s: float, largest_body: int | None = None
    ) -> Answer:
        """Return the answer to a request. Raises FetchError."""


class PolledRequest(Protocol):
    """What is asked, which may depend on what is known by then."""

    def now(self) -> Request:
        """Return the request of this moment."""

    async def wait(self) -> bool:
        """Wait until it can be made; return whether it could not."""


class RequestPoller:
    """Send the request, have the answer read, and wait for the next instant.

    Parameters
    ----------
    name : str
        Its name in logs.
    request : PolledRequest
        The request.
    weight, period_s : float
        What it costs of the host's rate limit, and how often it is sent, seconds.
    host : VenueHost
        The host whose rate limit and pauses are observed.
    fetcher : AnyFetcher
        Sends the requests.
    readers : sequence of AnswerReader
        They read every answer, in this order; none affects another.
    lateness_s : deque of float
        Receives how late each poll began, seconds.
    deadline_s : float, optional
        The limit of a request, seconds, if not the fetcher's.
    largest_body : int, optional
        The largest answer, bytes after decompression, if not the fetcher's.

    """

    def __init__(  # noqa: PLR0913 - it stands between all of them
        self,
        *,
        name: str,
        request: PolledRequest,
        weight: float,
        period_s: float,
        host: VenueHost,
        fetcher: AnyFetcher,
        readers: Sequence[AnswerReader],
        lateness_s: deque[float],
        deadline_s: float | None = None,
        largest_body: int | None = None,
    ) -> None:
        self.name: Final = name
        self.request: Final = request
        self.readers: Final = tuple(readers)
        self._weight: Final = weight
        self._period_s: Final = period_s
        self._host: Final = host
        self._fetcher: Final = fetcher
        self._lateness_s: Final = lateness_s
        self._deadline_s: Final = min(deadline_s or fetcher.deadline_s, period_s * DEADLINE_SHARE)
        self._largest_body: Final = largest_body
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        loop = asyncio.get_running_loop()
        cadence = Cadence(self._period_s, loop.time())
        while True:
            if await self.request.wait():
                cadence.wait(loop.time(), 0.0)
            await asyncio.sleep(cadence.due_s - loop.time())
            if (pause_s := self._host.pause_left_s) > 0:
                self._skipped("pause", 1)
                cadence.wait(loop.time(), pause_s)
                continue
            if not self._host.take(self._weight):
                self._skipped("rate_limit", 1)
                cadence.advance(loop.time())
                continue
            self._lateness_s.append(loop.time() - cadence.due_s)
            if await self.poll():
                self._failures = 0
                if passed := cadence.advance(loop.time()):
                    self._skipped("late", passed)
            else:
                self._failures += 1
                cadence.retry(loop.time(), self._failures)

    async def poll(self) -> bool:
        """Poll once; return whether any reader can use the answer."""
        for reader in self.readers:
            reader.health.polls += 1
        try:
            request = self.request.now()
            answer = await self._fetcher.fetch(request, self._deadline_s, self._largest_body)
        except FetchError as error:
            self._failed(error.kind, str(error), error.body)
            if error.kind == "rate_limited" or error.retry_after_s is not None:
                self._host.pause(error.retry_after_s)
            return False
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            self._failed("not_json", str(error), answer.body)
            return False
        try:
            is_usable = [reader.read(body, answer) for reader in self.readers]
        except RateLimitedError as error:
            self._failed("rate_limited", str(error), answer.body)
            self._host.pause(None)
            return False
        if any(is_usable):
            self._host.succeeded()
        return any(is_usable)

    def restarted(self) -> None:
        """Count that its task was started again."""
        for reader in self.readers:
            reader.health.restarts += 1

    def _skipped(self, reason: str, polls: int) -> None:
        for reader in self.readers:
            reader.health.skipped[reason] += polls

    def _failed(self, kind: str, text: str, body: bytes) -> None:
        for reader in self.readers:
            reader.failed(kind, text, body)
