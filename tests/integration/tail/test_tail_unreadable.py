"""A tail whose catalog cannot be read for a while, or has a recording that says not of what."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from adapters.catalog import FactorCatalog
from adapters.catalog.files import catalog_layout
from adapters.catalog.tailing import recording_looks
from adapters.shm import FactorReader, FactorWriter
from tests.support.catalogs.recorders import recorder
from tests.support.eventually import eventually, eventually_async
from tests.support.transports.regions import factor_names, remove_all_of, write_records
from tests.support.transports.tails import tailing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.transports.tails import Reading

NAMES = factor_names(3)
QUICK = ("--flush-s", "0.02")
RING = 16


def record(catalog: Path, region: Path, writer: FactorWriter, *, total: int) -> int:
    """Record so many records of a new producer, a few at a time; return its stream."""
    before = count_of(catalog) if (catalog / catalog_layout.DATA).exists() else 0
    with recorder(catalog, region, *QUICK):
        for published in range(10, total + 1, 10):
            write_records(writer, 10)
            eventually(partial(has, catalog, before + published), "ten more")
    with FactorReader(region) as reader:
        return reader.stream_id


def count_of(catalog: Path) -> int:
    """Return how many records a catalog holds."""
    return sum(len(b) for b in FactorCatalog(catalog).batches())


def has(catalog: Path, count: int) -> bool:
    """Return whether a catalog holds so many records."""
    return (catalog / catalog_layout.DATA).exists() and count_of(catalog) == count


def hide(catalog: Path) -> None:
    """Make a catalog one that cannot be read: its disk is not there, or is another one."""
    catalog.rename(catalog.with_name("hidden"))


def show(catalog: Path) -> None:
    """Make it readable again."""
    catalog.with_name("hidden").rename(catalog)


async def has_lost(reading: Reading, count: int) -> None:
    """Wait until a tail counts so many lost records."""

    def counted() -> bool:
        reading.read()
        return reading.source.status().lost == count

    await eventually_async(counted, f"{count} lost records")


def test_what_a_tail_skips_is_counted_once_the_catalog_can_be_read(
    tmp_path: Path, region_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault E09: the catalog cannot be read for longer than the wait. The tail goes on live and
    says why, and in the end counts what it has skipped, of the producer before this one too.
    """
    monkeypatch.setattr(recording_looks, "HOLE_WAIT_S", 0.2)
    catalog = tmp_path / "catalog"

    async def follow() -> None:
        async with tailing(f"{catalog}@begin", region_path) as reading:
            await reading.read_until((stream, 40))
            first = reading.given[0][1]
            assert first > 40 - RING
            assert reading.given == [(stream, n) for n in range(first, 41)]
            status = reading.source.status()
            assert "recording cannot be read" in status.reason
            write_records(writer, 10)
            await reading.read_until((stream, 50))
            show(catalog)
            await has_lost(reading, 20 + first - 1)
            assert "cannot be read" not in reading.source.status().reason
            write_records(writer, 10)
            await reading.read_until((stream, 60))
            assert reading.check_counts() == (60 - first + 1, 20 + first - 1, 0)

    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        record(catalog, region_path, writer, total=20)
    remove_all_of(region_path)
    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        stream = record(catalog, region_path, writer, total=40)
        hide(catalog)
        asyncio.run(follow())


def test_nothing_is_skipped_if_the_catalog_can_be_read_before_the_first_live_record(
    tmp_path: Path, region_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No producer runs: there is nothing to go on live with, and the tail looks again."""
    monkeypatch.setattr(recording_looks, "HOLE_WAIT_S", 0.2)
    catalog = tmp_path / "catalog"

    async def follow() -> None:
        async with tailing(f"{catalog}@begin", region_path) as reading:

            def is_live_without() -> bool:
                reading.read()
                return "cannot be read" in reading.source.status().reason and (
                    not reading.source.is_behind
                )

            await eventually_async(is_live_without, "the end of the wait")
            show(catalog)
            await reading.read_until((stream, 40))
            assert reading.given == [(stream, n) for n in range(1, 41)]
            assert reading.check_counts() == (40, 0, 0)

    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        stream = record(catalog, region_path, writer, total=40)
    remove_all_of(region_path)
    hide(catalog)
    asyncio.run(follow())


def test_folders_that_cannot_be_listed_are_not_taken_for_an_empty_catalog(
    tmp_path: Path, region_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that leads to itself stands for what the system refuses to list."""
    monkeypatch.setattr(recording_looks, "HOLE_WAIT_S", 0.2)
    homes = tmp_path / catalog_layout.RECORDINGS
    factors = tmp_path / catalog_layout.DATA / catalog_layout.FACTORS

    async def follow() -> None:
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until((stream, 40))
            assert "cannot be read" in reading.source.status().reason

    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        stream = record(tmp_path, region_path, writer, total=40)
        for folder in (homes, factors):
            hide(folder)
            folder.symlink_to(folder)
            asyncio.run(follow())
            folder.unlink()
            show(folder)


def test_a_recording_whose_start_is_damaged_is_told_by_name(
    tmp_path: Path, region_path: Path
) -> None:
    """A journal's first line says what was recorded. Without it a tail cannot know that the
    recording is its own, and names it for as long as it runs.
    """

    async def follow() -> None:
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until((stream, 40))
            assert reading.given[0][1] > 40 - RING
            write_records(writer, 1)
            await reading.read_until((stream, 41))
            assert f"recording {name} is left out" in reading.source.status().reason

    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        stream = record(tmp_path, region_path, writer, total=40)
        name = damage_start(tmp_path)
        asyncio.run(follow())


def test_a_start_that_is_damaged_later_hides_nothing(tmp_path: Path, region_path: Path) -> None:
    """The tail knew what was recorded, and goes back to it for what the ring has lost."""

    async def follow() -> None:
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until((stream, 40))
            for count in range(50, 101, 10):
                write_records(writer, 10)
                eventually(partial(has, tmp_path, count), "ten more")
            damage_start(tmp_path)
            await reading.read_until((stream, 100))
            assert reading.given == [(stream, n) for n in range(1, 101)]
            assert reading.check_counts() == (100, 0, 0)

    with FactorWriter(region_path, NAMES, capacity=RING) as writer:
        with FactorReader(region_path) as reader:
            stream = reader.stream_id
        with recorder(tmp_path, region_path, *QUICK):
            for count in range(10, 41, 10):
                write_records(writer, 10)
                eventually(partial(has, tmp_path, count), "ten more")
            asyncio.run(follow())


def damage_start(catalog: Path) -> str:
    """Change a byte in the first line of a catalog's one journal; return the recording's name."""
    [journal] = (catalog / catalog_layout.RECORDINGS).glob(f"*/{catalog_layout.JOURNAL}")
    with journal.open("r+b") as file:
        file.seek(20)
        file.write(b"\0")
    return journal.parent.name
