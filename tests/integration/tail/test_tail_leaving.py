"""What a tail counts when its reader leaves, and what it finds between two files of the ring."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Final

from adapters.catalog import RecordingWriter
from adapters.shm import FactorReader, FactorWriter
from tests.support.eventually import eventually_async
from tests.support.transports.regions import factor_names, write_records
from tests.support.transports.tails import tailing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.transports.tails import Reading

NAMES: Final = factor_names(3)
RING: Final = 16
RECORDED: Final = 3
PUBLISHED: Final = 43


def published(region: Path, n: int) -> list[tuple[int, int]]:
    """Publish from a new producer that ends at once, and return its records."""
    region.unlink(missing_ok=True)
    with closing(FactorWriter(region, NAMES, capacity=RING)) as writer:
        write_records(writer, n)
    with FactorReader(region) as reader:
        return [(reader.stream_id, i) for i in range(1, n + 1)]


def record_ring(catalog: Path, region: Path) -> int:
    """Record what the ring holds, end the recording, and return the stream."""
    with (
        RecordingWriter(catalog, source=str(region.absolute())) as recording,
        FactorReader(region) as reader,
    ):
        reader.position = 0
        batch = reader.read_batch(RING)
        assert batch is not None
        recording.write_factors(batch)
        return batch.stream_id


async def is_known(reading: Reading) -> None:
    """Look at the counters, and read nothing, until the recording was looked into."""
    source = reading.source
    await eventually_async(lambda: source.status() and not source.is_behind, "the look")


def test_a_loss_in_front_of_a_record_not_read_is_counted_by_the_next_reader_only(
    tmp_path: Path, region_path: Path
) -> None:
    """Fault E09: the first reader learns of the loss from its status, and leaves before the record
    after it; the second one begins after what was given, and counts the loss.
    """

    async def follow() -> None:
        with FactorWriter(region_path, NAMES, capacity=RING) as writer:
            write_records(writer, RECORDED)
            stream = record_ring(tmp_path, region_path)
            write_records(writer, PUBLISHED - RECORDED)
            async with tailing(f"{tmp_path}@begin", region_path) as first:
                await first.read_until((stream, RECORDED))
                await is_known(first)
                assert first.check_counts() == (RECORDED, 0, PUBLISHED - RECORDED)
            place = f"{tmp_path}@{stream:016x}:{RECORDED + 1}"
            async with tailing(place, region_path) as second:
                await second.read_until((stream, PUBLISHED))
                delivered, lost, unread = second.check_counts()
                assert unread == 0
                assert RECORDED + delivered + lost == PUBLISHED
                assert delivered in {RING - 1, RING}

    asyncio.run(follow())


def test_a_loss_is_counted_with_the_record_after_it(tmp_path: Path, region_path: Path) -> None:
    """However often the counters are looked at before it is read, in a batch or by itself."""

    async def follow(*, is_batch: bool) -> None:
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until((stream, RECORDED))
            for _ in range(3):
                await is_known(reading)
                assert reading.check_counts() == (RECORDED, 0, PUBLISHED - RECORDED)
            if is_batch:
                reading.read_batches(RING)
            else:
                reading.read(1)
                delivered, lost, unread = reading.check_counts()
                assert delivered == RECORDED + 1
                assert lost == PUBLISHED - delivered - unread > 0
                reading.read()
            delivered, lost, unread = reading.check_counts()
            assert (delivered + lost, unread) == (PUBLISHED, 0)

    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        write_records(writer, RECORDED)
        stream = record_ring(tmp_path, region_path)
        write_records(writer, PUBLISHED - RECORDED)
        asyncio.run(follow(is_batch=False))
        asyncio.run(follow(is_batch=True))


def test_a_recorded_producer_after_one_that_nobody_recorded_is_found(
    tmp_path: Path, region_path: Path
) -> None:
    """The tail reads a producer live that no recorder saw, then one comes and goes so quickly
    that the tail never opens its region: it is given from the recording, before the next one.
    """

    async def follow() -> None:
        everything = published(region_path, 2)
        record_ring(tmp_path, region_path)
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until(everything[-1])
            everything += published(region_path, 3)
            await reading.read_until(everything[-1])
            # The loop does not run in between.
            everything += published(region_path, 4)
            record_ring(tmp_path, region_path)
            everything += published(region_path, 5)
            await reading.read_until(everything[-1])
            assert reading.given == everything
            assert reading.check_counts() == (len(everything), 0, 0)

    asyncio.run(follow())


def test_a_producer_that_nobody_recorded_comes_before_a_recorded_later_one(
    tmp_path: Path, region_path: Path
) -> None:
    """Its region is open, not read yet, as the next one is recorded: its records come first."""

    async def follow() -> None:
        everything = published(region_path, 2)
        record_ring(tmp_path, region_path)
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until(everything[-1])
            everything += published(region_path, 3)
            await eventually_async(lambda: reading.source.status().pending == 3, "its region")
            everything += published(region_path, 4)
            record_ring(tmp_path, region_path)
            await reading.read_until(everything[-1])
            assert reading.given == everything
            assert reading.check_counts() == (len(everything), 0, 0)

    asyncio.run(follow())
