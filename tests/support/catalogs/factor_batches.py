"""Batches of factors whose every value says which record it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.catalog import FactorCatalog, RecordingWriter
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FIRST_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 1_000_000
NAMES: Final = ("alpha", "beta", "gamma")


def numbered(
    first: int,
    count: int,
    *,
    names: Sequence[str] = NAMES,
    stream_id: int = 7,
    late_ns: int = 0,
    first_ns: int = FIRST_NS,
) -> FactorBatch:
    """Return records ``first``, ``first + 1``, ...; column i of record n is ``n + i / 8``.

    Record n is of ``first_ns + n * STEP_NS``, got ``late_ns`` later. The last column is NaN where
    the sequence is a multiple of five.
    """
    sequence = np.arange(first, first + count)
    values = sequence[:, None] + np.arange(len(names)) / 8.0
    values[sequence % 5 == 0, -1] = np.nan
    ts_event = first_ns + sequence * STEP_NS
    return FactorBatch(
        schema=FactorSchema(names),
        sequence=sequence.astype(np.uint64),
        ts_event=ts_event,
        ts_init=ts_event + late_ns,
        values=values,
        stream_id=stream_id,
    )


def sequences(batches: Iterable[FactorBatch]) -> list[int]:
    """Return the sequences of all batches, in their order."""
    return [int(n) for batch in batches for n in batch.sequence]


def assert_numbered(batches: Iterable[FactorBatch]) -> None:
    """Fail unless every value is the one that ``numbered`` gave its record."""
    for batch in batches:
        n = batch.sequence.astype(np.float64)[:, None]
        expected = n + np.arange(len(batch.schema)) / 8.0
        expected[batch.sequence % 5 == 0, -1] = np.nan
        np.testing.assert_array_equal(batch.values, expected)


def record(catalog: Path, *batches: FactorBatch, name: str = "one") -> FactorCatalog:
    """Record batches, each in a part of its own."""
    with RecordingWriter(catalog, source="test", name=name) as writer:
        for batch in batches:
            writer.write_factors(batch)
            writer.rotate()
    return FactorCatalog(catalog)
