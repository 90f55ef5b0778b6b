"""The other ends of sources, one for each transport, for a suite that all of them pass."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from adapters.aeron_stream import AeronChannel, AeronPublisher, AeronSource
from adapters.catalog import RecordingWriter
from adapters.catalog.tailing.recorded.tail_start import TailStart
from adapters.hazelcast_map import HazelcastPublisher, HazelcastSettings, HazelcastSource
from adapters.hazelcast_map.settings import MAX_POLL_S
from adapters.shm import FactorWriter
from adapters.shm.source import ShmSource
from dolphin_strategies import FactorSchema, FactorSource, MemorySource, SourceState
from tests.support.eventually import eventually
from tests.support.transports.regions import (
    factor_names,
    new_region_path,
    remove_all_of,
    values_of,
    write_records,
)
from tests.support.transports.tails import tail_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.aeron.media_driver import DriverProcess
    from tests.support.transports.member import Member

NAMES: Final = factor_names(3)
CAPACITY: Final = 64
STREAMS: Final = count(1)


class Producer(Protocol):
    """The other end of a source: publishes records whose values follow from their sequence."""

    source: FactorSource
    announces_names: bool
    """Whether the names are known before the first record."""

    def publish(self, n: int) -> None:
        """Publish the next n records; once the source is settled, they have reached it."""

    def settle(self) -> None:
        """Wait until the source, now open, has seen what was published before."""

    def stop(self) -> None:
        """End the producer and remove everything."""


class MemoryProducer:
    """The producer is the source's own publish."""

    announces_names = True

    def __init__(self) -> None:
        self.memory: Final = MemorySource(FactorSchema(NAMES), capacity=CAPACITY)
        self.source: FactorSource = self.memory
        self._sequence = 0

    def publish(self, n: int) -> None:
        """Publish the next n records."""
        for _ in range(n):
            self._sequence += 1
            self.memory.publish(values_of(self._sequence, len(NAMES)))

    def settle(self) -> None:
        """Do nothing: there is nothing between."""

    def stop(self) -> None:
        """Do nothing: there is nothing outside."""


class ShmProducer:
    """The producer is the writer of a region."""

    announces_names = True

    def __init__(self) -> None:
        self._path = new_region_path()
        self.source: FactorSource = ShmSource(self._path)
        self._writer = FactorWriter(self._path, NAMES, capacity=CAPACITY)

    def publish(self, n: int) -> None:
        """Publish the next n records."""
        write_records(self._writer, n)

    def settle(self) -> None:
        """Do nothing: memory is shared at once."""

    def stop(self) -> None:
        """Close the region and remove it."""
        self._writer.close()
        remove_all_of(self._path)


class TailProducer:
    """The producer is the writer of a region whose recorder has ended: the ring alone has more."""

    announces_names = True

    def __init__(self, catalog: Path) -> None:
        self._path = new_region_path()
        # A catalog of this region in which there is nothing for the source.
        RecordingWriter(catalog, source=str(self._path)).close()
        self._tail = tail_of(TailStart(catalog=catalog, is_newest=True), self._path)
        self.source: FactorSource = self._tail
        self._writer = FactorWriter(self._path, NAMES, capacity=CAPACITY)

    def publish(self, n: int) -> None:
        """Publish the next n records; what the ring lost of them was looked for."""
        write_records(self._writer, n)
        if self._tail.is_open:
            eventually(lambda: self.source.status() and not self._tail.is_behind, "the look")

    def settle(self) -> None:
        """Do nothing: memory is shared at once."""

    def stop(self) -> None:
        """Close the region and remove it."""
        self._writer.close()
        remove_all_of(self._path)


class HazelcastProducer:
    """The producer is the publisher of an entry in a real cluster."""

    announces_names = False

    def __init__(self, member: Member) -> None:
        settings = HazelcastSettings(
            members=(member.address,),
            cluster=member.cluster,
            key=f"test-{uuid4().hex}",
            # Seldom: a look that overtakes several events on their way counts them as lost.
            poll_s=MAX_POLL_S,
        )
        self._hazelcast = HazelcastSource(settings, capacity=CAPACITY)
        self.source: FactorSource = self._hazelcast
        self._publisher = HazelcastPublisher(settings)
        self._published = self._published_before = 0
        self._is_settled = False

    def publish(self, n: int) -> None:
        """Publish the next n records, each by itself."""
        for _ in range(n):
            self._published += 1
            values = values_of(self._published, len(NAMES)).tolist()
            self._publisher.write(dict(zip(NAMES, values, strict=True)))
            assert self._publisher.flush(20), self._publisher.problem
        if self._is_settled:
            self._await_arrival()

    def settle(self) -> None:
        """Wait until the source has read the entry."""
        self._published_before = max(self._published - 1, 0)
        eventually(
            lambda: "no value" in self.source.status().reason or self.source.status().published,
            "the first reading",
        )
        self._await_arrival()
        self._is_settled = True

    def _await_arrival(self) -> None:
        expected = self._published - self._published_before
        if self._hazelcast.is_open:
            eventually(lambda: self.source.status().published == expected, f"{expected} records")

    def stop(self) -> None:
        """Disconnect; the entry stays, under a key of its own."""
        self._publisher.close()


class AeronProducer:
    """The producer is the publisher of a stream through a real media driver."""

    announces_names = True

    def __init__(self, driver: DriverProcess) -> None:
        # A stream of its own: streams of one channel do not meet.
        stream = f"aeron:ipc?stream-id={next(STREAMS)}|dir={driver.folder}"
        channel = AeronChannel.from_text(stream)
        self._aeron = AeronSource(channel, capacity=CAPACITY)
        self.source: FactorSource = self._aeron
        self._publisher = AeronPublisher(channel, NAMES)
        self._published_before = 0

    def publish(self, n: int) -> None:
        """Publish the next n records; those that a settled source awaits have reached it."""
        is_settled = self._aeron.is_open
        for _ in range(n):
            self._publisher.write_values(values_of(self._publisher.published + 1, len(NAMES)))
        if is_settled:
            self._await_arrival()

    def settle(self) -> None:
        """Wait until the source has heard the publisher's state."""
        self._published_before = max(self._publisher.published - 1, 0)
        eventually(lambda: self.source.status().state is SourceState.LIVE, "the first state")
        self._await_arrival()

    def _await_arrival(self) -> None:
        expected = self._publisher.published - self._published_before
        eventually(lambda: self.source.status().published == expected, f"{expected} records")

    def stop(self) -> None:
        """End the stream."""
        self._publisher.close()
