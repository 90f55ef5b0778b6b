"""Streams of factors with drills in them, against a slow way of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.command.durations import Duration
from adapters.command.instants import Instant
from backtests.run.drills.drill import Drill
from backtests.run.drills.failures.factor_drills import drilled
from dolphin_strategies import FactorSchema
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

SCHEMA = FactorSchema(["a", "b", "c"])
START, END = 300, 600


def batch_of(ts: NDArray[np.int64], seed: int = 0, schema: FactorSchema = SCHEMA) -> FactorBatch:
    """Make records at instants; a fifth of the values is missing."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(len(ts), len(schema)))
    values[random.random(values.shape) < 0.2] = np.nan
    return FactorBatch(
        schema=schema,
        sequence=np.arange(1, len(ts) + 1, dtype=np.uint64),
        ts_event=ts - 7,
        ts_init=ts,
        values=values,
        stream_id=9,
    )


def instants(seed: int, count: int = 200) -> NDArray[np.int64]:
    """Return instants from 0 to 1,000, some of them twice."""
    return np.sort(np.random.default_rng(seed).integers(0, 1_000, count)).astype(np.int64)


def cut(batch: FactorBatch, size: int) -> Iterator[FactorBatch]:
    """Yield a batch in pieces."""
    for i in range(0, len(batch), size):
        yield batch[i : i + size]


def drill(kind: str, **given: Any) -> Drill:
    """Make a drill of the window."""
    return Drill(kind=kind, start=Instant(START), end=Instant(END), **given)  # type: ignore[arg-type]


def plain(value: float) -> float | None:
    """Return a number; NaN is None, so that it equals itself."""
    return None if np.isnan(value) else float(value)


def rows(batches: Iterable[FactorBatch]) -> list[tuple[Any, ...]]:
    """Return each record."""
    return [
        (tuple(b.schema), int(e), int(t), [plain(v) for v in row])
        for b in batches
        for e, t, row in zip(b.ts_event, b.ts_init, b.values, strict=True)
    ]


@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize(
    "one",
    [
        drill("nan", factors=["b"]),
        drill("nan"),
        drill("freeze", factors=["a", "c"]),
        drill("jump", factors=["b"], times=-2.0, plus=0.5),
        drill("lose_name", factors=["a"]),
        drill("feed_stop"),
    ],
    ids=lambda value: value.label if hasattr(value, "label") else "",
)
def test_values_are_those_of_the_slow_way(one: Drill, size: int) -> None:
    """Record by record, however the stream is cut."""
    batch = batch_of(instants(1))
    held: dict[str, float] = {}
    expected = []
    for i, t in enumerate(batch.ts_init):
        row = dict(zip(SCHEMA, batch.values[i].tolist(), strict=True))
        is_inside = START <= t < END
        for name in SCHEMA:
            if not one.hits(name):
                continue
            if one.kind == "freeze":
                if not np.isnan(row[name]) and (not is_inside or name not in held) and t < END:
                    held[name] = row[name]
                if is_inside:
                    row[name] = held.get(name, np.nan)
            elif is_inside and one.kind == "nan":
                row[name] = np.nan
            elif is_inside and one.kind == "jump":
                row[name] = row[name] * -2.0 + 0.5
            elif is_inside and one.kind == "lose_name":
                del row[name]
        if is_inside and one.kind == "feed_stop":
            continue
        values = [plain(v) for v in row.values()]
        expected.append((tuple(row), int(batch.ts_event[i]), int(t), values))
    counts: list[int] = []
    assert rows(drilled(cut(batch, size), one, counts.append)) == expected
    assert sum(counts) == sum(START <= t < END for t in batch.ts_init)


