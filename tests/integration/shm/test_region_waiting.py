"""Sleeping readers: woken by another process, in any number, and harmless when killed."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import struct
import threading
import time
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.region.region_files import folder_of
from adapters.shm.source import ShmSource
from tests.support.eventually import eventually, eventually_async
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, obey, poke, write_records

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = factor_names(3)
ROUNDS: Final = 2000


def answer_each_record(ping: str, pong: str, rounds: int) -> None:
    """Sleep until a record comes in one region, then write one in the other."""
    with FactorWriter(pong, NAMES) as writer, FactorReader(ping) as reader:
        print("ready", flush=True)
        for sequence in range(1, rounds + 1):
            assert reader.wait(60)
            f = reader.read_next()
            assert f is not None
            assert f.sequence == sequence
            write_records(writer, 1)
        print("done", flush=True)


def test_no_wake_up_is_lost_between_two_processes(region_path: Path) -> None:
    """Fault C04: 2,000 times there and back, each side asleep until the other writes."""
    pong = region_path.with_name(f"{region_path.name}.pong")
    try:
        with (
            FactorWriter(region_path, NAMES) as writer,
            child(answer_each_record, region_path, pong, ROUNDS) as other,
        ):
            other.line()
            with FactorReader(pong) as reader:
                for sequence in range(1, ROUNDS + 1):
                    write_records(writer, 1)
                    assert reader.wait(60)
                    f = reader.read_next()
                    assert f is not None
                    assert f.sequence == sequence
                assert other.line() == "done"
            assert writer.counters["sent_wakeups"] > 0
    finally:
        FactorWriter(pong, NAMES).close(unlink=True)


def test_a_wake_up_that_a_killed_writer_did_not_send_is_made_up_for(region_path: Path) -> None:
    """Fault A01, C04: with its request taken back and no byte sent, a sleeper finds the record."""
    with (
        FactorWriter(region_path, NAMES) as writer,
        child(answer_each_record, region_path, region_path.with_suffix(".pong"), 1) as sleeper,
    ):
        sleeper.line()
        page = folder_of(region_path) / "waiters"
        eventually(lambda: any(page.read_bytes()[:8]), "the sleeper asks for a wake-up")
        poke(page, 0, bytes(8))
        write_records(writer, 1)
        assert writer.counters["sent_wakeups"] == 0
        # Without looking by itself it would sleep a minute.
        assert sleeper.line(timeout_s=40) == "done"
    FactorWriter(region_path.with_suffix(".pong"), NAMES).close(unlink=True)


def test_wait_ends_at_its_limit_and_returns_at_once_for_an_unread_record(
    region_path: Path,
) -> None:
    """Fault C05: no record: False. A record, or several, unread: True without sleeping."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        for limit_s in (0, 0.01, -1):
            start = time.monotonic()
            assert not reader.wait(limit_s)
            assert time.monotonic() - start >= limit_s
        write_records(writer, 2)
        assert reader.wait(0)
        assert reader.read_next() is not None
        assert reader.wait(60)
        assert reader.read_next() is not None
        assert not reader.wait(0)


def test_the_writer_sends_nothing_to_readers_that_do_not_sleep(region_path: Path) -> None:
    """One wake-up for one request, however many records follow."""
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        write_records(writer, 10)
        assert writer.counters["sent_wakeups"] == 0
        reader.read_latest()
        assert reader.sleep()
        write_records(writer, 10)
        assert writer.counters["sent_wakeups"] == 1
        assert not reader.sleep()
        write_records(writer, 1)
        assert writer.counters["sent_wakeups"] == 1


def test_a_writer_that_starts_wakes_the_sleeper_whose_byte_its_predecessor_did_not_send(
    region_path: Path,
) -> None:
    """Fault C04: a writer killed after it took the request back and before it sent the byte."""
    dead = FactorWriter(region_path, NAMES)
    write_records(dead, 1)
    with FactorReader(region_path) as reader:
        reader.read_latest()
        assert reader.sleep()
        page = folder_of(region_path) / "waiters"
        with page.open("r+b") as waiters:
            # Its last act. One sleeper: setting the word is as good as the atomic and.
            waiters.write(bytes(8))
        dead.abandon()
        with FactorWriter(region_path, NAMES) as writer:
            write_records(writer, 1)
            woken, _, _ = select.select([reader.fileno()], [], [], 10)
            assert woken
            assert reader.read_next() is not None


def test_64_readers_sleep_and_the_65th_is_told_what_to_do(region_path: Path) -> None:
    """Fault C07: all 64 wake; the next one gets a clear error, still reads, and takes a freed
    place.
    """
    with FactorWriter(region_path, NAMES) as writer:
        readers = [FactorReader(region_path) for _ in range(65)]
        try:
            assert all(r.sleep() for r in readers[:64])
            with pytest.raises(RegionError, match=r"all 64 places .* wait='spin'"):
                readers[64].sleep()
            write_records(writer, 1)
            assert writer.counters["sent_wakeups"] == 64
            assert all(r.wait(0) for r in readers[:64])
            assert all(r.read_latest() for r in readers)
            readers[10].close()
            assert readers[64].sleep()
            write_records(writer, 1)
            assert readers[64].wait(0)
        finally:
            for reader in readers:
                reader.close()
        assert {e.name for e in folder_of(region_path).iterdir()} == {"lock", "waiters"}


