"""What a source counts when files are destroyed, replaced and brought back."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.shm import FactorReader, FactorWriter
from adapters.shm.source import ShmSource
from adapters.shm.stream_counts import StreamCounts
from tests.support.eventually import eventually_async
from tests.support.transports.regions import new_region_path, remove_all_of, write_records

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from adapters.shm.reading.attachment import WriterStatus
    from dolphin_strategies import SourceStatus


@asynccontextmanager
async def following(
    path: Path, resume_after: Mapping[int, int] | None = None
) -> AsyncIterator[ShmSource]:
    """Open a source in the running loop."""
    source = ShmSource(path, resume_after=resume_after)
    source.open(lambda: None, time.time_ns)
    try:
        yield source
    finally:
        source.close()


def read_all(source: ShmSource) -> list[int]:
    """Read until there is nothing; return the sequences."""
    found = []
    while (f := source.read_next()) is not None:
        found.append(f.sequence)
    return found


def counts_of(status: SourceStatus) -> tuple[int, int, int, int]:
    """Return what was published, delivered, lost and is pending."""
    return status.published, status.delivered, status.lost, status.pending


async def next_one(source: ShmSource) -> int:
    """Wait for a record; return its sequence."""
    f = await eventually_async(source.read_next, "a record")
    assert f is not None
    return f.sequence


@pytest.mark.parametrize("size", [0, 4200])
@pytest.mark.parametrize("is_killed", [True, False])
def test_records_of_a_truncated_file_are_lost_and_not_forgotten(
    region_path: Path, size: int, *, is_killed: bool
) -> None:
    """Fault A09: what was announced and not read stays published, and becomes lost, once: also if
    the writer died with the file, so that no later file says how far it had come.
    """

    async def follow() -> None:
        writer = FactorWriter(region_path, ["a"])
        write_records(writer, 3)
        async with following(region_path) as source:
            assert read_all(source) == [3]
            write_records(writer, 5)
            assert counts_of(source.status()) == (6, 1, 0, 5)
            os.truncate(region_path, size)
            assert source.status().published == 6
            assert source.read_next() is None
            assert source.status().published == 6
            if is_killed:
                writer.abandon()
                writer = FactorWriter(region_path, ["a"])
                write_records(writer, 1)
            else:
                writer.heartbeat()
                write_records(writer, 1)
            assert await next_one(source) == (1 if is_killed else 9)
            assert counts_of(source.status()) == (7, 2, 5, 0)
        writer.close()

    asyncio.run(follow())


def test_a_truncated_file_that_was_never_read_still_counts_its_record(region_path: Path) -> None:
    """Fault A09: the file shows no record any more, and the source not fewer than before."""

    async def follow() -> None:
        with FactorWriter(region_path, ["a"], capacity=2) as writer:
            write_records(writer, 1)
            async with following(region_path) as source:
                before = counts_of(source.status())
                assert before == (1, 0, 0, 1)
                os.truncate(region_path, 4200)
                assert counts_of(source.status()) == before

    asyncio.run(follow())


@pytest.mark.parametrize("is_resumed", [True, False])
def test_a_stream_that_comes_back_is_continued(region_path: Path, *, is_resumed: bool) -> None:
    """Fault A15: another region lies at the path for a while. What its own producer published
    meanwhile is counted as lost, and nothing that was handed out comes again.
    """
    other = new_region_path()

    async def follow() -> None:
        writer = FactorWriter(region_path, ["a"])
        write_records(writer, 10)
        with FactorReader(region_path) as reader:
            resume = {reader.stream_id: 4} if is_resumed else None
        async with following(region_path, resume) as source:
            read = read_all(source)
            assert read == ([5, 6, 7, 8, 9, 10] if is_resumed else [10])
            with FactorWriter(other, ["a"]) as foreign:
                write_records(foreign, 2)
            other.rename(region_path)
            assert await next_one(source) == 1
            assert read_all(source) == [2]
            write_records(writer, 3)
            writer.heartbeat()
            write_records(writer, 1)
            assert await next_one(source) == 14
            n = len(read) + 3
            assert counts_of(source.status()) == (n + 3, n, 3, 0)
        writer.close()

    try:
        asyncio.run(follow())
    finally:
        remove_all_of(other)


def test_the_same_file_brought_back_gives_nothing_twice(region_path: Path) -> None:
    """Fault E06: a recorder's source that resumes, and then sees its file leave and return."""
    other, aside = new_region_path(), new_region_path()

    async def follow() -> None:
        with FactorWriter(region_path, ["a"]) as writer:
            write_records(writer, 10)
        with FactorReader(region_path) as reader:
            resume = {reader.stream_id: 4}
        async with following(region_path, resume) as source:
            assert read_all(source) == [5, 6, 7, 8, 9, 10]
            with FactorWriter(other, ["a"]) as foreign:
                write_records(foreign, 1)
            os.replace(region_path, aside)  # noqa: PTH105 - at once
            other.rename(region_path)
            assert await next_one(source) == 1
            aside.rename(region_path)
            with FactorWriter(region_path, ["a"]) as writer:
                write_records(writer, 1)
                assert await next_one(source) == 11
            assert counts_of(source.status()) == (8, 8, 0, 0)

    try:
        asyncio.run(follow())
    finally:
        remove_all_of(other)
        remove_all_of(aside)


def test_an_old_copy_at_the_path_changes_no_count(region_path: Path) -> None:
    """Fault A15: the producer replaces it with its next heartbeat, and all is as if it had never
    been there.
    """
    copy = new_region_path()

    async def follow() -> None:
        with FactorWriter(region_path, ["a"]) as writer:
            write_records(writer, 2)
            shutil.copy2(region_path, copy)
            async with following(region_path) as source:
                write_records(writer, 3)
                assert read_all(source) == [2, 3, 4, 5]
                copy.rename(region_path)
                await eventually_async(
                    lambda: source._reader and source._reader.status().published == 2, "the copy"
                )
                writer.heartbeat()
                write_records(writer, 1)
                assert await next_one(source) == 6
                assert counts_of(source.status()) == (5, 5, 0, 0)

    try:
        asyncio.run(follow())
    finally:
        remove_all_of(copy)


@pytest.mark.parametrize("is_gone", [True, False])
def test_records_written_while_a_file_is_left_are_in_all_counts_or_in_none(
    region_path: Path, *, is_gone: bool
) -> None:
    """A producer that is ended last writes on while the reader leaves its file."""
    with FactorWriter(region_path, ["a"]) as writer:
        write_records(writer, 1)

        class Overtaken(FactorReader):
            """A reader whose writer goes on after each look at it."""

            def status(self) -> WriterStatus:
                found = super().status()
                write_records(writer, 1)
                return found

        counts = StreamCounts({})
        with Overtaken(region_path) as reader:
            counts.begin(reader, 1, was_missing=True)
            assert reader.read_next() is not None
            counts.end(reader, is_gone=is_gone)
        published, delivered, conflated, lost = counts.with_reader(None)
        assert published == delivered + conflated + lost
        assert delivered == 1
