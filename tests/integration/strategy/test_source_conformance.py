"""What every FactorSource does, whatever its transport: one suite, one row per source."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorWriter
from adapters.shm.source import ShmSource
from dolphin_strategies import FactorSchema, SourceState
from tests.support.eventually import eventually_async
from tests.support.java.producer import JavaShmProducer
from tests.support.transports.regions import (
    factor_names,
    is_whole,
    new_region_path,
    remove_all_of,
    write_records,
)
from tests.support.transports.source_producers import (
    CAPACITY,
    NAMES,
    AeronProducer,
    HazelcastProducer,
    MemoryProducer,
    Producer,
    ShmProducer,
    TailProducer,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine


type Make = Callable[[], Producer]


@pytest.fixture(params=["memory", "shm", "java", "tail", "hazelcast", "aeron"])
def make(request: pytest.FixtureRequest) -> Make:
    """Give what makes a producer with its source."""
    if request.param == "tail":
        return partial(TailProducer, request.getfixturevalue("tmp_path"))
    if request.param == "aeron":
        return partial(AeronProducer, request.getfixturevalue("media_driver"))
    if request.param == "hazelcast":
        return partial(HazelcastProducer, request.getfixturevalue("member"))
    if request.param == "java":
        return partial(JavaShmProducer, request.getfixturevalue("java"), NAMES, CAPACITY)
    return MemoryProducer if request.param == "memory" else ShmProducer


class Opened:
    """A source that was opened in a running loop, and the wakes it called."""

    def __init__(self, producer: Producer, *, published_before: int) -> None:
        self.producer: Final = producer
        self.source: Final = producer.source
        self.wakes = 0
        producer.publish(published_before)
        self.source.open(self._count_wake, time.time_ns)
        producer.settle()

    def _count_wake(self) -> None:
        self.wakes += 1

    def read_all(self) -> list[int]:
        """Return the sequences that read_next gives, after checking the records."""
        sequences = []
        while (f := self.source.read_next()) is not None:
            assert is_whole(f)
            sequences.append(f.sequence)
        return sequences

    def read_batches(self, limit: int) -> list[list[int]]:
        """Return the sequences of each batch that read_batch gives, after checking them."""
        batches = []
        while (batch := self.source.read_batch(limit)) is not None:
            assert 1 <= len(batch) <= limit
            assert all(is_whole(f) for f in batch.records())
            batches.append(batch.sequence.tolist())
        return batches

    def counters(self) -> tuple[int, int, int, int]:
        """Return delivered, conflated, lost and pending, which add up to published."""
        s = self.source.status()
        assert s.published == s.delivered + s.conflated + s.lost + s.pending
        return s.delivered, s.conflated, s.lost, s.pending


@asynccontextmanager
async def opened(make: Make, published_before: int = 0) -> AsyncIterator[Opened]:
    """Open a source, and close both ends afterwards."""
    producer = make()
    try:
        yield Opened(producer, published_before=published_before)
    finally:
        producer.source.close()
        producer.stop()


def in_a_loop(body: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run an async test body."""
    asyncio.run(body())


def test_a_source_begins_with_the_newest_record(make: Make) -> None:
    """What was published before the opening, but for the newest record, does not exist."""

    async def body() -> None:
        async with opened(make, published_before=5) as o:
            assert o.counters() == (0, 0, 0, 1)
            assert o.read_all() == [5]
            assert o.counters() == (1, 0, 0, 0)

    in_a_loop(body)


def test_a_source_opened_before_the_first_record_has_nothing(
    make: Make,
) -> None:
    """An empty source reads as None; it is live where its names are known all the same."""

    async def body() -> None:
        async with opened(make) as o:
            assert o.source.read_latest() is None
            assert o.source.read_next() is None
            is_known = o.producer.announces_names
            expected = SourceState.LIVE if is_known else SourceState.WAITING
            assert o.source.status().state is expected
            assert o.source.schema == (FactorSchema(NAMES) if is_known else None)
            assert o.counters() == (0, 0, 0, 0)

    in_a_loop(body)


def test_read_next_gives_each_record_once_in_order(make: Make) -> None:
    """Contiguous sequences, contents that follow from them, stamps that never go back."""

    async def body() -> None:
        async with opened(make) as o:
            for n in (1, 0, 3, 40):
                o.producer.publish(n)
                assert len(o.read_all()) == n
            o.producer.publish(2)
            first, second = o.source.read_next(), o.source.read_next()
            assert first is not None
            assert second is not None
            assert (first.sequence, second.sequence) == (45, 46)
            assert first.ts_event <= second.ts_event
            assert first.ts_event <= first.ts_init <= second.ts_init
            assert 0 < first.published_mono_ns <= time.monotonic_ns()
            assert o.counters() == (46, 0, 0, 0)

    in_a_loop(body)


