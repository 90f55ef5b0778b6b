"""FanOut: passes each state, and a heartbeat every 100 ms, to every publisher."""

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
    """Publish through several publishers; an exception of one does not affect the others.

    Parameters
    ----------
    publishers : sequence of Publisher
        The publishers; the caller closes them.

    Attributes
    ----------
    published : int
        States published.
    errors : Counter
        Exceptions of publishers by name, and of heartbeats by name and ``heartbeat``. The first
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
            NaN: no value.
        ts_event_ns : int
            The time of the state, UNIX nanoseconds.

        """
        for publisher in self._publishers:
            try:
                publisher.publish(factors, ts_event_ns)
            except Exception as error:  # noqa: BLE001 - counted, and logged once
                self._count(publisher.name, f"cannot publish to {publisher.name}", error)
        self.published += 1

    async def keep_beating(self, on_late: Callable[[float], None] = lambda late_s: None) -> None:
        """Call each publisher's heartbeat every 100 ms until cancelled.

        Parameters
        ----------
        on_late : callable
            Called with the delay of each heartbeat, seconds, for which the loop was busy.

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
        """Return the counters for ``status``."""
        return {"published": self.published, "publish_errors": dict(self.errors)}

    def _count(self, name: str, what: str, error: Exception) -> None:
        if not self.errors[name]:
            log.error("%s: %s", what, error, exc_info=error)
        self.errors[name] += 1
