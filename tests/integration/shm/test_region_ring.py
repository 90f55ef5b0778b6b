"""Following the ring: order, exact loss, exact conflation, and nothing torn at full speed."""

from __future__ import annotations

import json
import select
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.shm import FactorReader, FactorWriter, RegionNotReadyError
from tests.support.eventually import TIMEOUT_S
from tests.support.nodes.processes import child
from tests.support.transports.regions import (
    factor_names,
    is_whole,
    read_snapshot,
    values_of,
    write_records,
)

if TYPE_CHECKING:
    from pathlib import Path

    from dolphin_strategies import ExternalFactors

ENOUGH: Final = 101
"""Records that each reader must get while the writer runs flat out."""


def drain(reader: FactorReader) -> list[ExternalFactors]:
    """Return everything that read_next gives."""
    records = []
    while (f := reader.read_next()) is not None:
        records.append(f)
    return records


@pytest.mark.parametrize("published", [1, 62, 63, 64, 65, 1000])
def test_a_slow_reader_loses_exactly_what_the_ring_no_longer_holds(
    region_path: Path, published: int
) -> None:
    """Fault C01: a ring of 64 keeps the newest 63; delivered and lost add up to what was
    published.
    """
    with (
        FactorWriter(region_path, factor_names(3), capacity=64) as writer,
        FactorReader(region_path) as reader,
    ):
        write_records(writer, published)
        records = drain(reader)
        kept = min(published, 63)
        assert [f.sequence for f in records] == [*range(published - kept + 1, published + 1)]
        assert all(is_whole(f) for f in records)
        assert (reader.delivered, reader.conflated) == (kept, 0)
        assert reader.delivered + reader.lost == published == reader.position
        assert reader.rejected == 0


@pytest.mark.parametrize("capacity", [2, 4, 64])
def test_latest_conflates_exactly_what_it_skips(region_path: Path, capacity: int) -> None:
    """However many records pass, the newest comes and the others are counted."""
    with (
        FactorWriter(region_path, factor_names(3), capacity=capacity) as writer,
        FactorReader(region_path) as reader,
    ):
        for n in (1, 2, 1, 100, 3):
            write_records(writer, n)
            f = reader.read_latest()
            assert f is not None
            assert f.sequence == writer.published
            assert is_whole(f)
            assert reader.read_latest() is None
        assert (reader.delivered, reader.conflated, reader.lost) == (5, 102, 0)


def test_a_new_reader_begins_with_the_newest_record(region_path: Path) -> None:
    """Old records are history for whoever asks for them, not news."""
    with FactorWriter(region_path, factor_names(3), capacity=64) as writer:
        write_records(writer, 10)
        with FactorReader(region_path) as reader:
            assert [f.sequence for f in drain(reader)] == [10]


def test_since_gives_history_and_says_what_is_missing(region_path: Path) -> None:
    """From any position: the records after it in order, and how many are gone."""
    with FactorWriter(region_path, factor_names(3), capacity=64) as writer:
        write_records(writer, 100)
        with FactorReader(region_path) as reader:
            for position, first, lost in ((0, 38, 37), (36, 38, 1), (37, 38, 0), (98, 99, 0)):
                records, missing = reader.since(position)
                assert ([f.sequence for f in records], missing) == ([*range(first, 101)], lost)
            assert reader.since(100) == ([], 0)


def test_latest_repeats_the_newest_record_and_counts_it_once(region_path: Path) -> None:
    """The level can be asked for at any time, however the record was read before."""
    with (
        FactorWriter(region_path, factor_names(3), capacity=64) as writer,
        FactorReader(region_path) as reader,
    ):
        assert reader.latest() is None
        write_records(writer, 3)
        drain(reader)
        for _ in range(2):
            f = reader.latest()
            assert f is not None
            assert f.sequence == 3
        write_records(writer, 2)
        f = reader.latest()
        assert f is not None
        assert f.sequence == 5
        assert (reader.delivered, reader.conflated, reader.lost) == (4, 1, 0)


def test_the_three_ways_to_read_agree(region_path: Path) -> None:
    """Ring into an object, ring into a buffer and the snapshot program show one record."""
    last_time = 0
    into = np.zeros(85)
    with (
        FactorWriter(region_path, factor_names(), capacity=64) as writer,
        FactorReader(region_path) as reader,
    ):
        for _ in range(20):
            write_records(writer, 1)
            f = reader.read_next()
            assert f is not None
            reader.position -= 1
            assert reader.latest_into(into) == f.sequence
            assert reader.latest_into(into) == 0
            snapshot = read_snapshot(region_path)
            assert snapshot is not None
            timestamp, values = snapshot
            assert values == dict(f)
            assert into.tobytes() == f.payload
            assert timestamp > last_time
            last_time = timestamp
            assert f.ts_event == timestamp <= f.ts_init


