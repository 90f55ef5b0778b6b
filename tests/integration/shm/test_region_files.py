"""What happens when the region's names change, or somebody meddles with its files."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.shm import (
    FactorReader,
    FactorWriter,
    RegionError,
    RegionMovedError,
    WriterLockedError,
)
from adapters.shm.region.region_files import folder_of
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from tests.support.eventually import eventually_async
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, is_whole, obey, write_records

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

NAMES: Final = factor_names(3)


@asynccontextmanager
async def following(path: Path) -> AsyncIterator[ShmSource]:
    """Open a source in the running loop."""
    source = ShmSource(path)
    source.open(lambda: None, time.time_ns)
    try:
        yield source
    finally:
        source.close()


def test_new_names_end_the_old_file_after_its_last_record(region_path: Path) -> None:
    """Fault A03: a reader gets every old record under the old names, then RegionMovedError for
    ever; the new file is at the path already, continues the stream, and has the new names.
    """
    with FactorWriter(region_path, ["a"], capacity=64) as writer, FactorReader(region_path) as old:
        for i in range(3):
            writer.write({"a": float(i)})
        writer.write({"a": 3.0, "b": 4.0})
        assert [f["a"] for f in (old.read_next(), old.read_next(), old.read_next()) if f] == [
            0.0, 1.0, 2.0,
        ]  # fmt: skip
        for read in (old.read_next, old.read_latest, lambda: old.spin(0), lambda: old.wait(1)):
            with pytest.raises(RegionMovedError, match="factor names changed"):
                read()
        assert not old.is_current()
        with FactorReader(region_path) as new:
            assert (new.schema.names, new.stream_id) == (("a", "b"), old.stream_id)
            assert new.first_sequence == 4
            f = new.read_next()
            assert f is not None
            assert dict(f) == {"a": 3.0, "b": 4.0}
            assert f.sequence == 4
            again, lost = new.since(0)
            assert ([f.sequence for f in again], lost) == ([4], 3)


@pytest.mark.parametrize(
    "names",
    [factor_names(4), factor_names(2), NAMES[::-1], factor_names(3, first=1), factor_names(600)],
    ids=["more", "fewer", "reordered", "renamed", "too many"],
)
def test_a_writer_that_returns_with_other_names_is_followed(
    region_path: Path, names: list[str]
) -> None:
    """Fault A03: sequence and accounting go on, and each value stands under the name it was
    written for.
    """
    names = names[:512]

    async def follow() -> None:
        async with following(region_path) as source:
            for run, written in enumerate((NAMES, names, NAMES)):
                end = 10 * run + 10
                with FactorWriter(region_path, written, capacity=64) as writer:
                    await eventually_async(lambda: source.schema, "attached")
                    for sequence in range(writer.published + 1, end + 1):
                        writer.write({n: sequence + int(n[7:]) / 1024 for n in written})
                    for sequence in range(10 * run + 1, end + 1):
                        f = await eventually_async(source.read_next, "a record")
                        assert f is not None
                        assert f.schema.names == tuple(written)
                        assert f.sequence == sequence
                        assert all(v == sequence + int(n[7:]) / 1024 for n, v in f.items())
                    status = source.status()
                    assert status.published == status.delivered == end

    asyncio.run(follow())


def test_records_in_a_file_that_a_source_never_saw_count_as_lost(region_path: Path) -> None:
    """Two name changes between two looks: what lay between is lost, exactly."""

    async def follow() -> None:
        with FactorWriter(region_path, ["a"], capacity=64) as writer:
            writer.write({"a": 1.0})
            async with following(region_path) as source:
                assert source.read_next() is not None
                writer.write({"a": 2.0})
                for names in (["a", "b"], ["a", "b", "c"]):
                    for _ in range(5):
                        writer.write(dict.fromkeys(names, 1.0))
                sequences = []
                while (f := source.read_next()) is not None:
                    sequences.append(f.sequence)
                assert sequences == [2, 8, 9, 10, 11, 12]
                status = source.status()
                assert (status.published, status.delivered, status.lost) == (12, 7, 5)

    asyncio.run(follow())


@pytest.mark.parametrize("size", [0, 4096, 8192])
def test_truncation_under_a_reader_is_an_error_and_not_a_crash(
    region_path: Path, size: int
) -> None:
    """Fault A09: a mapping without pages behind it gives RegionMovedError from every call."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        write_records(writer, 70)
        with FactorReader(region_path) as reader:
            assert reader.wait(0)
            os.truncate(region_path, size)
            calls: list[Callable[[], object]] = [
                reader.read_next,
                reader.read_latest,
                lambda: reader.latest_into(np.zeros(3)),
                lambda: reader.read_batch(64),
            ]
            for call in calls:
                with pytest.raises(RegionMovedError, match="truncated"):
                    call()
            if size < 8192:
                for call in (reader.status, lambda: reader.spin(0), lambda: reader.wait(0)):
                    with pytest.raises(RegionMovedError, match="truncated"):
                        call()
            assert not reader.is_current()


