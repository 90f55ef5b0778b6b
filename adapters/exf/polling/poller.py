"""SourcePoller: polls one source for as long as the service runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import orjson

from adapters.exchanges.rest_venue import BadBodyError, RateLimitedError
from adapters.exf.polling.cadence import Cadence
from adapters.exf.polling.http_client import FetchError
from adapters.exf.polling.source_health import SourceHealth

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from adapters.exchanges.rest_venue import Endpoint, Reading
    from adapters.exf.polling.http_client import Answer, Fetcher
    from adapters.exf.polling.request import Request
    from adapters.exf.polling.venue_host import VenueHost
    from adapters.exf.registry.factor_registry import PolledSource

_DEADLINE_SHARE: Final = 0.9
"""Share of the period that is the deadline, if shorter than the fetcher's."""
_DATE_RESOLUTION_NS: Final = 1_000_000_000
FUTURE_TOLERANCE_NS: Final = 1_000_000_000
"""How far an exchange's stamp may lie ahead of the estimate of its clock."""

type OnReading = Callable[[PolledSource, Reading, Answer, int], None]
"""Called with a usable reading, its answer, and its age at receipt in nanoseconds."""
type OnBadBody = Callable[[PolledSource], None]


class SourcePoller:
    """Send the request, read the answer, pass the reading on, and wait for the next instant.

    Parameters
    ----------
    source, endpoint, request
        The source, its endpoint, and the request that polls it.
    host : VenueHost
        The host whose rate limit and pauses are observed.
    fetcher : Fetcher
        Sends the requests.
    lateness_s : deque of float
        Receives how late each poll began, seconds.
    on_reading, on_bad_body : callable
        Called with a reading, and with a body that cannot be used.
    trusts_exchange_time : bool
        Count age from the exchange's own time where it gives one.

    """

    def __init__(  # noqa: PLR0913 - it stands between all of them
        self,
        *,
        source: PolledSource,
        endpoint: Endpoint,
        request: Request,
        host: VenueHost,
        fetcher: Fetcher,
        lateness_s: deque[float],
        on_reading: OnReading,
        on_bad_body: OnBadBody,
        trusts_exchange_time: bool = True,
    ) -> None:
        self.source: Final = source
        self.request: Final = request
        self.host: Final = host
        self.health: Final = SourceHealth()
        self._endpoint: Final = endpoint
        self._fetcher: Final = fetcher
        self._lateness_s: Final = lateness_s
        self._on_reading: Final = on_reading
        self._on_bad_body: Final = on_bad_body
        self._trusts_exchange_time: Final = trusts_exchange_time
        self._deadline_s: Final = min(fetcher.deadline_s, source.period_s * _DEADLINE_SHARE)

    async def run(self) -> None:
        """Poll until cancelled."""
        loop = asyncio.get_running_loop()
        cadence = Cadence(self.source.period_s, loop.time())
        while True:
            await asyncio.sleep(cadence.due_s - loop.time())
            if (pause_s := self.host.pause_left_s) > 0:
                self.health.skipped["pause"] += 1
                cadence.wait(loop.time(), pause_s)
                continue
            if not self.host.take(self._endpoint.weight):
                self.health.skipped["rate_limit"] += 1
                cadence.advance(loop.time())
                continue
            self._lateness_s.append(loop.time() - cadence.due_s)
            if await self.poll():
                if passed := cadence.advance(loop.time()):
                    self.health.skipped["late"] += passed
            else:
                cadence.retry(loop.time(), self.health.failures)

    async def poll(self) -> bool:
        """Poll once; return whether the answer is usable."""
        health = self.health
        health.polls += 1
        try:
            answer = await self._fetcher.fetch(self.request, self._deadline_s)
        except FetchError as error:
            health.failed(error.kind, str(error), error.body)
            if error.kind == "rate_limited" or error.retry_after_s is not None:
                self.host.pause(error.retry_after_s)
            return False
        try:
            reading = self._endpoint.parse(orjson.loads(answer.body), self.source.symbol)
            age_ns = self._age_ns(reading, answer)
        except orjson.JSONDecodeError as error:
            health.failed("not_json", str(error), answer.body)
            return False
        except RateLimitedError as error:
            health.failed("rate_limited", str(error), answer.body)
            self.host.pause(None)
            return False
        except BadBodyError as error:
            health.failed("bad_body", str(error), answer.body)
            self._on_bad_body(self.source)
            return False
        except Exception as error:  # noqa: BLE001 - one venue's mistake must not end the others
            health.failed("parser", f"{type(error).__name__}: {error}", answer.body)
            self._on_bad_body(self.source)
            return False
        self.host.succeeded()
        health.succeeded(answer.latency_ns, reading.ts_event_ns)
        self._on_reading(self.source, reading, answer, age_ns)
        return True

    def _age_ns(self, reading: Reading, answer: Answer) -> int:
        """Return the age of a reading at its receipt, by the exchange's clock, nanoseconds."""
        skew = self.host.skew
        wall_ns = answer.sent_wall_ns, answer.received_wall_ns
        if reading.server_ns:
            skew.learn(reading.server_ns, 1_000_000, *wall_ns, answer.received_mono_ns)
        elif answer.server_date_ns:
            skew.learn(
                answer.server_date_ns, _DATE_RESOLUTION_NS, *wall_ns, answer.received_mono_ns
            )
        if not (reading.ts_event_ns and self._trusts_exchange_time):
            return 0
        age_ns = answer.received_wall_ns + skew.skew_ns - reading.ts_event_ns
        if age_ns < -max(FUTURE_TOLERANCE_NS, skew.uncertainty_ns):
            msg = f"its stamp lies {-age_ns / 1e9:.1f} s in the future of the exchange's clock"
            raise BadBodyError(msg)
        return max(age_ns, 0)
