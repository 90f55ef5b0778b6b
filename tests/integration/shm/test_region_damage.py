"""Damage to a live region's files: survived, told, and mended by the writer."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError, WriterLockedError
from adapters.shm.region.region_files import folder_of
from adapters.shm.region.region_layout import RegionLayout
from adapters.shm.source import ShmSource
from dolphin_strategies.factors.schema import FactorSchema
from dolphin_strategies.factors.source import SourceState
from tests.support.eventually import TIMEOUT_S, eventually_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

NAMES: Final = ["basis", "spread"]
CONTROL: Final = 4096
STATE_PID: Final = CONTROL + 144
PUBLISHED: Final = CONTROL + 192


def poke(path: Path, offset: int, value: int) -> None:
    """Overwrite eight bytes of a file."""
    fd = os.open(path, os.O_RDWR)
    os.pwrite(fd, struct.pack("<Q", value), offset)
    os.close(fd)


def in_a_loop(body: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a coroutine function with a limit."""
    asyncio.run(asyncio.wait_for(body(), TIMEOUT_S))


def test_a_truncated_waiters_page_costs_no_record(region_path: Path) -> None:
    """Writes succeed once each, a sleeper gets an error and not a busy loop, heartbeat mends."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPIPE})
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        writer.write({"basis": 1.0, "spread": 1.0})
        assert reader.read_latest() is not None
        assert not reader.wait(0)
        os.truncate(folder_of(region_path) / "waiters", 0)
        for value in (2.0, 3.0):
            writer.write({"basis": value, "spread": 1.0})
        assert writer.published == 3
        assert writer.counters["files_made"] == 1
        assert signal.SIGPIPE not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
        with pytest.raises(RegionError, match="truncated"):
            reader.wait(60)
        writer.heartbeat()
        assert reader.wait(60)
        latest = reader.read_latest()
        assert latest is not None
        assert latest["basis"] == 3.0


def test_a_removed_waiters_page_is_made_again(region_path: Path) -> None:
    """The writer keeps its lock; a new file brings readers and their wake-ups to the new page."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as old:
        writer.write({"basis": 1.0, "spread": 1.0})
        assert old.read_latest() is not None
        (folder_of(region_path) / "waiters").unlink()
        writer.heartbeat()
        assert not old.is_current()
        writer.heartbeat()
        assert writer.counters["files_made"] == 2
        with FactorReader(region_path) as reader:
            assert reader.read_latest() is None
            assert reader.sleep()
            writer.write({"basis": 2.0, "spread": 1.0})
            assert writer.counters["sent_wakeups"] == 1
            assert reader.wait(60)
            with pytest.raises(WriterLockedError):
                FactorWriter(region_path, NAMES)


def test_new_names_come_where_the_waiters_page_was_removed(region_path: Path) -> None:
    """A write that needs a new file succeeds; the next heartbeat makes the page again."""
    with FactorWriter(region_path, NAMES) as writer:
        (folder_of(region_path) / "waiters").unlink()
        writer.write({"basis": 1.0, "spread": 1.0, "skew": 2.0})
        writer.heartbeat()
        assert (folder_of(region_path) / "waiters").stat().st_size == 4096
        with FactorReader(region_path) as reader:
            assert list(reader.schema) == [*NAMES, "skew"]


def test_a_source_outlives_a_truncated_waiters_page(region_path: Path) -> None:
    """It finds records by its own look, without a busy loop, and then is woken again."""

    async def body() -> None:
        wakes: list[int] = []
        with FactorWriter(region_path, NAMES) as writer:
            source = ShmSource(region_path)
            source.open(lambda: wakes.append(1), time.time_ns)
            os.truncate(folder_of(region_path) / "waiters", 0)
            assert source.sleep()
            writer.write({"basis": 1.0, "spread": 1.0})
            await eventually_async(lambda: wakes, "a wake")
            assert source.read_latest() is not None
            writer.heartbeat()
            assert source.sleep()
            writer.write({"basis": 2.0, "spread": 1.0})
            await eventually_async(lambda: len(wakes) == 2, "another wake")
            source.close()

    in_a_loop(body)


