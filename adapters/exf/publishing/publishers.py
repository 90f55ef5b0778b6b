"""Publisher: publishes the state into a shared memory region or an entry of a Hazelcast map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.hazelcast_map.publisher import HazelcastPublisher
    from adapters.shm import FactorWriter


class Publisher(Protocol):
    """A destination of the factors.

    Notes
    -----
    Called on the service's asyncio thread; a call must not block. An exception is counted
    and does not affect the other publishers.

    """

    name: str

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        """Publish the whole state at an instant, UNIX nanoseconds; NaN: no value."""

    def heartbeat(self) -> None:
        """Show, about every 100 ms, that the service is alive."""

    def close(self) -> None:
        """End publishing; readers see that no more records will come."""


class RegionPublisher:
    """Publish into shared memory.

    Parameters
    ----------
    writer : FactorWriter
        The region's writer; closed with this publisher.

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


class EntryPublisher:
    """Publish into Hazelcast; a state that cannot be sent yet is replaced by a newer one.

    Parameters
    ----------
    entry : HazelcastPublisher
        The entry's writer; closed with this publisher.

    """

    name = "hazelcast"

    def __init__(self, entry: HazelcastPublisher) -> None:
        self.entry = entry

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        self.entry.write(factors, ts_event_ns)

    def heartbeat(self) -> None:
        """Do nothing: the state itself is published at least once a period."""

    def close(self) -> None:
        self.entry.close()

    def report(self) -> dict[str, int | str]:
        """Return the counters for ``status``."""
        entry = self.entry
        return {
            "written": entry.written,
            "sent": entry.sent,
            "conflated": entry.conflated,
            "problem": entry.problem,
        }