def test_a_batch_gives_what_a_truncation_has_left(region_path: Path) -> None:
    """Fault A09: records before the missing page come and are counted; then comes the error."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        write_records(writer, 40)
        with FactorReader(region_path) as reader:
            reader.position = 4
            os.truncate(region_path, 8192 + 4096)  # 32 records of 128 bytes are left
            batch = reader.read_batch(64)
            assert batch is not None
            assert batch.sequence.tolist() == [*range(5, 32)]
            assert all(is_whole(f) for f in batch.records())
            assert (reader.delivered, reader.position) == (27, 31)
            with pytest.raises(RegionMovedError, match="truncated"):
                reader.read_batch(64)


@pytest.mark.parametrize("how", ["write", "write_values", "heartbeat"])
@pytest.mark.parametrize("size", [0, 4096])
def test_truncation_under_a_writer_makes_a_new_file(
    region_path: Path, how: str, size: int
) -> None:
    """Fault A09: the record that met the bus error is published in the new file, counted once."""
    with FactorWriter(region_path, NAMES, capacity=64) as writer:
        write_records(writer, 5)
        os.truncate(region_path, size)
        if how == "write":
            writer.write({"factor_0": 6.0})
        elif how == "write_values":
            write_records(writer, 1)
        else:
            writer.heartbeat()
            write_records(writer, 1)
        assert writer.published == 6
        assert writer.counters["missing_values"] == (2 if how == "write" else 0)
        assert writer.counters["files_made"] == 2
        with FactorReader(region_path) as reader:
            assert (reader.first_sequence, reader.status().state) == (6, 1)
            f = reader.read_latest()
            assert f is not None
            assert f["factor_0"] == (6.0 if how == "write" else 6 * 512.0)


def truncate(path: Path) -> None:
    """Empty the file in place."""
    os.truncate(path, 0)


def remove(path: Path) -> None:
    """Remove the file."""
    path.unlink()


def remove_everything(path: Path) -> None:
    """Remove the file and the folder, as a clean-up of a user's shared memory does."""
    path.unlink()
    shutil.rmtree(folder_of(path))


def replace_by_a_copy(path: Path) -> None:
    """Put a copy over the file."""
    copy = path.with_name(f"{path.name}_copy")
    shutil.copy2(path, copy)
    copy.rename(path)


def replace_by_garbage(path: Path) -> None:
    """Put something else over the file."""
    other = path.with_name(f"{path.name}_other")
    other.write_bytes(b"garbage")
    other.chmod(0o600)
    other.rename(path)


def test_a_new_name_puts_a_removed_folder_back(region_path: Path) -> None:
    """Fault A15: a write that needs a new file does not wait for the next heartbeat."""
    with FactorWriter(region_path, ["a"], capacity=2) as writer:
        writer.write({"a": 1.0})
        remove_everything(region_path)
        writer.write({"a": 2.0, "b": 3.0})
        with FactorReader(region_path) as reader:
            latest = reader.latest()
        assert latest is not None
        assert (latest.sequence, dict(latest)) == (2, {"a": 2.0, "b": 3.0})
        with pytest.raises(WriterLockedError):
            FactorWriter(region_path, ["a"], capacity=2)
        writer.heartbeat()
        assert writer.counters["files_made"] == 2


