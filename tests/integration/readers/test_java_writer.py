"""The writer in Java: its lock, its files and its records, as Python sees them."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import time
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter, RegionMovedError, WriterLockedError
from adapters.shm.region.region_files import folder_of
from dolphin_strategies import FactorSchema
from tests.support.eventually import eventually
from tests.support.nodes.processes import child
from tests.support.transports.regions import (
    factor_names,
    is_whole,
    obey,
    poke,
    read_snapshot,
    values_now,
    values_of,
    write_records,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.java.producer import JavaProducer

NAMES: Final = factor_names(3)


def test_writers_in_java_and_python_exclude_each_other(
    region_path: Path, java: JavaProducer
) -> None:
    """Whoever comes second is told the pid of the first, whichever of the two it is."""
    with child(obey, region_path, NAMES) as python:
        python.line()
        said = java.ask("open", region_path, 4096, ",".join(NAMES))
        assert f"already has a writer (process {python.pid})" in said
        python.kill()
        assert java.open(region_path, NAMES) == 0
        with pytest.raises(WriterLockedError) as caught:
            FactorWriter(region_path, NAMES)
        assert caught.value.pid == java.pid
    assert java.ask("close", region_path) == "closed"
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)


def test_a_second_writer_of_the_same_jvm_is_refused_and_the_lock_stays(
    region_path: Path, java: JavaProducer
) -> None:
    """A POSIX lock would end when its process closed the file once more: it is not opened."""
    java.open(region_path, NAMES)
    said = java.ask("open", region_path, 4096, ",".join(NAMES))
    assert f"already has a writer (process {java.pid})" in said
    with pytest.raises(WriterLockedError):
        FactorWriter(region_path, NAMES)
    java.ask("close", region_path)


def test_the_files_are_private_and_closing_is_shown(region_path: Path, java: JavaProducer) -> None:
    """Mode 0600 and 0700, whole pages, the pid; then no writer, in a closed region."""
    java.open(region_path, NAMES)
    assert region_path.stat().st_mode & 0o777 == 0o600
    folder = folder_of(region_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()} == {
        "lock": 0o600,
        "waiters": 0o600,
    }
    assert (folder / "lock").read_text() == f"{java.pid}\n"
    # Allocated, or a full file system would raise SIGBUS at some later record.
    assert region_path.stat().st_blocks * 512 >= region_path.stat().st_size
    with FactorReader(region_path) as reader:
        assert reader.status().alive
        java.ask("close", region_path)
        status = reader.status()
        assert not status.alive
        assert status.has_closed


def test_records_and_snapshot_are_those_of_a_writer_in_python(
    region_path: Path, java: JavaProducer
) -> None:
    """Values bit by bit, times of this machine's clocks, NaN for an infinity, and the counters."""
    before_ns, before_mono_ns = time.time_ns(), time.monotonic_ns()
    java.open(region_path, NAMES)
    java.write(region_path, 3)
    with FactorReader(region_path) as reader:
        newest = values_now(reader)
        assert is_whole(newest)
        assert before_mono_ns <= newest.published_mono_ns <= time.monotonic_ns()
        assert before_ns - 2_000_000 <= newest.ts_event <= time.time_ns() + 2_000_000
        snapshot = read_snapshot(region_path)
        assert snapshot is not None
        assert [*snapshot[1].values()] == [*values_of(3, 3)]
        java.put(region_path, factor_0=float("inf"), factor_1=None, _hidden=1.0)
        assert np.isnan(values_now(reader).array).all()
    counters = java.ask("counters", region_path)
    for wanted in ("missingValues=2", "infiniteValues=1", "skippedNames=0", "filesMade=1"):
        assert wanted in counters
    java.ask("close", region_path)


def test_new_names_supersede_the_file_and_readers_follow(
    region_path: Path, java: JavaProducer
) -> None:
    """The old file is read to its end; the next goes on with its stream and its sequence."""
    java.open(region_path, NAMES)
    with FactorReader(region_path) as old:
        java.write(region_path, 5)
        assert java.put(region_path, factor_0=1.5, later=2.5) == 6
        old.position = 0
        got = []
        for _ in range(5):
            f = old.read_next()
            assert f is not None
            got.append(f.sequence)
        with pytest.raises(RegionMovedError):
            old.read_next()
        assert got == [1, 2, 3, 4, 5]
        with FactorReader(region_path) as new:
            assert new.schema == FactorSchema([*NAMES, "later"])
            assert (new.stream_id, new.first_sequence) == (old.stream_id, 6)
            assert values_now(new)["later"] == 2.5
    java.ask("close", region_path)


