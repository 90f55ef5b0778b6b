"""Merging the records of several files."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from adapters.catalog.reading.records.duplicate_records import Once
from adapters.catalog.reading.records.time_merge import Cursor, merged
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema
from tests.support.catalogs.factor_batches import numbered, sequences

if TYPE_CHECKING:
    from collections.abc import Iterator


def cursor(*batches: FactorBatch) -> Cursor:
    """Return a cursor over batches."""
    return Cursor(iter(batches), int(batches[0].ts_init[0]))


def test_any_files_come_out_in_the_order_of_ts_init() -> None:
    """As a stable sort of everything would have it, whatever overlaps and ties there are."""
    rng = random.Random(5)  # noqa: S311 - test data
    schema = FactorSchema(["rank", "row"])
    for _ in range(200):
        cursors, expected = [], []
        for rank in range(rng.randrange(1, 6)):
            stamps = np.sort(np.array(rng.choices(range(60), k=rng.randrange(1, 40))))
            rows = np.arange(len(stamps))
            whole = FactorBatch(
                schema=schema,
                sequence=rows.astype(np.uint64),
                ts_event=stamps,
                ts_init=stamps,
                values=np.column_stack([np.full(len(rows), rank), rows]).astype(float),
                stream_id=rng.choice([0, 3]),
            )
            size = rng.randrange(1, 9)
            pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
            cursors.append(cursor(*pieces))
            expected += [(int(t), rank, int(row)) for t, row in zip(stamps, rows, strict=True)]
        max_rows = rng.randrange(1, 20)
        batches = list(merged(cursors, Once([]), max_rows))
        found = [
            (int(t), *map(int, values))
            for b in batches
            for t, values in zip(b.ts_init, b.values, strict=True)
        ]
        assert found == sorted(expected)
        assert all(0 < len(b) <= max_rows for b in batches)


def test_a_record_of_two_recordings_comes_once() -> None:
    """The earliest copy, however the copies interleave and whatever either of them lacks."""
    rng = np.random.default_rng(3)
    for _ in range(100):
        first = numbered(1, 200)[np.sort(rng.choice(200, 150, replace=False))]
        second = numbered(1, 200, late_ns=int(rng.integers(-5, 6)) * 300_000)
        second = second[np.sort(rng.choice(200, 150, replace=False))]
        cursors = [
            cursor(*(part[at : at + 32] for at in range(0, 150, 32))) for part in (first, second)
        ]
        batches = list(merged(cursors, Once([7]), 64))
        earliest: dict[int, int] = {}
        for part in (first, second):
            for n, t in zip(part.sequence.tolist(), part.ts_init.tolist(), strict=True):
                earliest[n] = min(t, earliest.get(n, t))
        found = {n: int(t) for b in batches for n, t in zip(b.sequence, b.ts_init, strict=True)}
        assert found == earliest
        assert len(sequences(batches)) == len(earliest)


def test_only_the_files_of_one_time_are_open() -> None:
    """A thousand files one after the other never mean a thousand open files."""
    is_open: set[int] = set()
    most = 0

    def file(number: int) -> Iterator[FactorBatch]:
        nonlocal most
        is_open.add(number)
        most = max(most, len(is_open))
        yield numbered(1 + 10 * number, 10)
        is_open.discard(number)

    cursors = [Cursor(file(n), int(numbered(1 + 10 * n, 1).ts_init[0])) for n in range(100)]
    assert sequences(merged(cursors, Once([]), 1000)) == list(range(1, 1001))
    assert most <= 2


def test_ranges_of_sequences_take_little_memory() -> None:
    """A million records in order are one range."""
    once = Once([7])
    for at in range(0, 1_000_000, 8192):
        assert once.is_new(7, np.arange(at, at + 8192, dtype=np.uint64)).all()
    assert not once.is_new(7, np.arange(5, 1000, dtype=np.uint64)).any()
    begins, _ = once._seen[7]
    assert len(begins) == 1
