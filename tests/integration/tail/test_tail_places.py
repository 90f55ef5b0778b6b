"""Where a tail begins, and what it does about names, producers, gaps and a slow reader."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.journal import Journal, read_journal
from adapters.catalog.reading.recordings import list_recordings
from adapters.catalog.tailing.recorded import recorded_streams
from adapters.shm import FactorReader, FactorWriter
from dolphin_strategies import ConfigError
from live.node.settings.tail_option import read_tail
from tests.support.catalogs.recorders import recorder
from tests.support.eventually import eventually, eventually_async
from tests.support.transports.regions import factor_names, remove_all_of, write_records
from tests.support.transports.tails import tailing

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.catalog.reading.recordings import Recording

NAMES = factor_names(3)
QUICK = ("--flush-s", "0.02")


def recorded(catalog: Path) -> list[tuple[int, int]]:
    """Return the records of a catalog in its order."""
    batches = FactorCatalog(catalog).batches()
    return [(b.stream_id, n) for b in batches for n in b.sequence.tolist()]


def stream_of(region: Path) -> int:
    """Return the stream of a region."""
    with FactorReader(region) as reader:
        return reader.stream_id


def has(catalog: Path, records: list[tuple[int, int]]) -> bool:
    """Return whether a catalog holds exactly these records, in this order."""
    return recorded(catalog) == records


def has_count(catalog: Path, count: int) -> bool:
    """Return whether a catalog holds so many records."""
    return len(recorded(catalog)) == count


def has_last(catalog: Path, sequence: int) -> bool:
    """Return whether a catalog's last record has a sequence."""
    return [n for _, n in recorded(catalog)[-1:]] == [sequence]


