"""Publisher: where the state goes; the shared memory region is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.shm import FactorWriter


class Publisher(Protocol):
    """A place that factors are published to.

    Notes
    -----
    Called on the service's asyncio thread; a call must not block. What it raises is counted
    and does not reach the other publishers.

    """

    name: str

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        """Publish the whole state; NaN is "no value now"."""

    def heartbeat(self) -> None:
        """Show, about every 100 ms, that the service lives."""

    def close(self) -> None:
        """Say that nothing more will come."""


class RegionPublisher:
    """Publish into shared memory.

    Parameters
    ----------
    writer : FactorWriter
        The region's writer; closed with this.

    """

    name = "region"

    def __init__(self, writer: FactorWriter) -> None:
        self.writer = writer

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        self.writer.write(factors, ts_event_ns)

    def heartbeat(self) -> None:
        self.writer.heartbeat()

    def close(self) -> None:
        self.writer.close()
