"""Publisher: publishes the state into a region, a Hazelcast entry or onto an Aeron stream."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from adapters.shm import FactorWriter


class EntryWriter(Protocol):
    """What writes an entry of a map, as ``HazelcastPublisher`` does."""

    written: int
    sent: int
    conflated: int
    problem: str

    def write(self, factors: Mapping[str, float], ts_event: int = 0) -> None:
        """Write a state; it may replace one that waits."""

    def close(self) -> None:
        """Disconnect."""


class StreamWriter(Protocol):
    """What writes a stream, as ``AeronPublisher`` does."""

    @property
    def published(self) -> int:
        """The newest record's number."""

    @property
    def problem(self) -> str:
        """Why nothing can be sent, or an empty text."""

    @property
    def counters(self) -> dict[str, int]:
        """What became of the records."""

    def write(self, factors: Mapping[str, float], ts_event: int = 0) -> None:
        """Publish a state."""

    def write_values(self, values: NDArray[np.float64], ts_event: int = 0) -> None:
        """Publish a state as a vector."""

    def close(self) -> None:
        """End the stream."""


LEAST_INTERVAL_S: Final = 0.005
"""From one JSON text to the next: a cluster confirms one a millisecond, at best."""


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


class VectorPublisher(Publisher, Protocol):
    """A destination that also takes the state as a vector, many times a second."""

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        """Publish the whole state.

        Parameters
        ----------
        values : numpy.ndarray
            float64, in the order of the publisher's names; always the same array. NaN: no value.
        ts_event_ns : int
            The time of the state, UNIX nanoseconds.

        """


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

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        self.writer.write_values(values, ts_event_ns)

    def heartbeat(self) -> None:
        self.writer.heartbeat()

    def close(self) -> None:
        self.writer.close()


class EntryPublisher:
    """Publish into Hazelcast; a state that cannot be sent yet is replaced by a newer one.

    Parameters
    ----------
    entry : EntryWriter
        The entry's writer; closed with this publisher.
    names : sequence of str
        The names of the vectors given to ``publish_values``.

    """

    name = "hazelcast"

    def __init__(self, entry: EntryWriter, names: Sequence[str] = ()) -> None:
        self.entry = entry
        self.names: Final = tuple(names)
        self._waiting: tuple[NDArray[np.float64], int] | None = None
        self._written_s = 0.0

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        self.entry.write(factors, ts_event_ns)

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        """Write the state as JSON, at most every ``LEAST_INTERVAL_S``; the newest one always."""
        if self._waiting is not None:
            self._waiting = values, ts_event_ns
            return
        rest_s = self._written_s + LEAST_INTERVAL_S - time.monotonic()
        self._waiting = values, ts_event_ns
        if rest_s <= 0:
            self._write_waiting()
        else:
            asyncio.get_running_loop().call_later(rest_s, self._write_waiting)

    def _write_waiting(self) -> None:
        if self._waiting is not None:
            values, ts_event_ns = self._waiting
            self._waiting = None
            self._written_s = time.monotonic()
            self.entry.write(dict(zip(self.names, values.tolist(), strict=True)), ts_event_ns)

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


class StreamPublisher:
    """Publish each state onto an Aeron stream; none waits for a subscriber.

    Parameters
    ----------
    stream : StreamWriter
        The stream's publisher, with the names of the vectors; closed with this publisher.

    """

    name = "aeron"

    def __init__(self, stream: StreamWriter) -> None:
        self.stream = stream

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        self.stream.write(factors, ts_event_ns)

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        self.stream.write_values(values, ts_event_ns)

    def heartbeat(self) -> None:
        """Do nothing: the stream's own thread shows that it is alive."""

    def close(self) -> None:
        self.stream.close()

    def report(self) -> dict[str, int | str]:
        """Return the counters for ``status``."""
        stream = self.stream
        return {"published": stream.published, **stream.counters, "problem": stream.problem}
