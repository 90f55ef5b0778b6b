"""What happens when the writer is killed, stopped, forked, or started twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter, RegionError, WriterLockedError
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from tests.support.eventually import eventually, eventually_async
from tests.support.lengths import counts
from tests.support.nodes.processes import child
from tests.support.transports.regions import (
    FACTORS,
    factor_names,
    is_whole,
    obey,
    read_snapshot,
    values_of,
    write_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CAPACITY: Final = 256
LONGEST_LIFE_S: Final = 0.03


def write_until_killed(path: str, seed: int) -> None:
    """For each line on stdin, fork a writer that writes flat out, and kill it at some moment:
    after its first record if the line says "writing", else also while it opens the region.
    """
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    print("ready", flush=True)
    for line in sys.stdin:
        first_record, has_written = os.pipe()
        pid = os.fork()
        if pid == 0:
            writer = FactorWriter(path, factor_names(), capacity=CAPACITY)
            write_records(writer, 1)
            os.write(has_written, b"1")
            values = values_of(writer.published)
            while True:
                values += 512.0
                writer.write_values(values)
        if line == "writing\n":
            os.read(first_record, 1)
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(first_record)
        os.close(has_written)
        print("killed", flush=True)


@pytest.mark.timeout(1200)
@counts("kills", 12, long=1000)
def test_a_writer_killed_anywhere_leaves_every_committed_record(
    region_path: Path, kills: int
) -> None:
    """Faults A01 and A02: after each kill the ring holds its newest records, whole and contiguous,
    and the next writer goes on with the next sequence.
    """
    with FactorWriter(region_path, factor_names(), capacity=CAPACITY) as writer:
        write_records(writer, CAPACITY)
    published, generations = CAPACITY, 0
    with (
        FactorReader(region_path) as follower,
        child(write_until_killed, region_path, 7) as killer,
    ):
        killer.line()
        for i in range(kills):
            assert killer.ask("writing" if i % 3 else "opening") == "killed"
            with FactorReader(region_path) as reader:
                status = reader.status()
                assert not status.alive
                assert status.published >= published
                generations += status.published > published
                published = status.published
                newest = reader.read_latest()
                kept, lost = reader.since(published - CAPACITY + 1)
            assert newest is not None
            assert newest.sequence == published
            assert is_whole(newest)
            assert lost == 0
            assert [f.sequence for f in kept] == [*range(published - CAPACITY + 2, published + 1)]
            assert all(is_whole(f) for f in kept)
            f = follower.read_latest()
            assert f is None or is_whole(f)
            snapshot = read_snapshot(region_path)
            if snapshot is not None:
                shown = np.array([*snapshot[1].values()])
                assert np.ptp(shown - np.arange(FACTORS)) == 0
        assert follower.position == published
        assert follower.delivered + follower.conflated == published - CAPACITY + 1
    assert generations >= kills * 2 // 3
    with FactorWriter(region_path, factor_names(), capacity=CAPACITY) as writer:
        assert writer.published == published
        write_records(writer, 1)
        snapshot = read_snapshot(region_path)
    assert snapshot is not None
    assert [*snapshot[1].values()] == [*values_of(published + 1)]


def test_a_source_says_stale_when_the_writer_is_killed_and_live_when_it_returns(
    region_path: Path,
) -> None:
    """Fault A02: waiting, live, stale, live: with the last record readable and the sequence going
    on.
    """

    async def follow() -> None:
        source = ShmSource(region_path)
        source.open(lambda: None, time.time_ns)
        try:
            assert source.schema is None
            assert source.status().state is SourceState.WAITING
            for start in (0, 5, 10):
                with child(obey, region_path, factor_names(3)) as writer:
                    assert int(writer.line()) == start
                    await eventually_async(
                        lambda: source.status().state is SourceState.LIVE, "live"
                    )
                    writer.ask(5)
                    writer.kill()
                    await eventually_async(
                        lambda: source.status().state is SourceState.STALE, "stale"
                    )
                assert f"{writer.pid}" in source.status().reason
                f = source.read_latest()
                assert f is not None
                assert f.sequence == start + 5
                assert is_whole(f)
            status = source.status()
            assert (status.published, status.delivered, status.conflated) == (15, 3, 12)
            assert status.lost == status.pending == 0
        finally:
            source.close()

    asyncio.run(follow())


def test_a_silent_writer_is_stale_and_an_orderly_end_is_told_apart(region_path: Path) -> None:
    """Fault A20: a stopped process is stale by its heartbeat; a closed region says that it was
    closed.
    """

    async def follow() -> None:
        source = ShmSource(region_path)
        source.open(lambda: None, time.time_ns)
        try:
            with child(obey, region_path, factor_names(3)) as writer:
                writer.line()
                await eventually_async(lambda: source.status().state is SourceState.LIVE, "live")
                writer.signal(signal.SIGSTOP)
                await eventually_async(lambda: "silent" in source.status().reason, "silent")
                assert source.status().state is SourceState.STALE
                writer.signal(signal.SIGCONT)
                await eventually_async(lambda: source.status().state is SourceState.LIVE, "back")
                assert writer.popen.stdin is not None
                writer.popen.stdin.close()
                assert writer.wait() == 0
                await eventually_async(lambda: "closed" in source.status().reason, "closed")
                assert source.status().state is SourceState.STALE
        finally:
            source.close()

    asyncio.run(follow())


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_second_writer_is_refused_with_the_pid_of_the_first(
    region_path: Path, state: str
) -> None:
    """Fault A05: whether the first writes or is stopped, it stays the only one, and goes on
    unharmed.
    """
    with child(obey, region_path, factor_names(3)) as first:
        first.line()
        first.ask(1)
        if state == "stopped":
            first.signal(signal.SIGSTOP)
        for names in (factor_names(3), factor_names(4)):
            with pytest.raises(WriterLockedError, match=f"process {first.pid}") as caught:
                FactorWriter(region_path, names)
            assert caught.value.pid == first.pid
        first.signal(signal.SIGCONT)
        assert first.ask(1) == "2"
        with FactorReader(region_path) as reader:
            records, _ = reader.since(0)
        assert [f.sequence for f in records] == [1, 2]
        assert all(is_whole(f) for f in records)
        first.kill()
        FactorWriter(region_path, factor_names(3)).close()


def test_two_writers_in_one_process_are_refused_too(region_path: Path) -> None:
    """Fault A05: the lock belongs to the open file, not to the process."""
    with FactorWriter(region_path, ["a"]), pytest.raises(WriterLockedError) as caught:
        FactorWriter(region_path, ["a"])
    assert caught.value.pid == os.getpid()
    FactorWriter(region_path, ["a"]).close()


def fork_and_die(path: str) -> None:
    """Open a writer, fork a child that lives on, and be killed."""
    writer = FactorWriter(path, factor_names(3))
    write_records(writer, 1)
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    print(pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def try_writer(path: Path) -> FactorWriter | None:
    """Open a writer unless there is one."""
    try:
        return FactorWriter(path, factor_names(3))
    except WriterLockedError:
        return None


def test_a_forked_child_does_not_hold_the_lock_of_its_dead_parent(region_path: Path) -> None:
    """Fault A07: the next writer starts while the child of the killed one still lives."""
    with child(fork_and_die, region_path) as parent:
        grandchild = int(parent.line())
        try:
            assert parent.wait() == -signal.SIGKILL
            # The child lets go when it first runs, which may be after its parent's death.
            opened = eventually(lambda: try_writer(region_path), "the lock")
            assert opened is not None
            with opened as writer:
                os.kill(grandchild, 0)
                assert writer.published == 1
        finally:
            os.kill(grandchild, signal.SIGKILL)


def use_handles_in_a_fork(path: str) -> None:
    """Print what each call on an inherited handle raises, then use the handles in the parent."""
    writer = FactorWriter(path, factor_names(3))
    reader = FactorReader(path)
    reader.wait(0)
    calls: dict[str, Callable[[], object]] = {
        "write": lambda: writer.write({"factor_0": 1.0}),
        "write_values": lambda: writer.write_values(np.zeros(3)),
        "heartbeat": writer.heartbeat,
        "published": lambda: writer.published,
        "read_latest": reader.read_latest,
        "read_next": reader.read_next,
        "latest_into": lambda: reader.latest_into(np.zeros(3)),
        "spin": lambda: reader.spin(0),
        "sleep": reader.sleep,
        "wait": lambda: reader.wait(0),
        "status": reader.status,
        "is_current": reader.is_current,
    }
    pid = os.fork()
    if pid == 0:
        said = {}
        for name, call in calls.items():
            try:
                said[name] = repr(call())
            except RegionError as error:
                said[name] = str(error)
        writer.close(unlink=True)
        reader.close()
        print(json.dumps(said), flush=True)
        os._exit(0)
    _, code = os.waitpid(pid, 0)
    write_records(writer, 2)
    assert reader.wait(60)
    records, lost = reader.since(0)
    print(code, len(records), lost, all(is_whole(f) for f in records), flush=True)


def test_handles_are_unusable_in_a_forked_child_and_unharmed_in_the_parent(
    region_path: Path,
) -> None:
    """Fault A08: each call in the child says what to do; the child's close does not touch the
    region.
    """
    with child(use_handles_in_a_fork, region_path) as parent:
        said = json.loads(parent.line())
        assert len(said) == 12
        for message in said.values():
            assert "is closed (or was, by a fork): open a new one" in message
        assert parent.line() == "0 2 0 True"


def test_a_killed_writers_half_made_file_is_cleaned_up(region_path: Path) -> None:
    """What a writer left when killed inside the making of a file is gone after the next start."""
    FactorWriter(region_path, ["a"]).close()
    left = region_path.with_name(f"{region_path.name}.d") / "new"
    left.write_bytes(b"half")
    with FactorWriter(region_path, ["b"]):
        assert not left.exists()


def test_a_reader_sees_the_lock_of_a_living_writer(region_path: Path) -> None:
    """Alive follows the process, not what the region says."""
    with child(obey, region_path, factor_names(3)) as writer:
        writer.line()
        with FactorReader(region_path) as reader:
            status = reader.status()
            assert (status.alive, status.pid) == (True, writer.pid)
            writer.kill()
            eventually(lambda: not reader.status().alive, "the lock is free")
            assert reader.status().state == status.state