def test_a_tail_begins_where_it_is_told_to(tmp_path: Path, region_path: Path) -> None:
    """The first record, a sequence, a stream's sequence, an instant between two records."""

    async def first_of(place: str) -> int:
        async with tailing(f"{tmp_path}@{place}", region_path) as reading:
            await reading.read_until((stream, 30))
            assert [n for _, n in reading.given] == [*range(reading.given[0][1], 31)]
            return reading.given[0][1]

    with FactorWriter(region_path, NAMES, capacity=16) as writer:
        stream = stream_of(region_path)
        with recorder(tmp_path, region_path, *QUICK):
            write_records(writer, 10)
            eventually(lambda: len(recorded(tmp_path)) == 10, "ten records")
            between_ns = time.time_ns()
            instant = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(between_ns // 10**9))}"
            instant += f".{between_ns % 10**9:09d}Z"
            for published in (20, 30):
                write_records(writer, 10)
                eventually(partial(has_count, tmp_path, published), "ten more")

        async def look() -> None:
            assert await first_of("begin") == 1
            assert await first_of("17") == 17
            assert await first_of(f"{stream:016x}:23") == 23
            assert await first_of(instant) == 11
            assert await first_of("newest") == 30

        asyncio.run(look())


def test_names_and_producers_that_change_are_followed(tmp_path: Path, region_path: Path) -> None:
    """Three producers with two schemas each, of which the last one runs on: all in one run."""

    async def follow() -> None:
        published: list[tuple[int, int]] = []
        with recorder(tmp_path, region_path, *QUICK):
            for _ in range(3):
                with FactorWriter(region_path, NAMES, capacity=16) as writer:
                    write_records(writer, 12)
                    stream = stream_of(region_path)
                    published += [(stream, n) for n in range(1, 13)]
                    await eventually_async(partial(has, tmp_path, published), "the names")
                    wider = factor_names(5)
                    writer.write({name: 512.0 * 13 + i for i, name in enumerate(wider)})
                    published.append((stream, 13))
                    await eventually_async(partial(has, tmp_path, published), "new names")
                remove_all_of(region_path)
        with FactorWriter(region_path, NAMES, capacity=16) as writer:
            write_records(writer, 5)
            stream = stream_of(region_path)
            async with tailing(f"{tmp_path}@begin", region_path) as reading:
                await reading.read_until((stream, 5))
                write_records(writer, 5)
                await reading.read_until((stream, 10))
                published += [(stream, n) for n in range(1, 11)]
                assert reading.given == published
                assert reading.check_counts() == (len(published), 0, 0)

    asyncio.run(follow())


def test_a_reader_slower_than_the_ring_goes_back_to_the_recording(
    tmp_path: Path, region_path: Path
) -> None:
    """Fault E09: live already, it is overtaken by many rings; the recorder has what was
    overwritten.
    """

    async def follow() -> None:
        with FactorWriter(region_path, NAMES, capacity=64) as writer:
            write_records(writer, 1)
            stream = stream_of(region_path)
            with recorder(tmp_path, region_path, *QUICK):
                await eventually_async(lambda: recorded(tmp_path), "the first record")
                async with tailing(f"{tmp_path}@newest", region_path) as reading:
                    await reading.read_until((stream, 1))
                    for n in range(1, 41):
                        write_records(writer, 25)
                        eventually(partial(has_count, tmp_path, 1 + 25 * n), "25 more")
                    await reading.read_until((stream, 1001))
                    assert reading.given == [(stream, n) for n in range(1, 1002)]
                    assert reading.check_counts() == (1001, 0, 0)

    asyncio.run(follow())


def test_a_recording_that_cannot_be_read_at_once_is_not_skipped(
    tmp_path: Path, region_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look fails, as without a descriptor: the next one finds where to begin."""
    looks: list[Path] = []

    def list_at_second_call(catalog: Path) -> tuple[list[Recording], list[tuple[Path, str]]]:
        looks.append(catalog)
        if len(looks) == 1:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return list_recordings(catalog)

    async def follow() -> None:
        async with tailing(f"{tmp_path}@begin", region_path) as reading:
            await reading.read_until((stream, 40))
            assert reading.given == [(stream, n) for n in range(1, 41)]
            assert reading.check_counts() == (40, 0, 0)

    with FactorWriter(region_path, NAMES, capacity=16) as writer:
        stream = stream_of(region_path)
        with recorder(tmp_path, region_path, *QUICK):
            for published in (10, 20, 30, 40):
                write_records(writer, 10)
                eventually(partial(has_count, tmp_path, published), "ten more")
        monkeypatch.setattr(recorded_streams, "list_recordings", list_at_second_call)
        asyncio.run(follow())
    assert len(looks) > 1


def test_what_was_overwritten_without_a_recorder_is_counted_as_lost(
    tmp_path: Path, region_path: Path
) -> None:
    """A gap between two recorders, and one after the second: both exact."""

    async def follow() -> None:
        with FactorWriter(region_path, NAMES, capacity=64) as writer:
            for total in (100, 300):
                write_records(writer, 100 if total == 100 else 200)
                with recorder(tmp_path, region_path, *QUICK):
                    eventually(partial(has_last, tmp_path, total), "the newest record")
            write_records(writer, 200)
            stream, known = stream_of(region_path), recorded(tmp_path)
            async with tailing(f"{tmp_path}@begin", region_path) as reading:
                await reading.read_until((stream, 500))
                reading.check_order()
                delivered, lost, unread = reading.check_counts()
                assert unread == 0
                assert delivered + lost == 500 - known[0][1] + 1
                assert set(known) <= set(reading.given)
                assert delivered - len(known) in {63, 64}

    asyncio.run(follow())


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("0", "begin with 1"),
        ("yesterday", "CATALOG@SEQUENCE"),
        ("2026-13-28T12:00:00Z", "CATALOG@INSTANT"),
        ("2190-01-01T00:00:00Z", "has passed"),
        ("12345:7", "CATALOG@STREAM"),
    ],
)
def test_a_place_that_is_none_is_refused(place: str, why: str) -> None:
    """What was expected and found, before anything starts."""
    with pytest.raises(ConfigError, match=why):
        read_tail(f"recordings@{place}")


def test_a_catalog_whose_name_has_an_at_sign_is_taken_whole(tmp_path: Path) -> None:
    """An existing folder comes first; a place can still follow."""
    folder = tmp_path / "factors@7"
    RecordingWriter(folder, source="x").close()
    assert read_tail(str(folder)).catalog == folder
    assert read_tail(f"{folder}@7").sequence == 7


def test_a_file_that_is_listed_and_never_there_ends_the_look(
    tmp_path: Path, region_path: Path
) -> None:
    """A link to a disk that is gone, in a recording whose journal has no sequences, as older ones:
    the look ends with an error that names the file, instead of listing for ever.
    """
    with FactorWriter(region_path, NAMES) as writer, recorder(tmp_path, region_path, *QUICK) as r:
        write_records(writer, 10)
        eventually(partial(has_count, tmp_path, 10), "ten records")
        assert r.end(signal.SIGTERM)[0] == 0
    [path] = (p for p in tmp_path.joinpath("data").rglob("*.parquet"))
    [journal] = tmp_path.joinpath("recordings").glob("*/journal.jsonl")
    events = read_journal(journal)
    journal.unlink()
    older = Journal(journal)
    for event in events:
        known = {k: v for k, v in event.items() if k not in {"first_sequence", "last_sequence"}}
        older.append(known.pop("event"), **known)
    older.close()
    path.unlink()
    path.symlink_to(tmp_path / "gone" / path.name)
    lister = recorded_streams.StreamLister(tmp_path, str(region_path), print)
    with pytest.raises(OSError, match="is listed and is not there, 20 times") as refused:
        lister.listing()
    assert path.name in str(refused.value)
