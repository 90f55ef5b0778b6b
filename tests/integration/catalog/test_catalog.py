"""Recordings written and read back."""

from __future__ import annotations

import json
import os
import resource
import time
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pytest
from nautilus_trader.model import (
    InstrumentId,
    NautilusDataType,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.files.journal import read_journal
from dolphin_strategies.errors import ConfigError, UnknownFactorError
from tests.support.catalogs.factor_batches import (
    FIRST_NS,
    NAMES,
    STEP_NS,
    assert_numbered,
    numbered,
    record,
    sequences,
)
from tests.support.eventually import eventually
from tests.support.nodes.processes import child

FACTORS: Final = NautilusDataType.Custom("ExternalFactors")
BTC: Final = InstrumentId.from_str("BTC/USDT.BINANCE")


def test_what_was_recorded_comes_back_bit_for_bit(tmp_path: Path) -> None:
    """Values with NaN, stamps, sequences and stream, as batches, arrays, frame, engine data."""
    catalog = record(tmp_path, numbered(1, 20_000), numbered(20_001, 500))
    batches = list(catalog.batches())
    assert sequences(batches) == list(range(1, 20_501))
    assert_numbered(batches)
    assert all(b.stream_id == 7 and len(b) <= 8_192 for b in batches)
    whole = numbered(1, 20_500)
    stamps, values = catalog.arrays(["gamma", "alpha"])
    np.testing.assert_array_equal(stamps, whole.ts_init)
    np.testing.assert_array_equal(values, whole.values[:, [2, 0]])  # noqa: PD011 - a FactorBatch's
    frame = catalog.frame()
    assert list(frame.columns) == ["ts_event", "sequence", *NAMES]
    np.testing.assert_array_equal(frame[list(NAMES)].to_numpy(), whole.values)
    assert frame.index[0] == pd.Timestamp(int(whole.ts_init[0]), tz="UTC")
    assert [data.data for data in catalog.engine_data()] == whole.records()


def test_windows_are_half_open(tmp_path: Path) -> None:
    """Windows side by side give every record once, wherever they are cut."""
    catalog = record(tmp_path, *(numbered(1 + 300 * i, 300) for i in range(10)))
    rng = np.random.default_rng(2)
    for _ in range(20):
        cuts = FIRST_NS + STEP_NS * np.sort(rng.integers(0, 3_002, 5))
        edges = [None, *cuts.tolist(), None]
        found = [
            n for start, end in pairwise(edges) for n in sequences(catalog.batches(start, end))
        ]
        assert found == list(range(1, 3_001))
    assert list(catalog.batches(FIRST_NS + STEP_NS, FIRST_NS + STEP_NS)) == []


def test_every_schema_has_its_own_files(tmp_path: Path) -> None:
    """Fault E05: names that come and go never shift a column; those asked for are NaN where
    absent.
    """
    catalog = record(
        tmp_path,
        numbered(1, 10),
        numbered(11, 10, names=("alpha", "delta")),
        numbered(21, 10, names=("gamma", "beta", "alpha")),
    )
    batches = list(catalog.batches())
    assert [tuple(b.schema) for b in batches] == [
        NAMES,
        ("alpha", "delta"),
        ("gamma", "beta", "alpha"),
    ]
    assert_numbered(batches)
    assert tuple(catalog.schema()) == (*NAMES, "delta")
    _, values = catalog.arrays(["delta", "beta"])
    assert np.isnan(values[:10, 0]).all()
    assert np.isnan(values[20:, 0]).all()
    assert values[10:14, 0].tolist() == [11.125, 12.125, 13.125, 14.125]
    with pytest.raises(UnknownFactorError, match="did you mean 'delta'"):
        next(catalog.batches(names=["delt"]))


def test_a_part_ends_by_itself_when_the_schema_or_stream_changes(tmp_path: Path) -> None:
    """Without being asked to rotate, in one flush."""
    with RecordingWriter(tmp_path, source="test", name="one") as writer:
        for batch in (
            numbered(1, 5),
            numbered(6, 5),
            numbered(1, 5, stream_id=8, first_ns=FIRST_NS + 1),
            numbered(6, 5, stream_id=8, names=("x",), first_ns=FIRST_NS + 1),
        ):
            writer.write_factors(batch)
    (recording,) = FactorCatalog(tmp_path).recordings()
    found = sorted((f.stream_id, tuple(f.schema), f.rows) for f in recording.files)
    assert found == [(7, NAMES, 10), (8, NAMES, 5), (8, ("x",), 5)]
    assert recording.stream_ids == (7, 8)


def test_two_recordings_of_one_stream_are_merged(tmp_path: Path) -> None:
    """Fault E06: what both saw comes once, the earlier copy; what one lacks comes
    from the other.
    """
    record(tmp_path, numbered(1, 600), numbered(801, 200), name="early")
    catalog = record(tmp_path, numbered(400, 800, late_ns=300_000), name="late")
    batches = list(catalog.batches())
    assert sequences(batches) == list(range(1, 1_200))
    late = {int(n) for b in batches for n in b.sequence[b.ts_init > b.ts_event]}
    assert late == {*range(601, 801), *range(1_001, 1_200)}
    assert sequences(catalog.batches(recordings=["early"])) == [*range(1, 601), *range(801, 1_001)]
    # A window that begins between the two copies of a record: it belongs to the one before.
    cut = FIRST_NS + 500 * STEP_NS + 100_000
    before, after = sequences(catalog.batches(None, cut)), sequences(catalog.batches(cut))
    assert before + after == list(range(1, 1_200))
    with pytest.raises(ConfigError, match="no recording 'none'"):
        next(catalog.batches(recordings=["none"]))


def test_streams_without_an_id_are_never_taken_for_one(tmp_path: Path) -> None:
    """Two imports with the same sequences are both there."""
    record(tmp_path, numbered(1, 100, stream_id=0), name="a")
    catalog = record(tmp_path, numbered(1, 100, stream_id=0), name="b")
    assert sequences(catalog.batches()) == [n for n in range(1, 101) for _ in range(2)]


def test_a_clock_that_goes_back_loses_nothing(tmp_path: Path) -> None:
    """Fault E06: parts that overlap, parts of one instant, and records out of order
    within a part.
    """
    back = numbered(11, 10, first_ns=FIRST_NS - 15 * STEP_NS)
    instant = [numbered(n, 1, first_ns=FIRST_NS - n * STEP_NS) for n in (21, 22, 23)]
    shuffled = numbered(24, 50)[np.random.default_rng(1).permutation(50)]
    catalog = record(tmp_path, numbered(1, 10), back, *instant, shuffled)
    assert len(catalog.recordings()[0].files) == 6
    batches = list(catalog.batches())
    assert_numbered(batches)
    assert sorted(sequences(batches)) == list(range(1, 74))
    stamps = np.concatenate([b.ts_init for b in batches])
    assert (np.diff(stamps) >= 0).all()
    assert len(ParquetDataCatalog(str(tmp_path)).query(FACTORS)) == 73
    assert catalog.verify() == []


def test_a_live_recording_is_read_up_to_its_last_flush(tmp_path: Path) -> None:
    """Another process need not wait for the rotation; nor for the recorder's end."""
    writer = RecordingWriter(tmp_path, source="test", name="one", flush_s=0.0)
    catalog = FactorCatalog(tmp_path)
    for part in range(6):
        writer.write_factors(numbered(1 + 100 * part, 100))
        (recording,) = catalog.recordings()
        assert (recording.is_open, recording.records) == (True, 100 * part + 100)
        assert sequences(catalog.batches()) == list(range(1, 100 * part + 101))
        assert catalog.last_ns == FIRST_NS + STEP_NS * (100 * part + 100)
        if part % 3 == 2:
            writer.rotate()
    assert catalog.recover() == {}
    writer.close()
    (recording,) = catalog.recordings()
    assert (recording.is_open, recording.is_ended, recording.records) == (False, True, 600)


def record_without_end(catalog: str) -> None:
    """Record, rotating all the time."""
    writer = RecordingWriter(
        Path(catalog), source="test", name="one", flush_s=0.0, rotate_bytes=30_000
    )
    print("ready", flush=True)
    for at in range(1, 50_000, 50):
        writer.write_factors(numbered(at, 50))
        time.sleep(0.005)
    time.sleep(60)


def test_spools_that_become_files_while_they_are_read_are_read_once(tmp_path: Path) -> None:
    """A reader beside a recorder that rotates all the time sees every record, none twice."""
    with child(record_without_end, tmp_path) as recorder:
        assert recorder.line(timeout_s=240) == "ready"
        eventually((tmp_path / "data/custom").is_dir, "the first file")
        seen = files = 0
        deadline = time.monotonic() + 150
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            while files < 20:
                assert time.monotonic() < deadline, f"{files} files after 150 s"
                catalog = FactorCatalog(tmp_path)
                batches = catalog.batches(max_rows=1_000)
                first = next(batches)
                found = sequences([first, *batches])
                assert found == list(range(1, len(found) + 1))
                assert len(found) >= seen
                seen, files = len(found), len(catalog.recordings()[0].files)


def test_a_recording_has_one_writer(tmp_path: Path) -> None:
    """A second one is refused with the first one's pid; after it ended, it is continued."""
    with RecordingWriter(tmp_path, source="test", name="one") as writer:
        writer.write_factors(numbered(1, 10))
        writer.add_lost(7, 10, 5)
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"):
            RecordingWriter(tmp_path, source="test", name="one")
    with RecordingWriter(tmp_path, source="test", name="one") as writer:
        assert writer.last_sequences == {7: 15}
        assert writer.recorded == 0
        writer.write_factors(numbered(16, 10))
    (recording,) = FactorCatalog(tmp_path).recordings()
    assert (recording.records, recording.lost) == (20, 5)
    assert recording.gaps[0].after_sequence == 10
    journal = read_journal(tmp_path / "recordings/one/journal.jsonl")
    assert [e["event"] for e in journal] == [
        *("start", "gap", "schema", "file", "end"),
        *("start", "file", "end"),
    ]


def test_everything_is_private(tmp_path: Path) -> None:
    """Files 0600, folders 0700, whatever the umask; a link in the way is not followed."""
    before = os.umask(0)
    try:
        record(tmp_path / "catalog", numbered(1, 10))
    finally:
        os.umask(before)
    for path in (tmp_path / "catalog").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "catalog/recordings/two").symlink_to(outside)
    with pytest.raises(ConfigError, match="expected a real folder"):
        RecordingWriter(tmp_path / "catalog", source="test", name="two")
    assert list(outside.iterdir()) == []


