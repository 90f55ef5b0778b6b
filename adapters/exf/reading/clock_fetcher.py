"""ClockFetcher: answers with the instant of this machine's clock, without a network."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from adapters.exf.polling.http_client import Answer

if TYPE_CHECKING:
    from adapters.exf.polling.request import Request


class ClockFetcher:
    """What :class:`~adapters.exf.polling.http_client.Fetcher` is for a host, for the clock."""

    deadline_s: Final = 1.0
    """It never takes that long."""

    async def fetch(
        self, request: Request, deadline_s: float, largest_body: int | None = None
    ) -> Answer:
        """Return this instant as the answer to any request."""
        now_ns = time.time_ns()
        return Answer(
            body=b'{"now_ns": %d}' % now_ns,
            server_date_ns=0,
            sent_wall_ns=now_ns,
            received_wall_ns=now_ns,
            received_mono_ns=time.monotonic_ns(),
            latency_ns=0,
        )