def slowly_late(batch: FactorBatch, late: set[str], delay: int) -> list[tuple[Any, ...]]:
    """Return the records, looking up each value at each instant by itself."""

    def arrival(i: int, name: str) -> int:
        t = int(batch.ts_init[i])
        return min(t + delay, END) if START <= t < END and name in late else t

    inside = [i for i, t in enumerate(batch.ts_init) if START <= t < END]
    after = [int(t) for t in batch.ts_init if t >= END]
    at = {arrival(i, name) for i in inside for name in SCHEMA}
    at -= {END} if after[:1] == [END] else set()
    expected = []
    for instant in sorted(at):
        values: list[float | None] = []
        events = []
        for column, name in enumerate(SCHEMA):
            seen = [
                i for i, t in enumerate(batch.ts_init) if t < END and arrival(i, name) <= instant
            ]
            values.append(plain(batch.values[seen[-1], column]) if seen else None)
            events += [int(batch.ts_event[seen[-1]])] if seen else []
        expected.append((tuple(SCHEMA), max(events), instant, values))
    before = [row for row in rows([batch]) if row[2] < START]
    return [*before, *expected, *(row for row in rows([batch]) if row[2] >= END)]


@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("delay", [1, 40, 5_000])
def test_a_late_factor_arrives_in_order_and_at_the_end_at_the_latest(
    delay: int, seed: int, size: int
) -> None:
    """Each value is the newest that has arrived; nothing ever goes back in time."""
    ts = np.unique(instants(seed))
    ts = ts[ts != END] if seed else np.unique(np.append(ts, END))
    batch = batch_of(ts, seed)
    one = drill("late", factors=["a", "c"], delay=Duration(f"{delay}ns", delay))
    found = rows(drilled(cut(batch, size), one))
    assert found == slowly_late(batch, {"a", "c"}, delay)
    assert [row[2] for row in found] == sorted(row[2] for row in found)


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_late_feed_keeps_every_record(size: int) -> None:
    """All factors late: the records themselves come later, none is lost."""
    batch = batch_of(instants(3))
    one = drill("late", delay=Duration("100ns", 100))
    found = list(drilled(cut(batch, size), one))
    sequences = np.concatenate([b.sequence for b in found])
    assert sequences.tolist() == batch.sequence.tolist()
    ts = np.concatenate([b.ts_init for b in found])
    is_inside = (batch.ts_init >= START) & (batch.ts_init < END)
    expected = np.where(is_inside, np.minimum(batch.ts_init + 100, END), batch.ts_init)
    assert ts.tolist() == expected.tolist()
    assert np.concatenate([b.ts_event for b in found]).tolist() == batch.ts_event.tolist()


def test_records_of_another_recording_pass_in_order() -> None:
    """Two recordings in turn, of which one has the late factor."""
    other = FactorSchema(["x"])
    ts = np.arange(0, 1_000, 20, dtype=np.int64)
    batches = []
    for first in range(0, 1_000, 100):
        batches += [batch_of(ts[(ts >= first) & (ts < first + 100)], first)]
        batches += [batch_of(np.arange(first + 85, first + 100, 5), first, other)]
    batches.sort(key=lambda b: int(b.ts_init[0]))
    one = drill("late", factors=["a"], delay=Duration("30ns", 30))
    found = rows(drilled(batches, one))
    assert [row[2] for row in found] == sorted(row[2] for row in found)
    assert [row for row in found if row[0] == ("x",)] == [
        row for row in rows(batches) if row[0] == ("x",)
    ]


def test_a_jump_to_infinity_is_no_value() -> None:
    """Fault B09: NaN, as a region keeps it."""
    batch = batch_of(np.array([START, START + 1], dtype=np.int64))
    (found,) = drilled([batch], drill("jump", times=1e299, plus=1e299))
    (found,) = drilled([found], drill("jump", times=1e299))
    assert np.isnan(found.values).all()


def test_memory_is_bounded_by_the_delay() -> None:
    """A late window of any length holds what has not arrived, and no more."""
    from backtests.run.drills.failures.late_factors import _Held

    one = Drill(
        kind="late", start=Instant(0), end=Instant(1_000_000), factors=["a"],
        delay=Duration("10ns", 10),
    )  # fmt: skip
    held = _Held(one)
    longest = 0
    for first in range(0, 10_000, 10):
        batch = batch_of(np.arange(first, first + 10, dtype=np.int64))
        list(held.add(batch, np.array([True, False, False])))
        assert held._batch is not None
        longest = max(longest, len(held._batch))
    assert longest <= 22