def test_rotation_follows_size_and_age(tmp_path: Path) -> None:
    """A large spool becomes a file at once, an old one at the next tick."""
    with RecordingWriter(
        tmp_path, source="test", name="one", rotate_bytes=100_000, flush_s=0.0
    ) as writer:
        for at in range(1, 20_001, 500):
            writer.write_factors(numbered(at, 500))
        files = len(FactorCatalog(tmp_path).recordings()[0].files)
        assert 5 <= files <= 15
    with RecordingWriter(tmp_path, source="test", name="two", rotate_s=0.0, flush_s=0.0) as writer:
        writer.write_factors(numbered(1, 10))
        writer.tick()
        assert not any(f.is_spool for f in FactorCatalog(tmp_path).recordings()[1].files)


def stream_and_measure(catalog: str) -> None:
    """Go through a catalog; print how many records and how far the memory grew, in kB."""
    next(FactorCatalog(Path(catalog)).batches(max_rows=100))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    records = sum(len(batch) for batch in FactorCatalog(Path(catalog)).batches())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([records, after - before]), flush=True)


@pytest.mark.long
def test_streaming_takes_the_same_memory_whatever_the_size(tmp_path: Path) -> None:
    """Ten times the records, about the same memory, each in a fresh process."""
    names = [f"factor_{i}" for i in range(85)]
    grown = {}
    for records in (30_000, 300_000):
        path = tmp_path / str(records)
        with RecordingWriter(path, source="test", name="one", rotate_bytes=8 << 20) as writer:
            for at in range(1, records, 5_000):
                writer.write_factors(numbered(at, 5_000, names=names))
        with child(stream_and_measure, path) as reader:
            found, grown[records] = json.loads(reader.line(timeout_s=240))
            assert found == records
    whole_kb = 300_000 * 88 * 8 / 1e3
    assert grown[300_000] - grown[30_000] < whole_kb / 5
