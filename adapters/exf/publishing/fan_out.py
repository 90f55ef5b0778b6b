"""FanOut: hands each state, and a heartbeat each 100 ms, to every publisher."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.exf.publishing.publishers import Publisher

log: Final = logging.getLogger("exf")

HEARTBEAT_S: Final = 0.1


class FanOut:
    """Publish to several places; what one of them raises does not reach the others.

    Parameters
    ----------
    publishers : sequence of Publisher
        Where the state goes; the caller closes them.

    Attributes
    ----------
    published : int
        States handed over.
    errors : Counter
        What publishers raised, by name; of heartbeats by name and ``heartbeat``. The first one
        of each is logged.

    Notes
    -----
    For one asyncio loop.

    """

    def __init__(self, publishers: Sequence[Publisher]) -> None:
        self.published = 0
        self.errors: Final[Counter[str]] = Counter()
        self._publishers: Final = publishers

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        """Publish the whole state.

        Parameters
        ----------
        factors : mapping of str to float
            NaN is "no value now".
        ts_event_ns : int
            Its time, UNIX nanoseconds.

        """
        for publisher in self._publishers:
            try:
                publisher.publish(factors, ts_event_ns)
            except Exception as error:  # noqa: BLE001 - counted, and logged once
                self._count(publisher.name, f"cannot publish to {publisher.name}", error)
        self.published += 1

    async def keep_beating(self, on_late: Callable[[float], None] = lambda late_s: None) -> None:
        """Beat each publisher every 100 ms until cancelled.

        Parameters
        ----------
        on_late : callable
            Called with how late each beat came, seconds: the loop was busy for that long.

        """
        while True:
            for publisher in self._publishers:
                try:
                    publisher.heartbeat()
                except Exception as error:  # noqa: BLE001 - counted, and logged once
                    name = publisher.name
                    self._count(f"{name} heartbeat", f"no heartbeat to {name}", error)
            due_s = time.monotonic() + HEARTBEAT_S
            await asyncio.sleep(HEARTBEAT_S)
            on_late(max(time.monotonic() - due_s, 0.0))

    def report(self) -> dict[str, Any]:
        """Return what ``status`` shows."""
        return {"published": self.published, "publish_errors": dict(self.errors)}

    def _count(self, name: str, what: str, error: Exception) -> None:
        if not self.errors[name]:
            log.error("%s: %s", what, error, exc_info=error)
        self.errors[name] += 1