def test_a_source_without_a_place_still_finds_records(region_path: Path) -> None:
    """Fault C07: the 65th source looks every 100 ms instead of failing."""

    async def follow() -> None:
        with FactorWriter(region_path, NAMES) as writer:
            readers = [FactorReader(region_path) for _ in range(64)]
            for reader in readers:
                reader.fileno()
            woken = asyncio.Event()
            source = ShmSource(region_path)
            source.open(woken.set, time.time_ns)
            try:
                assert source.sleep()
                write_records(writer, 1)
                await eventually_async(woken.is_set, "the source looks by itself")
                assert source.read_latest() is not None
                write_records(writer, 1)
                assert not source.sleep()
            finally:
                source.close()
                for reader in readers:
                    reader.close()

    asyncio.run(follow())


def sleep_until_killed(path: str) -> None:
    """Be woken once, so that the writer holds the FIFO open, and then sleep for good."""
    reader = FactorReader(path)
    reader.read_latest()
    assert reader.sleep()
    print("asleep", flush=True)
    assert reader.wait(60)
    reader.read_latest()
    assert reader.sleep()
    print("asleep again", flush=True)
    time.sleep(60)


def write_with_default_sigpipe(path: str) -> None:
    """Do as obey does, but let SIGPIPE kill this process as the kernel's default is."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    obey(path, NAMES)


def test_a_reader_killed_in_its_sleep_harms_nobody(region_path: Path) -> None:
    """Fault C03: the writer survives the broken FIFO with SIGPIPE at its default, wakes the
    others, and the dead reader's place is taken by the next one.
    """
    with child(write_with_default_sigpipe, region_path) as writer:
        writer.line()
        with FactorReader(region_path) as other:
            other.fileno()
            for round_ in range(3):
                with child(sleep_until_killed, region_path) as sleeper:
                    assert sleeper.line() == "asleep"
                    assert writer.ask(1) == str(4 * round_ + 1)
                    assert sleeper.line() == "asleep again"
                    sleeper.kill()
                other.read_latest()
                assert other.sleep()
                assert writer.ask(3) == str(4 * round_ + 4)
                assert other.wait(60)
                assert {e.name for e in folder_of(region_path).glob("*.fifo")} == {
                    "0.fifo",
                    "1.fifo",
                }
            with FactorReader(region_path) as heir:
                heir.read_latest()
                assert heir.sleep()
                writer.ask(1)
                assert heir.wait(60)


def test_ctrl_c_gets_through_a_wait(region_path: Path) -> None:
    """Fault C09: SIGINT ends a long wait by KeyboardInterrupt; the reader can be used after."""
    # A shell lets its background jobs ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
            # To the thread that waits: the kernel may give a process's signal to another one.
            to = (threading.get_ident(), signal.SIGINT)
            timer = threading.Timer(0.1, signal.pthread_kill, to)
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                reader.wait(60)
            timer.join()
            write_records(writer, 1)
            assert reader.wait(60)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handled_signal_does_not_cut_a_wait_short(region_path: Path) -> None:
    """Fault C05: a storm of signals neither wakes the reader nor lengthens its limit for ever."""
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with FactorWriter(region_path, NAMES), FactorReader(region_path) as reader:
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            start = time.monotonic()
            assert not reader.wait(0.1)
            assert time.monotonic() - start >= 0.1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("content", [b"\xff" * 4096, b"\0" * 4096, struct.pack("<Q", 5) * 512])
def test_a_corrupt_waiters_page_harms_nobody(region_path: Path, content: bytes) -> None:
    """Fault C06: bits for sleepers that are not there, and generations out of thin air, change
    nothing.
    """
    with FactorWriter(region_path, NAMES) as writer, FactorReader(region_path) as reader:
        assert reader.sleep()
        fd = os.open(folder_of(region_path) / "waiters", os.O_WRONLY)
        os.pwrite(fd, content, 0)
        os.close(fd)
        write_records(writer, 3)
        assert [f.sequence for f in reader.since(0)[0]] == [1, 2, 3]
        assert reader.sleep()
        write_records(writer, 1)
        assert reader.wait(60)


def test_a_sleeper_in_an_old_file_is_woken_by_the_new_one(region_path: Path) -> None:
    """The places outlive a change of names."""
    with FactorWriter(region_path, ["a"]) as writer, FactorReader(region_path) as reader:
        assert reader.sleep()
        writer.write({"a": 1.0, "b": 2.0})
        assert os.read(reader.fileno(), 10)
        assert not reader.sleep()


def test_spin_sees_a_record_of_another_process(region_path: Path) -> None:
    """A spinning reader needs no place, and its limit holds."""
    with child(obey, region_path, NAMES) as writer:
        writer.line()
        with FactorReader(region_path) as reader:
            assert not reader.spin(1_000_000)
            writer.ask(1)
            assert eventually(lambda: reader.spin(1_000_000), "the record")
            assert not list(folder_of(region_path).glob("*.fifo"))