@pytest.mark.parametrize(("published", "limit"), [(1, 1), (10, 3), (63, 64), (64, 9), (1000, 9)])
def test_batches_give_what_single_reads_give(
    region_path: Path, published: int, limit: int
) -> None:
    """The same records, stamps and losses, in order, whatever the limit."""
    with (
        FactorWriter(region_path, factor_names(3), capacity=64) as writer,
        FactorReader(region_path) as singles,
        FactorReader(region_path, clock_ns=lambda: 7) as reader,
    ):
        write_records(writer, published)
        expected = drain(singles)
        records = []
        while (batch := reader.read_batch(limit)) is not None:
            assert 1 <= len(batch) <= limit
            assert batch.stream_id == reader.stream_id
            assert batch.schema is reader.schema
            assert set(batch.ts_init.tolist()) == {7}
            records += batch.records()
        assert [(f.sequence, f.ts_event, f.payload) for f in records] == [
            (f.sequence, f.ts_event, f.payload) for f in expected
        ]
        assert (reader.delivered, reader.lost) == (singles.delivered, singles.lost)
        assert reader.position == published


def test_a_batch_is_never_larger_than_the_ring(region_path: Path) -> None:
    """However large the limit, the work and the memory of one call are bounded."""
    with (
        FactorWriter(region_path, factor_names(3), capacity=64) as writer,
        FactorReader(region_path) as reader,
    ):
        assert reader.capacity == 64
        assert reader.read_batch(10**9) is None
        write_records(writer, 200)
        batch = reader.read_batch(10**9)
        assert batch is not None
        assert len(batch) == 63
        with pytest.raises(ValueError, match="limit"):
            reader.read_batch(0)


def test_a_batch_owns_its_arrays(region_path: Path) -> None:
    """Fault C10: what a later call copies into the prepared buffers does not show in an earlier
    batch.
    """
    with (
        FactorWriter(region_path, factor_names(3), capacity=64) as writer,
        FactorReader(region_path) as reader,
    ):
        write_records(writer, 5)
        first = reader.read_batch(64)
        write_records(writer, 40)
        second = reader.read_batch(64)
        assert first is not None
        assert second is not None
        assert [f.sequence for f in first.records()] == [1, 2, 3, 4, 5]
        assert all(is_whole(f) for f in first.records() + second.records())


def write_flat_out(path: str, seconds: float) -> None:
    """Publish as fast as Python can between two lines on stdin; at the end print the count."""
    with FactorWriter(path, factor_names()) as writer:
        values = values_of(0)
        print("ready", flush=True)
        input()
        print("begun", flush=True)
        end, limit = time.monotonic() + seconds, time.monotonic() + TIMEOUT_S
        while (now := time.monotonic()) < limit:
            if now > end and select.select([0], [], [], 0)[0]:
                break
            for _ in range(100):
                values += 512.0
                writer.write_values(values)
        print(writer.published, flush=True)


def check_every_record(path: str, how: str) -> None:
    """Follow to the end of the stream, compare each record with what its sequence demands."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            reader = FactorReader(path)
            break
        except RegionNotReadyError:
            assert time.monotonic() < deadline
    print("ready", flush=True)
    read = reader.read_next if how == "every" else reader.read_latest
    last = torn = 0
    out_of_order = 0
    while time.monotonic() < deadline:
        f = read()
        if f is None:
            status = reader.status()
            if status.state == 3 and status.published == reader.position:
                break
            reader.spin(100_000)
            continue
        if reader.delivered == ENOUGH:
            print("enough", flush=True)
        torn += not is_whole(f)
        out_of_order += f.sequence <= last
        last = f.sequence
    print(json.dumps([torn, out_of_order, reader.delivered, reader.conflated, reader.lost,
                      reader.rejected]), flush=True)  # fmt: skip


def check_every_batch(path: str) -> None:
    """Do the same with batches, as a recorder reads."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            reader = FactorReader(path)
            break
        except RegionNotReadyError:
            assert time.monotonic() < deadline
    print("ready", flush=True)
    last = torn = out_of_order = 0
    while time.monotonic() < deadline:
        batch = reader.read_batch(256)
        if batch is None:
            status = reader.status()
            if status.state == 3 and status.published == reader.position:
                break
            reader.spin(100_000)
            continue
        if reader.delivered >= ENOUGH > reader.delivered - len(batch):
            print("enough", flush=True)
        expected = values_of(0) + 512.0 * batch.sequence[:, None].astype(np.float64)
        torn += not np.array_equal(batch.values, expected)
        sequences = [last, *batch.sequence.tolist()]
        out_of_order += any(b <= a for a, b in pairwise(sequences))
        last = sequences[-1]
    print(json.dumps([torn, out_of_order, reader.delivered, reader.conflated, reader.lost,
                      reader.rejected]), flush=True)  # fmt: skip


def test_nothing_is_torn_and_nothing_unaccounted_at_full_speed(region_path: Path) -> None:
    """Fault C02: three readers check every bit against a writer that runs flat out for two
    seconds.
    """
    with child(write_flat_out, region_path, 2.0) as writer:
        writer.line()
        with (
            child(check_every_record, region_path, "every") as every,
            child(check_every_record, region_path, "latest") as latest,
            child(check_every_batch, region_path) as batches,
        ):
            every.line()
            latest.line()
            batches.line()
            assert writer.ask("go") == "begun"
            for reader in (every, latest, batches):
                assert reader.line() == "enough"
            published = int(writer.ask("stop"))
            assert published > 1000
            for reader in (every, latest, batches):
                torn, out_of_order, delivered, conflated, lost, rejected = json.loads(
                    reader.line()
                )
                assert (torn, out_of_order, rejected) == (0, 0, 0)
                assert delivered + conflated + lost == published
                assert delivered >= ENOUGH
                assert (lost if reader is latest else conflated) == 0
