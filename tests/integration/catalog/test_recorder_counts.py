"""The recorder's counts: exact at any speed, checked against the sequences, alarmed when wrong."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.gap import Gap
from adapters.catalog.writing import source_reader
from adapters.catalog.writing.record_counts import gaps_of
from adapters.catalog.writing.recorder import Recorder
from adapters.shm import FactorWriter
from dolphin_strategies import FactorSchema, MemorySource
from dolphin_strategies.factors.batch import FactorBatch
from live.recorder.recording_run import RecordingRun
from tests.support.catalogs.recorders import (
    factor_files,
    journal,
    nautilus_sequences,
    recorder,
    sequences_once,
    told_gaps,
)
from tests.support.eventually import eventually, eventually_async
from tests.support.nodes.processes import child
from tests.support.transports.regions import factor_names, values_of, write_records

NAMES: Final = factor_names(5)
BURST: Final = 300_000


def publish_burst(path: str) -> None:
    """Publish as fast as Python can when stdin says so; print how many there are."""
    with FactorWriter(path, NAMES) as writer:
        write_records(writer, 1)
        print("ready", flush=True)
        for line in sys.stdin:
            write_records(writer, int(line))
            print(writer.published, flush=True)


def test_losses_of_a_burst_are_exact_gap_records(tmp_path: Path, region_path: Path) -> None:
    """Fault E08: what is recorded and what is told as lost are all there was.

    The recorder stands still during the first burst, so that it loses on every machine; the
    second meets it at work, where it depends on the machine.
    """
    with child(publish_burst, region_path) as producer, recorder(tmp_path, region_path) as r:
        producer.line()
        eventually(lambda: r.figures().recorded == 1, "the first record")
        r.popen.send_signal(signal.SIGSTOP)
        producer.ask(BURST)
        r.popen.send_signal(signal.SIGCONT)
        published = int(producer.ask(BURST))
        code, figures = r.end(signal.SIGTERM)
    assert (code, figures.adds_up, figures.dropped, figures.waiting) == (0, True, 0, 0)
    assert figures.published == published
    recorded, lost = sequences_once(tmp_path), told_gaps(tmp_path)
    assert (len(recorded), len(lost)) == (figures.recorded, figures.lost)
    assert sorted(recorded + lost) == [*range(1, published + 1)]
    assert figures.lost > 0
    gaps = [g for rec in FactorCatalog(tmp_path).recordings() for g in rec.gaps]
    assert sum(g.lost for g in gaps) == figures.lost


def batch_of(*sequences: int) -> FactorBatch:
    """Return a batch of records with these sequences."""
    n = len(sequences)
    return FactorBatch(
        schema=FactorSchema(["x"]),
        sequence=np.array(sequences, dtype=np.uint64),
        ts_event=np.ones(n, dtype=np.int64),
        ts_init=np.ones(n, dtype=np.int64),
        values=np.zeros((n, 1)),
        stream_id=9,
    )


@pytest.mark.parametrize(
    ("sequences", "lost", "gaps"),
    [
        ((5, 6, 7), 0, []),
        ((5, 6, 7), 4, [Gap(9, 0, 4)]),
        ((5,), 2, [Gap(9, 2, 2)]),
        ((5, 9, 10), 3, [Gap(9, 5, 3)]),
        ((5, 9, 12), 7, [Gap(9, 2, 2), Gap(9, 5, 3), Gap(9, 9, 2)]),
        ((2**64 - 3, 2**64 - 1), 1, [Gap(9, 2**64 - 3, 1)]),
    ],
)
def test_a_gap_lies_where_sequences_are_missing(
    sequences: tuple[int, ...], lost: int, gaps: list[Gap]
) -> None:
    """Between the records of a batch, and what remains before its first."""
    assert gaps_of(batch_of(*sequences), lost) == gaps


def test_what_a_stream_lost_at_its_end_is_a_gap_of_that_stream() -> None:
    """Fault E07: its file was cut, its producer killed; the next record is of another stream."""
    assert gaps_of(batch_of(1, 2), 5, (8, 40)) == [Gap(8, 40, 5)]
    assert gaps_of(batch_of(3, 5), 8, (8, 40)) == [Gap(8, 40, 5), Gap(9, 0, 2), Gap(9, 3, 1)]
    assert gaps_of(batch_of(3, 4), 2, (8, 40)) == [Gap(9, 0, 2)]
    assert gaps_of(batch_of(3, 4), 2, (9, 0)) == [Gap(9, 0, 2)]


class ForgetfulSource(MemorySource):
    """Skips a record and says nothing of it."""

    def read_batch(self, limit: int) -> FactorBatch | None:
        if self.status().delivered == 10:
            self.read_next()
        return super().read_batch(1)


class ForgetfulWriter(RecordingWriter):
    """Leaves a batch out and says nothing of it."""

    def write_factors(self, batch: FactorBatch, extra: object = None) -> None:
        if 10 not in batch.sequence:
            super().write_factors(batch)


@pytest.mark.parametrize("what", ["nothing", "source", "writer"])
def test_what_is_silently_left_out_raises_the_alarm(tmp_path: Path, what: str) -> None:
    """Fault E07: a record that a source or the writing skips without a count does not go
    unnoticed.
    """
    make_source = ForgetfulSource if what == "source" else MemorySource
    make_writer = ForgetfulWriter if what == "writer" else RecordingWriter
    source = make_source(FactorSchema(NAMES))
    r = Recorder(source, make_writer(tmp_path, source="memory"))

    async def record() -> None:
        task = asyncio.create_task(r.run())
        await asyncio.sleep(0)
        for n in range(30):
            source.publish(values_of(n, len(NAMES)))
            await asyncio.sleep(0)
        r.stop()
        await asyncio.wait_for(task, 120)

    asyncio.run(record())
    counts = r.counts()
    assert counts.published == 30
    assert counts.adds_up == (what == "nothing")
    assert (r.mismatch == "") == (what != "source")


def run_alarmed(catalog: str, region: str) -> None:
    """Run the command with the writer that leaves records out; print its exit code."""
    from adapters.shm.source import ShmSource

    writer = ForgetfulWriter(Path(catalog), source=region)
    print(RecordingRun(ShmSource(region), writer, seconds=1.5).run(), flush=True)


def test_an_alarm_makes_the_exit_code_1(tmp_path: Path, region_path: Path) -> None:
    """The run goes on to its end, and then says that it failed."""
    with (
        child(run_alarmed, tmp_path, region_path) as r,
        FactorWriter(region_path, NAMES) as writer,
    ):
        lines = [r.line()]
        write_records(writer, 30)
        while lines[-1] not in {"0", "1"}:
            lines.append(r.line())
        assert lines[-1] == "1"
        assert any("!=" in line for line in lines)


def test_a_clock_that_goes_back_costs_nothing(tmp_path: Path) -> None:
    """Fault E06: an hour back in the middle, twice: each record once, in order of time, for every
    reader.
    """
    source = MemorySource(FactorSchema(NAMES))
    now_ns = [1_700_000_000_000_000_000]
    writer = RecordingWriter(tmp_path, source="memory", name="one", flush_s=0.0)
    r = Recorder(source, writer, rotate_records=0, clock_ns=lambda: now_ns[0])

    async def record() -> None:
        task = asyncio.create_task(r.run())
        await asyncio.sleep(0)
        for n in range(1, 301):
            now_ns[0] += 1_000_000_000 if n % 100 else -3_600_000_000_000
            source.publish(values_of(n, len(NAMES)))
            await asyncio.sleep(0)
            if n == 150:
                await eventually_async(lambda: r.counts().waiting == 0, "all records")
        r.stop()
        await asyncio.wait_for(task, 120)

    asyncio.run(record())
    assert r.counts().recorded == 300
    with RecordingWriter(tmp_path, source="memory", name="one") as again:
        assert set(again.last_sequences.values()) == {300}
    assert sequences_once(tmp_path) == [*range(1, 301)]
    assert sorted(nautilus_sequences(tmp_path)) == [*range(1, 301)]
    batches = list(FactorCatalog(tmp_path).batches())
    stamps = [t for b in batches for t in b.ts_init.tolist()]
    assert len(stamps) == 300
    assert stamps == sorted(stamps)
    assert factor_files(tmp_path)


def test_what_the_disk_cannot_follow_waits_and_is_then_lost_by_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no memory left to wait in, the source's own buffer overflows: exact gaps, told."""
    monkeypatch.setattr(source_reader, "QUEUE_BYTES", 400)
    source = MemorySource(FactorSchema(NAMES), capacity=8)
    r = Recorder(source, RecordingWriter(tmp_path, source="memory"))

    async def record() -> None:
        task = asyncio.create_task(r.run())
        await asyncio.sleep(0)
        for n in range(1, 201):
            source.publish(values_of(n, len(NAMES)))
            if n % 20 == 0:
                await asyncio.sleep(0.001)
        r.stop()
        await asyncio.wait_for(task, 120)

    asyncio.run(record())
    counts = r.counts()
    assert counts.adds_up
    assert (counts.published, counts.waiting, r.mismatch) == (200, 0, "")
    assert counts.lost > 0
    recorded, lost = sequences_once(tmp_path), told_gaps(tmp_path)
    assert sorted(recorded + lost) == [*range(1, 201)]
    end = journal(tmp_path)[-1]
    assert end["recorded"] + end["lost"] + end["dropped"] == end["published"] == 200