@pytest.mark.parametrize(
    "meddle", [truncate, remove, remove_everything, replace_by_a_copy, replace_by_garbage]
)
def test_the_writer_puts_the_region_back_and_the_source_recovers(
    region_path: Path, meddle: Callable[[Path], None]
) -> None:
    """Fault A15: another process's heartbeats restore the path; the source goes on, nothing
    unaccounted.
    """

    async def follow() -> None:
        with child(obey, region_path, NAMES, 64) as writer:
            writer.line()
            async with following(region_path) as source:
                writer.ask(5)
                f = await eventually_async(source.read_latest, "a record")
                meddle(region_path)

                def is_back() -> bool:
                    published = int(writer.ask(1))
                    with suppress(RegionError), FactorReader(region_path) as reader:
                        return reader.status().published == published
                    return False

                await eventually_async(is_back, "the region is at its path again")
                published = int(writer.ask(1))
                while f is None or f.sequence < published:
                    f = await eventually_async(source.read_latest, "the newest record")
                assert is_whole(f)
                status = source.status()
                assert (status.published, status.pending) == (published, 0)
                await eventually_async(lambda: source.status().state is SourceState.LIVE, "live")

    asyncio.run(follow())


def test_a_writer_never_removes_what_is_not_its_own(region_path: Path) -> None:
    """Fault A14: a symlink put at the path while the writer runs is refused, and its target
    unharmed.
    """
    with FactorWriter(region_path, NAMES) as writer:
        victim = region_path.with_name(f"{region_path.name}_victim")
        victim.write_bytes(b"precious")
        try:
            region_path.unlink()
            region_path.symlink_to(victim)
            with pytest.raises(RegionError, match="refused"):
                writer.heartbeat()
            assert victim.read_bytes() == b"precious"
            region_path.unlink()
            writer.heartbeat()
            FactorReader(region_path).close()
        finally:
            victim.unlink()


def test_a_writer_whose_place_was_taken_is_told_so(region_path: Path) -> None:
    """Fault A06: after its folder was removed, another writer may start; the first one then hears
    of it.
    """
    with FactorWriter(region_path, NAMES) as first:
        remove_everything(region_path)
        with FactorWriter(region_path, NAMES) as second:
            with pytest.raises(WriterLockedError):
                first.heartbeat()
            write_records(second, 3)
            write_records(first, 1)
            with FactorReader(region_path) as reader:
                assert reader.status().published == 3
        first.heartbeat()
        write_records(first, 1)
        with FactorReader(region_path) as reader:
            assert reader.status().published == 2


def test_unlink_leaves_nothing_and_close_leaves_the_last_record(region_path: Path) -> None:
    """A closed region can still be read; an unlinked one is gone without a trace."""
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 3)
    with FactorReader(region_path) as reader:
        assert (reader.status().state, reader.status().alive) == (3, False)
        f = reader.read_latest()
        assert f is not None
        assert f.sequence == 3
    writer = FactorWriter(region_path, NAMES)
    writer.close(unlink=True)
    assert not list(region_path.parent.glob(f"{region_path.name}*"))


def test_closed_handles_raise_and_closing_again_is_harmless(region_path: Path) -> None:
    """Fault C10: every call after close is an error that says what to do; nothing crashes."""
    writer = FactorWriter(region_path, NAMES)
    write_records(writer, 1)
    reader = FactorReader(region_path)
    into = np.zeros(3)
    assert reader.latest_into(into) == 1
    for handle in (writer, reader, writer, reader):
        handle.close()
    calls: list[Callable[[], object]] = [
        lambda: writer.write({"factor_0": 1.0}),
        lambda: writer.write(dict.fromkeys(factor_names(9), 1.0)),
        lambda: writer.write_values(into),
        writer.heartbeat,
        lambda: writer.published,
        lambda: writer.counters,
        reader.read_latest,
        reader.read_next,
        reader.latest,
        lambda: reader.latest_into(into),
        lambda: reader.since(0),
        lambda: reader.spin(0),
        reader.sleep,
        reader.fileno,
        lambda: reader.wait(0),
        reader.status,
        reader.is_current,
    ]
    for call in calls:
        with pytest.raises(RegionError, match="is closed"):
            call()
    reader.drain()
    with FactorWriter(region_path, NAMES), FactorReader(region_path) as again:
        assert again.latest_into(into) == 1
