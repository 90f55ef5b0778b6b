"""Whatever producers, recorders and readers do: published is delivered, lost and unread."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.writing.resume_point import resume_after
from adapters.shm import FactorReader, FactorWriter
from adapters.shm.source import ShmSource
from live.node.settings.tail_option import read_tail
from tests.support.eventually import eventually_async
from tests.support.lengths import counts
from tests.support.transports.regions import (
    factor_names,
    new_region_path,
    remove_all_of,
    write_records,
)
from tests.support.transports.tails import Reading, tail_of

if TYPE_CHECKING:
    from collections.abc import Callable

RING: Final = 16

STEPS: Final = st.one_of(
    st.tuples(st.just("publish"), st.integers(1, 40)),
    st.tuples(st.just("read"), st.integers(1, 30)),
    st.tuples(st.just("batch"), st.integers(1, 30)),
    st.tuples(
        st.sampled_from(["record", "rotate", "start", "kill", "end", "names", "restart", "leave"]),
        st.just(0),
    ),
)


def is_attached(source: ShmSource) -> bool:
    """Return whether a source has the present file of its region open."""
    return source._reader is not None and source._reader.is_current()


def live_of(reading: Reading) -> ShmSource:
    """Return the source from which a tail reads the ring."""
    live = reading.source._live
    assert isinstance(live, ShmSource)
    return live


class World:
    """A producer, a recorder and a reader of one region, each moved by a step."""

    def __init__(self, folder: Path, region: Path) -> None:
        self.catalog, self.region = folder, region
        self.first = 0
        self.published: list[tuple[int, int]] = []
        self.writer = FactorWriter(region, factor_names(3), capacity=RING)
        self.recording: RecordingWriter | None = None
        self.recorded_from: ShmSource | None = None
        self.reading: Reading | None = None
        self.given: list[tuple[int, int]] = []
        self.lost = 0
        self.read_alone = 0
        """Of the records before this one, nobody but the reader has some."""
        self.start()
        self.publish(3)
        self.record()

    def publish(self, n: int) -> None:
        before = self.writer.published
        write_records(self.writer, n)
        stream = self.stream()
        self.published += [(stream, i) for i in range(before + 1, before + n + 1)]

    def stream(self) -> int:
        with FactorReader(self.region) as reader:
            return reader.stream_id

    async def is_seen(self) -> bool:
        """Have the recorder read the region's present file, or the reader have it open.

        What was in a file that nobody opened, nobody can count.
        """
        source = self.recorded_from
        if source is None:
            # It opens the next file when it has read this one.
            return self.reading is not None and is_attached(live_of(self.reading))

        def is_recorded() -> bool:
            self.record()
            return is_attached(source)

        await eventually_async(is_recorded, "the present file")
        self.record()
        return True

    async def names(self, _: int = 0) -> None:
        if not await self.is_seen():
            return
        self.first += 1
        names = factor_names(3 + self.first)
        sequence = self.writer.published + 1
        self.writer.write({n: 512.0 * sequence + i for i, n in enumerate(names)})
        self.published.append((self.stream(), sequence))

    async def restart(self, _: int = 0) -> None:
        if not await self.is_seen():
            return
        if self.recording is None:
            self.read_alone = len(self.published)
        self.writer.close()
        self.region.unlink()
        self.writer = FactorWriter(self.region, factor_names(3), capacity=RING)

    def start(self, _: int = 0) -> None:
        if self.recording is None:
            self.recording = RecordingWriter(self.catalog, source=str(self.region), flush_s=0.0)
            known = resume_after(self.recording, str(self.region))
            self.recorded_from = ShmSource(self.region, resume_after=known)
            self.recorded_from.open(lambda: None, time.time_ns)

    def record(self, _: int = 0) -> None:
        if self.recording is not None and self.recorded_from is not None:
            while (batch := self.recorded_from.read_batch(7)) is not None:
                self.recording.write_factors(batch)
            self.recording.flush()

    def rotate(self, _: int = 0) -> None:
        if self.recording is not None:
            self.record()
            self.recording.rotate()

    def kill(self, _: int = 0) -> None:
        if self.recording is not None and self.recorded_from is not None:
            self.recording._held.close()
            self.recorded_from.close()
            self.recording = self.recorded_from = None

    def end(self, _: int = 0) -> None:
        if self.recording is not None and self.recorded_from is not None:
            self.record()
            self.recording.close()
            self.recorded_from.close()
            self.recording = self.recorded_from = None

    def open(self) -> Reading:
        if self.reading is None:
            self.record()
            place = (
                "begin" if not self.given else f"{self.given[-1][0]:016x}:{self.given[-1][1] + 1}"
            )
            source = tail_of(read_tail(f"{self.catalog}@{place}"), self.region)
            source.open(lambda: None, time.time_ns)
            self.reading = Reading(source)
        return self.reading

    async def read(self, n: int) -> None:
        """Read up to so many, or what there is."""
        reading = self.open()
        self.record()  # a recorder that runs is never far behind
        await self.quiet(lambda: reading.read(n) > 0)

    async def batch(self, n: int) -> None:
        reading = self.open()
        self.record()
        await self.quiet(lambda: reading.read_batches(n))

    async def quiet(self, read: Callable[[], object]) -> None:
        reading = self.open()
        await eventually_async(
            lambda: read() or (reading.source.status() and not reading.source.is_behind),
            "the looks",
        )

    def leave(self, _: int = 0) -> None:
        if self.reading is None:
            return
        newest = (self.given + self.reading.given)[-1:]
        # What was read by this reader alone, the next one could not count.
        if not self.read_alone or set(newest) & set(self.published[self.read_alone :]):
            self.stop_reading()

    def stop_reading(self) -> None:
        if self.reading is not None:
            self.lost += self.reading.source.status().lost
            self.given += self.reading.given
            self.reading.source.close()
            self.reading = None

    async def check(self) -> None:
        reading = self.open()
        # What is recorded of a producer whose file the tail never opened comes with this one.
        self.publish(1)
        self.record()

        def is_at_the_end() -> bool:
            reading.read()
            status = reading.source.status()
            is_read = status.pending == 0 and not reading.source.is_behind
            return is_read and is_attached(live_of(reading))

        await eventually_async(is_at_the_end, "everything")
        reading.check_counts()
        self.stop_reading()
        place = {record: i for i, record in enumerate(self.published)}
        at = [place[record] for record in self.given]
        assert at == sorted(set(at)), "order"
        assert len(self.published) == len(self.given) + self.lost
        recorded = {
            (b.stream_id, n)
            for b in FactorCatalog(self.catalog).batches()
            for n in b.sequence.tolist()
        }
        assert recorded <= set(self.given), "recorded and not delivered"

    def close(self) -> None:
        self.stop_reading()
        self.end()
        self.writer.close()


@counts("examples", 10, long=200)
@pytest.mark.timeout(600)
def test_published_is_delivered_lost_and_unread(examples: int) -> None:
    """Fault E09: producers that restart and change names, recorders that come, go and are killed,
    readers that leave and come back at the next record: each record is given once and in order, or
    is counted as lost; none that was recorded is lost.
    """
    settings(max_examples=examples)(given(st.lists(STEPS, max_size=25))(run_steps))()


def run_steps(steps: list[tuple[str, int]]) -> None:
    """Take the steps, read to the end and compare everything."""

    async def run() -> None:
        folder, region = Path(tempfile.mkdtemp()), new_region_path()
        world = World(folder, region)
        try:
            for name, n in steps:
                found = getattr(world, name)(n)
                if asyncio.iscoroutine(found):
                    await found
            await world.check()
        finally:
            world.close()
            remove_all_of(region)
            shutil.rmtree(folder)

    asyncio.run(run())