def test_a_sleeping_source_is_woken_by_the_first_record_of_the_next_file(
    region_path: Path, java: JavaProducer
) -> None:
    """It sleeps in the old file, whose state it had looked at."""
    java.open(region_path, NAMES)
    java.write(region_path, 1)
    with FactorReader(region_path) as reader:
        reader.read_latest()
        assert reader.sleep()
        java.put(region_path, later=1.0)
        with pytest.raises(RegionMovedError):
            reader.wait(20)
    java.ask("close", region_path)


def test_a_removed_file_and_folder_are_made_again(region_path: Path, java: JavaProducer) -> None:
    """The next heartbeat restores them, with the stream and its sequence."""
    java.open(region_path, NAMES)
    java.write(region_path, 7)
    with FactorReader(region_path) as reader:
        stream = reader.stream_id
    region_path.unlink()
    eventually(region_path.exists, "the file is made again")
    for entry in folder_of(region_path).iterdir():
        entry.unlink()
    folder_of(region_path).rmdir()
    eventually((folder_of(region_path) / "waiters").exists, "the folder is made again")
    assert java.write(region_path, 1) == 8
    with FactorReader(region_path) as reader:
        assert reader.stream_id == stream
        assert values_now(reader).sequence == 8
        assert reader.status().alive
    java.ask("close", region_path)


def test_a_removed_waiters_page_is_made_again(region_path: Path, java: JavaProducer) -> None:
    """The lock is kept, and readers find the new page through a new file."""
    java.open(region_path, NAMES)
    java.write(region_path, 7)
    with FactorReader(region_path) as old:
        page = folder_of(region_path) / "waiters"
        page.unlink()
        eventually(lambda: not old.is_current(), "a new file")
        assert page.stat().st_size == 4096
    with FactorReader(region_path) as reader:
        assert reader.read_latest() is None
        assert reader.sleep()
        assert java.write(region_path, 1) == 8
        assert reader.wait(20)
        assert reader.status().alive
    java.ask("close", region_path)


def test_a_truncated_file_is_made_again(region_path: Path, java: JavaProducer) -> None:
    """The next heartbeat sees it before it would touch it; the sequence goes on."""
    java.open(region_path, NAMES)
    java.write(region_path, 7)
    size = region_path.stat().st_size
    os.truncate(region_path, 0)
    eventually(lambda: region_path.stat().st_size == size, "the file is made again")
    assert java.write(region_path, 3) == 10
    with FactorReader(region_path) as reader:
        assert values_now(reader).sequence == 10
    assert java.popen.poll() is None
    java.ask("close", region_path)


def test_what_is_no_region_is_left_alone(region_path: Path, java: JavaProducer) -> None:
    """A file of somebody's, and a link, are refused and stay as they were."""
    region_path.write_text("a letter")
    region_path.chmod(0o600)
    said = java.ask("open", region_path, 4096, "a")
    assert said.startswith("error")
    assert "is not a usable region" in said
    assert region_path.read_text() == "a letter"
    assert not folder_of(region_path).exists()
    region_path.unlink()
    region_path.symlink_to("/dev/null")
    assert "found a symbolic link" in java.ask("open", region_path, 4096, "a")
    assert region_path.is_symlink()


def test_bad_names_and_capacities_are_told(region_path: Path, java: JavaProducer) -> None:
    """What was expected and what was found; nothing is made."""
    for capacity, names, said in (
        (3, "a", "expected a power of two of at least 2, found 3"),
        (64, "a,a", "expected each once, found 'a' twice"),
        (64, "1a", "found '1a'"),
        (1 << 24, "a", "a region has at most 268435456"),
    ):
        assert said in java.ask("open", region_path, capacity, names)
    assert not region_path.exists()
    assert not folder_of(region_path).exists()


@pytest.mark.long
def test_a_reader_that_never_empties_its_fifo_blocks_no_write(
    region_path: Path, java: JavaProducer
) -> None:
    """Its FIFO holds one page; it asks for more wake-ups than that and reads none of them."""
    java.open(region_path, NAMES)
    with FactorReader(region_path) as reader:
        assert reader.sleep()
        fcntl.fcntl(reader.fileno(), fcntl.F_SETPIPE_SZ, 4096)
        for _ in range(5000):
            poke(folder_of(region_path) / "waiters", 0, (1).to_bytes(8, "little"))
            java.write(region_path, 1)
        held = struct.unpack("i", fcntl.ioctl(reader.fileno(), termios.FIONREAD, bytes(4)))[0]
        assert 0 < held < 4096
        assert reader.wait(20)
    java.ask("close", region_path)