def test_read_latest_conflates_and_counts(make: Make) -> None:
    """Fault D07: the newest record comes; those before it are counted, also when the two reads
    mix.
    """

    async def body() -> None:
        async with opened(make) as o:
            o.producer.publish(5)
            f = o.source.read_latest()
            assert f is not None
            assert f.sequence == 5
            assert is_whole(f)
            assert o.source.read_latest() is None
            o.producer.publish(4)
            assert o.counters() == (1, 4, 0, 4)
            f = o.source.read_next()
            assert f is not None
            assert f.sequence == 6
            f = o.source.read_latest()
            assert f is not None
            assert f.sequence == 9
            assert o.counters() == (3, 6, 0, 0)

    in_a_loop(body)


def test_a_slow_reader_learns_what_it_lost(make: Make) -> None:
    """Beyond the capacity the oldest records are lost and counted, never silently."""

    async def body() -> None:
        async with opened(make) as o:
            o.producer.publish(1000)
            seen = o.read_all()
            assert seen == [*range(seen[0], 1001)]
            assert CAPACITY - 1 <= len(seen) <= CAPACITY
            assert o.counters() == (len(seen), 0, 1000 - len(seen), 0)

    in_a_loop(body)


def test_batches_give_each_record_once_in_order(make: Make) -> None:
    """Full batches while there is enough, then the rest, then None; they mix with read_next."""

    async def body() -> None:
        async with opened(make) as o:
            assert o.source.read_batch(8) is None
            o.producer.publish(20)
            first = o.source.read_next()
            assert first is not None
            assert [len(b) for b in o.read_batches(8)] == [8, 8, 3]
            o.producer.publish(5)
            assert o.read_batches(1) == [[21], [22], [23], [24], [25]]
            o.producer.publish(3)
            assert o.source.read_latest() is not None
            assert o.source.read_batch(8) is None
            assert o.counters() == (26, 2, 0, 0)

    in_a_loop(body)


def test_a_batch_says_where_its_records_come_from(make: Make) -> None:
    """Schema, stream and event times are those of the single records; ts_init is the clock's."""

    async def body() -> None:
        async with opened(make) as o:
            o.producer.publish(1)
            single = o.source.read_next()
            o.producer.publish(2)
            before_ns = time.time_ns()
            batch = o.source.read_batch(8)
            assert single is not None
            assert batch is not None
            assert batch.schema == single.schema
            assert batch.stream_id == single.stream_id != 0
            assert single.ts_event <= batch.ts_event[0] <= batch.ts_event[1]
            assert before_ns <= batch.ts_init[0] <= batch.ts_init[1] <= time.time_ns()

    in_a_loop(body)


def test_a_slow_reader_of_batches_learns_what_it_lost(make: Make) -> None:
    """The newest records of the capacity come, the others are counted and never given."""

    async def body() -> None:
        async with opened(make) as o:
            assert o.source.capacity == CAPACITY
            o.producer.publish(1000)
            seen = [n for batch in o.read_batches(10) for n in batch]
            assert seen == [*range(seen[0], 1001)]
            assert CAPACITY - 1 <= len(seen) <= CAPACITY
            assert o.counters() == (len(seen), 0, 1000 - len(seen), 0)

    in_a_loop(body)


def test_a_sleeper_is_woken_once_and_only_when_it_asked(make: Make) -> None:
    """One wake for one sleep, however many records come; none for a source that is awake."""

    async def body() -> None:
        async with opened(make) as o:
            o.producer.publish(1)
            assert not o.source.sleep()
            o.read_all()
            assert o.source.sleep()
            o.producer.publish(3)
            await eventually_async(lambda: o.wakes, "the wake")
            o.producer.publish(3)
            rounds = iter(range(100))
            await eventually_async(lambda: next(rounds) == 99, "a hundred turns of the loop")
            assert o.wakes == 1
            assert not o.source.sleep()
            assert len(o.read_all()) == 6
            assert o.source.sleep()
            assert o.wakes == 1

    in_a_loop(body)


def test_no_wake_is_lost(make: Make) -> None:
    """Three hundred times: asleep, one record, awake; the record is there when it wakes."""

    async def body() -> None:
        async with opened(make) as o:
            for n in range(1, 301):
                assert o.source.sleep()
                o.producer.publish(1)
                await eventually_async(lambda: o.wakes == n, "the wake")  # noqa: B023
                assert o.read_all() == [n]

    in_a_loop(body)


def test_a_spinning_read_gives_the_record_or_nothing(make: Make) -> None:
    """None after its limit, and the record if there is one, for both ways to read."""

    async def body() -> None:
        async with opened(make) as o:
            assert o.source.read_latest(1000) is None
            assert o.source.read_next(1000) is None
            o.producer.publish(1)
            first = o.source.read_latest(1_000_000)
            assert first is not None
            o.producer.publish(1)
            second = o.source.read_next(1_000_000)
            assert second is not None
            assert second.sequence == first.sequence + 1
            assert o.source.read_next(1000) is None

    in_a_loop(body)


