"""The death of a writer in Java at any moment, and what its readers have of it."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter
from adapters.shm.source import ShmSource
from dolphin_strategies import FactorSchema, SourceState
from tests.support.eventually import eventually, eventually_async
from tests.support.java.producer import java_producer
from tests.support.java.project import require_project
from tests.support.lengths import counts
from tests.support.transports.regions import (
    FACTORS,
    factor_names,
    is_whole,
    read_snapshot,
    write_records,
)

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = factor_names(3)
CAPACITY: Final = 256


@pytest.fixture(autouse=True)
def _java() -> None:
    """Each test needs the built project."""
    require_project()


def test_readers_follow_a_writer_that_is_killed_and_comes_back_with_other_names(
    region_path: Path,
) -> None:
    """Java, killed; Java with another name; Python: one stream, nothing lost, nothing twice."""
    seen: list[int] = []
    with java_producer() as first:
        first.open(region_path, NAMES, CAPACITY)
        with FactorReader(region_path) as reader:
            first.write(region_path, 10)
            first.kill()
            assert not reader.status().alive
            reader.position = 0
            while (f := reader.read_next()) is not None:
                seen.append(f.sequence)
    with java_producer() as second:
        assert second.open(region_path, factor_names(4), CAPACITY) == 10
        second.write(region_path, 5)
        second.kill()
    with FactorWriter(region_path, factor_names(4), capacity=CAPACITY) as python:
        assert python.published == 15
        write_records(python, 5)
        with FactorReader(region_path) as reader:
            reader.position = reader.first_sequence - 1
            while (f := reader.read_next()) is not None:
                assert is_whole(f)
                seen.append(f.sequence)
            assert reader.lost == 0
    assert seen == list(range(1, 21))


def test_a_source_follows_a_writer_that_is_killed_and_restarted_with_other_names(
    region_path: Path,
) -> None:
    """The source lives through all of it: every record once, in order, and none is lost."""
    seen: list[int] = []
    wakes: list[int] = []

    async def follow(source: ShmSource, until: int) -> None:
        def read() -> bool:
            while (f := source.read_next()) is not None:
                assert is_whole(f)
                seen.append(f.sequence)
            return bool(seen) and seen[-1] == until

        await eventually_async(read, f"record {until}")

    async def body() -> None:
        source = ShmSource(region_path)
        source.open(lambda: wakes.append(1), time.time_ns)
        try:
            with java_producer() as first:
                first.open(region_path, NAMES, CAPACITY)
                first.write(region_path, 10)
                await follow(source, 10)
                assert source.sleep()
                first.write(region_path, 1)
                await follow(source, 11)
                first.kill()
                await eventually_async(
                    lambda: source.status().state is SourceState.STALE, "the writer's death"
                )
            with java_producer() as second:
                second.open(region_path, NAMES, CAPACITY)
                second.write(region_path, 4)
                await follow(source, 15)
                await eventually_async(
                    lambda: source.status().state is SourceState.LIVE, "the next writer"
                )
                second.kill()
            with java_producer() as third:
                third.open(region_path, factor_names(5), CAPACITY)
                third.write(region_path, 5)
                await follow(source, 20)
                assert source.schema == FactorSchema(factor_names(5))
                status = source.status()
                assert (status.delivered, status.lost, status.conflated) == (20, 0, 0)
        finally:
            source.close()

    asyncio.run(body())
    assert seen == list(range(1, 21))
    assert wakes


def has_passed(reader: FactorReader) -> bool:
    """Return whether more was published than a reader's position."""
    return reader.status().published > reader.position


@counts("kills", 2, long=100)
def test_a_writer_killed_anywhere_leaves_every_committed_record(
    region_path: Path, kills: int
) -> None:
    """After each kill the ring holds its newest records, whole, and the next writer goes on."""
    published = 0
    for kill in range(kills):
        with java_producer() as producer:
            assert producer.open(region_path, factor_names(), CAPACITY) == published
            began = int(producer.ask("flood", region_path))
            with FactorReader(region_path) as reader:
                reader.position = began + CAPACITY + 97 * kill
                eventually(partial(has_passed, reader), "records")
            producer.kill()
        with FactorReader(region_path) as reader:
            status = reader.status()
            assert not status.alive
            assert status.published > published
            published = status.published
            newest = reader.read_latest()
            kept, lost = reader.since(published - CAPACITY + 1)
        assert newest is not None
        assert newest.sequence == published
        assert is_whole(newest)
        assert lost == 0
        assert [f.sequence for f in kept] == [*range(published - CAPACITY + 2, published + 1)]
        assert all(is_whole(f) for f in kept)
        snapshot = read_snapshot(region_path)
        if snapshot is not None:
            shown = np.array([*snapshot[1].values()])
            assert np.ptp(shown - np.arange(FACTORS)) == 0
