"""The model of a recording: what a producer published, and what a catalog must give of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog import FactorCatalog
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SCHEMAS: Final = (("alpha", "beta"), ("beta", "alpha"), ("alpha", "beta", "gamma"))
FIRST_NS: Final = 1_700_000_000_000_000_000
type Key = tuple[int, int]
"""A stream and a sequence."""


@dataclass
class Stream:
    """A producer's stream: record n has values that only it has."""

    number: int
    schemas: dict[int, tuple[str, ...]] = field(default_factory=dict)
    stamps: dict[int, int] = field(default_factory=dict)
    newest: int = 0

    def publish(self, count: int, names: tuple[str, ...], now_ns: int) -> None:
        """Publish records, got at consecutive nanoseconds from ``now_ns`` on."""
        for n in range(self.newest + 1, self.newest + 1 + count):
            self.schemas[n], self.stamps[n] = names, now_ns + n
        self.newest += count

    def batch(self, sequences: Collection[int]) -> FactorBatch:
        """Return records of one schema as a recorder reads them."""
        first, *_ = sequences
        names, n = self.schemas[first], np.array(sequences)
        return FactorBatch(
            schema=FactorSchema(names),
            sequence=n.astype(np.uint64),
            ts_event=n + FIRST_NS,
            ts_init=np.array([self.stamps[i] for i in sequences]),
            values=values_of(self.number, n, names),
            stream_id=self.number,
        )


def values_of(stream: int, n: NDArray[Any], names: Sequence[str]) -> NDArray[np.float64]:
    """Return the values of records: each says of which record, stream and name it is."""
    columns = np.array([ord(name[0]) / 1024 for name in names])
    values: NDArray[np.float64] = n[:, None] + stream * 4096.0 + columns
    return values


def found_in(
    catalog: Path, streams: dict[int, Stream], recordings: Collection[str] | None = None
) -> list[Key]:
    """Return the records that a query gives, in its order, each compared with what was published.

    Fails at a damaged file: there is none in a recording that only crashed.
    """
    found: list[Key] = []
    stamps: list[int] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for batch in FactorCatalog(catalog).batches(recordings=recordings):
            stream = streams[batch.stream_id]
            expected = values_of(
                stream.number, batch.sequence.astype(np.int64), batch.schema.names
            )
            for i, n in enumerate(batch.sequence.tolist()):
                known = set(stream.schemas[n])
                assert known <= set(batch.schema.names)
                for j, name in enumerate(batch.schema):
                    value = batch.values[i, j]
                    assert value == expected[i, j] if name in known else np.isnan(value)
                assert batch.ts_event[i] == n + FIRST_NS
                assert batch.ts_init[i] == stream.stamps[n]
            found += [(batch.stream_id, n) for n in batch.sequence.tolist()]
            stamps += batch.ts_init.tolist()
    assert stamps == sorted(stamps)
    return found
