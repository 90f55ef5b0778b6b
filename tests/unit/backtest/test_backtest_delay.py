"""Delays of factors, against a slow way of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from backtests.inputs.factor_delay import FactorDelay, delayed, read_delays
from dolphin_strategies import ConfigError, FactorSchema
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SCHEMA = FactorSchema(["a", "b", "c"])
MS = 1_000_000
FOREVER = 2**62


def batch_of(ts: NDArray[np.int64], seed: int = 0) -> FactorBatch:
    """Make records at instants; a fifth of the values is missing."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(len(ts), len(SCHEMA)))
    values[random.random(values.shape) < 0.2] = np.nan
    return FactorBatch(
        schema=SCHEMA,
        sequence=np.arange(1, len(ts) + 1, dtype=np.uint64),
        ts_event=ts - 7,
        ts_init=ts,
        values=values,
        stream_id=9,
    )


def slowly(
    batch: FactorBatch, delays: dict[str, int], start_ns: int, end_ns: int
) -> list[tuple[int, int, list[float]]]:
    """Return instant, event time and values of each record, looking each one up by itself."""
    instants = sorted({int(t) + d for t in batch.ts_init for d in delays.values()})
    records = []
    for instant in instants:
        if not start_ns <= instant < end_ns:
            continue
        values, events = [], []
        for column, delay in enumerate(delays.values()):
            seen = [i for i, t in enumerate(batch.ts_init) if int(t) + delay <= instant]
            values.append(float(batch.values[seen[-1], column]) if seen else np.nan)
            events += [int(batch.ts_event[seen[-1]])] if seen else []
        records.append((instant, max(events), values))
    return records


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1, 3, 17, 1000])
def test_each_factor_is_as_of_its_own_delay(seed: int, size: int) -> None:
    """However the stream is cut into batches, the records are those of the slow way."""
    random = np.random.default_rng(seed)
    # Steps of 0 too: several records at one instant.
    ts = 10**15 + np.cumsum(random.integers(0, 5, 120)) * MS
    batch = batch_of(ts, seed)
    delays = {"a": 0, "b": 3 * MS, "c": 40 * MS}
    start_ns, end_ns = int(ts[20]), int(ts[-1]) + 20 * MS
    cut = (batch[i : i + size] for i in range(0, len(batch), size))
    delay = FactorDelay(by_name={"b": 3 * MS, "c": 40 * MS})
    made = list(delayed(cut, delay, start_ns, end_ns))
    expected = slowly(batch, delays, start_ns, end_ns)
    assert np.concatenate([b.ts_init for b in made]).tolist() == [e[0] for e in expected]
    assert np.concatenate([b.ts_event for b in made]).tolist() == [e[1] for e in expected]
    values = np.concatenate([b.values for b in made])
    assert np.array_equal(values, np.array([e[2] for e in expected]), equal_nan=True)
    sequence = np.concatenate([b.sequence for b in made]).astype(np.int64)
    assert (np.diff(sequence) == 1).all()


def test_one_delay_for_all_only_moves_the_records() -> None:
    """Values, event times, numbers and stream are those recorded: a record is older on arrival."""
    batch = batch_of(10**15 + MS * np.arange(50))
    made = list(delayed([batch[:20], batch[20:]], FactorDelay(all_ns=5 * MS), 0, FOREVER))
    assert np.array_equal(np.concatenate([b.ts_init for b in made]), batch.ts_init + 5 * MS)
    assert np.array_equal(np.concatenate([b.ts_event for b in made]), batch.ts_event)
    assert np.array_equal(np.concatenate([b.sequence for b in made]), batch.sequence)
    assert np.array_equal(np.concatenate([b.values for b in made]), batch.values, equal_nan=True)
    assert {b.stream_id for b in made} == {9}


def test_equal_delays_by_name_are_one_delay() -> None:
    """Named or not, the same delay everywhere changes no record but its instant."""
    batch = batch_of(10**15 + MS * np.arange(5))
    delay = FactorDelay(by_name=dict.fromkeys("abc", 2 * MS), all_ns=2 * MS)
    (made,) = delayed([batch], delay, 0, FOREVER)
    assert np.array_equal(made.sequence, batch.sequence)


def test_delays_are_read_as_documented(tmp_path: Path) -> None:
    """One for all, several, by name, and a file of lines."""
    assert read_delays("50ms") == [FactorDelay(all_ns=50 * MS)]
    assert [d.all_ns for d in read_delays("0, 50ms,1.5s,2m")] == [
        0, 50 * MS, 1_500 * MS, 120_000 * MS,
    ]  # fmt: skip
    named = [FactorDelay(by_name={"basis": 1_000 * MS, "imbal_btc": 50 * MS})]
    assert read_delays("basis=1s,imbal_btc=50ms") == named
    file = tmp_path / "delays.toml"
    file.write_text('basis = "1s"\nimbal_btc = "50ms"\n', encoding="utf-8")
    assert read_delays(str(file)) == named


@pytest.mark.parametrize("text", ["50", "fast", "-1s", "a=1s,2s", "a=", ""])
def test_what_is_no_delay_is_refused(text: str) -> None:
    """With what was expected and what was found."""
    with pytest.raises(ConfigError, match="--factor-delay"):
        read_delays(text)


def test_a_delay_of_an_unknown_factor_is_refused() -> None:
    """With the nearest name."""
    with pytest.raises(ConfigError, match=r"'basis'; did you mean 'basis_btc'"):
        FactorDelay(by_name={"basis": 1}).check(FactorSchema(["basis_btc"]))