def test_a_waiters_page_of_ones_is_no_error(region_path: Path) -> None:
    """Fault C06: generations wrap, flags of nobody are taken back."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        (folder_of(region_path) / "waiters").write_bytes(b"\xff" * 4096)
        assert not reader.wait(0)
        writer.write({"basis": 1.0, "spread": 1.0})
        assert reader.wait(60)


def test_a_damaged_pid_does_not_matter(region_path: Path) -> None:
    """The source reads on; the lock tells whether the producer lives."""

    async def body() -> None:
        with FactorWriter(region_path, NAMES) as writer:
            writer.write({"basis": 1.0, "spread": 1.0})
            poke(region_path, STATE_PID, 2**40)
            source = ShmSource(region_path)
            source.open(lambda: None, time.time_ns)
            assert source.read_latest() is not None
            assert source.status().state is SourceState.LIVE
            source.close()

    in_a_loop(body)


def test_one_wrong_count_is_forgotten_with_the_next_record(region_path: Path) -> None:
    """Nothing is counted as lost that was not, and reading goes on."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        for value in (1.0, 2.0):
            writer.write({"basis": value, "spread": 1.0})
        assert reader.read_next() is not None
        poke(region_path, PUBLISHED, 2**40)
        with pytest.raises(RegionError, match="contradicts itself"):
            reader.read_next()
        writer.write({"basis": 3.0, "spread": 1.0})
        records = [reader.read_next(), reader.read_next()]
        assert [f and f["basis"] for f in records] == [2.0, 3.0]
        assert reader.lost == 0


def test_there_is_no_record_after_the_last_number(region_path: Path) -> None:
    """Fault A19: at 2**64 - 1 a reader is at the end, and does not hand out an empty slot as 0."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        writer.write({"basis": 1.0, "spread": 1.0})
        poke(region_path, PUBLISHED, 2**64 - 1)
        reader.position = 2**64 - 1
        assert reader.read_next() is None
        assert reader.read_latest() is None
        assert not reader.spin(0)
        assert (reader.position, reader.delivered) == (2**64 - 1, 0)


def test_new_names_do_not_cut_off_a_backlog(region_path: Path) -> None:
    """Records unread in the old file come before those of the new one, none lost."""

    async def body() -> None:
        with FactorWriter(region_path, NAMES) as writer:
            source = ShmSource(region_path)
            source.open(lambda: None, time.time_ns)
            for value in range(5):
                writer.write({"basis": float(value), "spread": 1.0})
            writer.write({"basis": 5.0, "spread": 1.0, "funding": 0.1})
            await asyncio.sleep(0.25)
            seen = []
            while (f := source.read_next()) is not None:
                seen.append((f["basis"], len(f)))
            assert seen == [(0, 2), (1, 2), (2, 2), (3, 2), (4, 2), (5, 3)]
            assert source.status().lost == 0
            source.close()

    in_a_loop(body)


def test_a_collected_reader_gives_its_place_and_descriptors_back(region_path: Path) -> None:
    """Fault C10: forgetting to close leaks nothing."""
    with FactorWriter(region_path, NAMES):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            FactorReader(region_path).wait(0)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("timeout", [1e9, float("inf")])
def test_a_huge_limit_is_no_error(region_path: Path, timeout: float) -> None:
    """Fault C05: the wait ends with the record that is there."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        writer.write({"basis": 1.0, "spread": 1.0})
        assert reader.wait(timeout)
        assert reader.spin(10**15)


def test_a_damaged_stamp_is_delivered_and_is_no_instant_before_all_others(
    region_path: Path,
) -> None:
    """Fault A11: a monotonic stamp below 0 is 0, "unknown"; an event time is read as unsigned."""
    layout = RegionLayout.of(FactorSchema(NAMES), 8)
    with (
        FactorWriter(region_path, NAMES, capacity=8) as writer,
        FactorReader(region_path) as reader,
    ):
        writer.write({"basis": 1.0, "spread": 1.0})
        poke(region_path, layout.slot_offset(1) + 8, 2**63 + 5)
        poke(region_path, layout.slot_offset(1) + 24, 2**63 + 5)
        record = reader.read_next()
    assert record is not None
    assert record.published_mono_ns == 0
    assert record.ts_event == 2**63 + 5


@pytest.mark.parametrize("spin_ns", [2**70, -(2**70), "1", None, 1.5])
def test_a_limit_that_is_no_number_reads_nothing(region_path: Path, spin_ns: Any) -> None:
    """The record is still there for the next call."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        writer.write({"basis": 1.0, "spread": 1.0})
        for read in (reader.read_latest, reader.read_next):
            with pytest.raises((TypeError, OverflowError)):
                read(spin_ns)
        assert reader.delivered == 0
        assert reader.read_next() is not None


def test_writing_and_reading_keep_no_memory(region_path: Path) -> None:
    """Fault C10: a record a microsecond, for months: not one object stays behind."""
    rounds = 2_000
    values = np.ones(2)
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:

        def work() -> None:
            for i in range(rounds):
                # Numbers that Python has not made yet, and texts that it does not share.
                writer.write({"basis": i + 0.5, "spread": 10**12 + i, f"_{i}": None}, 10**18 + i)
                assert reader.read_next(1) is not None
                assert reader.read_latest(1) is None
                assert reader.read_next() is None
                writer.write_values(values)
                assert reader.read_latest() is not None
                writer.write({"basis": 1, "spread": None})
                assert reader.latest_into(values)
                assert not reader.latest_into(values)

        work()
        before = sys.getallocatedblocks()
        work()
        assert sys.getallocatedblocks() - before < rounds / 2