def test_close_can_be_called_again_and_ends_the_wakes(make: Make) -> None:
    """After close nothing is called back, and the counters can still be read."""

    async def body() -> None:
        async with opened(make) as o:
            o.producer.publish(2)
            o.read_all()
            assert o.source.sleep()
            o.source.close()
            o.source.close()
            o.producer.publish(1)
            await asyncio.sleep(0)
            assert o.wakes == 0
            assert o.source.status().delivered == 2

    in_a_loop(body)


def test_a_batch_ends_where_the_names_change() -> None:
    """No batch holds two schemas: the old file's records come first, by themselves."""

    async def body() -> None:
        path = new_region_path()
        source = ShmSource(path)
        try:
            with FactorWriter(path, NAMES, capacity=CAPACITY) as writer:
                source.open(lambda: None, time.time_ns)
                write_records(writer, 3)
                others = factor_names(2, first=7)
                writer.write(dict.fromkeys(others, 1.0))
                writer.write(dict.fromkeys(others, 2.0))
                first, second = source.read_batch(64), source.read_batch(64)
                assert first is not None
                assert second is not None
                assert (first.schema, first.sequence.tolist()) == (FactorSchema(NAMES), [1, 2, 3])
                assert second.schema == writer.schema != first.schema
                assert second.sequence.tolist() == [4, 5]
                assert second.stream_id == first.stream_id
                assert source.read_batch(64) is None
                status = source.status()
                assert (status.delivered, status.lost, status.pending) == (5, 0, 0)
        finally:
            source.close()
            remove_all_of(path)

    in_a_loop(body)


def test_a_shm_source_waits_for_its_producer() -> None:
    """Fault A04: no schema and the reason why, before the producer; then it attaches and wakes."""

    async def body() -> None:
        path = new_region_path()
        source, wakes = ShmSource(path), []
        source.open(lambda: wakes.append(1), time.time_ns)
        try:
            assert source.schema is None
            assert source.read_latest() is None
            assert source.read_next() is None
            assert source.read_batch(8) is None
            assert source.capacity == 0
            assert source.read_latest(1000) is None
            assert source.sleep()
            status = source.status()
            assert status[2:] == (0, 0, 0, 0)
            assert status.state is SourceState.WAITING
            assert "does not exist yet" in status.reason
            with FactorWriter(path, NAMES) as writer:
                write_records(writer, 3)
                await eventually_async(lambda: wakes, "the wake")
                assert source.schema == FactorSchema(NAMES)
                batch = source.read_batch(8)
                assert batch is not None
                assert all(is_whole(f) for f in batch.records())
                # Published since the source was opened: none is skipped.
                assert batch.sequence.tolist() == [1, 2, 3]
                assert source.status()[2:] == (3, 3, 0, 0)
        finally:
            source.close()
            remove_all_of(path)

    in_a_loop(body)


def test_held_records_are_given_again_without_moving_anything(make: Make) -> None:
    """In order, after a sequence, at most so many; what is read next stays what it was."""

    async def body() -> None:
        async with opened(make, published_before=1) as o:
            o.producer.publish(7)
            first = o.source.read_next()
            assert first is not None
            before = o.counters()
            handed_out = o.source.held_after(first.stream_id, 0, 1)
            assert handed_out is not None
            assert handed_out.sequence.tolist() == [first.sequence] == [1]
            held = o.source.held_after(first.stream_id, 2, 4)
            assert held is not None
            assert all(is_whole(f) for f in held.records())
            assert (held.sequence.tolist(), held.stream_id) == ([3, 4, 5, 6], first.stream_id)
            rest = o.source.held_after(first.stream_id, 6, 100)
            assert rest is not None
            assert rest.sequence.tolist() == [7, 8]
            assert o.source.held_after(first.stream_id, 8, 100) is None
            assert o.counters() == before
            assert o.read_all() == [2, 3, 4, 5, 6, 7, 8]

    in_a_loop(body)


def test_of_another_stream_all_that_is_held_is_given(make: Make) -> None:
    """Whoever knows an older stream gets this one from its oldest held record on."""

    async def body() -> None:
        async with opened(make, published_before=1) as o:
            o.producer.publish(CAPACITY + 10)
            first = o.source.read_next()
            assert first is not None
            held = o.source.held_after(first.stream_id ^ 1, 50, 1000)
            assert held is not None
            sequences = held.sequence.tolist()
            assert sequences == list(range(sequences[0], CAPACITY + 12))
            assert CAPACITY - 1 <= len(sequences) <= CAPACITY

    in_a_loop(body)
