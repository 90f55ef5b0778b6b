"""The Arrow form of ExternalFactors: one float64 column a factor, and three stamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

STAMPS: Final = ("sequence", "ts_event", "ts_init")
_STAMP_FIELDS: Final = (
    pa.field("sequence", pa.uint64(), nullable=False),
    pa.field("ts_event", pa.timestamp("ns", tz="UTC"), nullable=False),
    pa.field("ts_init", pa.timestamp("ns", tz="UTC"), nullable=False),
)


def stamp_schema() -> pa.Schema:
    """Return the columns that every batch has, whatever its factors."""
    return pa.schema(_STAMP_FIELDS)


def encode(items: Sequence[ExternalFactors]) -> pa.RecordBatch:
    """Turn records of one schema into a batch.

    Raises
    ------
    ValueError
        If there are no items, or they have more than one schema.

    """
    if not items:
        msg = "items: expected at least one ExternalFactors, found none"
        raise ValueError(msg)
    schema = items[0].schema
    if any(f.schema is not schema and f.schema != schema for f in items):
        msg = "items: expected one schema; encode records of each schema by themselves"
        raise ValueError(msg)
    rows = np.frombuffer(b"".join(f.payload for f in items), dtype="<f8")
    columns = np.ascontiguousarray(rows.reshape(len(items), len(schema)).T)
    stamps = [pa.array([getattr(f, s.name) for f in items], s.type) for s in _STAMP_FIELDS]
    fields = [pa.field(name, pa.float64()) for name in schema]
    return pa.RecordBatch.from_arrays(
        [*(pa.array(c) for c in columns), *stamps],
        schema=pa.schema([*fields, *_STAMP_FIELDS]),
    )


def decode(batch: pa.RecordBatch) -> list[ExternalFactors]:
    """Turn a batch back into records; its own columns say which factors it has."""
    names = [name for name in batch.schema.names if name not in STAMPS and name != "type"]
    schema = FactorSchema(names)
    rows = np.empty((batch.num_rows, len(names)), dtype="<f8")
    for i, name in enumerate(names):
        rows[:, i] = batch.column(name).to_numpy(zero_copy_only=False)
    payload, size = rows.tobytes(), 8 * len(names)
    stamps = [batch.column(s).cast(pa.int64()).to_pylist() for s in STAMPS]
    return [
        ExternalFactors(schema, payload[i * size : (i + 1) * size], ts_event, ts_init, sequence)
        for i, (sequence, ts_event, ts_init) in enumerate(zip(*stamps, strict=True))
    ]
