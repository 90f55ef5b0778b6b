"""The Arrow form of ExternalFactors: one float64 column a factor, and three stamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dolphin_strategies.factors.external_factors import ExternalFactors

STAMPS: Final = ("sequence", "ts_event", "ts_init")
TYPE_NAME_KEY: Final = "type_name"
"""Schema metadata by which Nautilus's catalog finds the class that decodes a file."""
STREAM_ID_KEY: Final = "dolphin.stream_id"
"""Schema metadata: the stream's u64 as 16 hexadecimal digits."""
_STAMP_FIELDS: Final = (
    pa.field("sequence", pa.uint64(), nullable=False),
    pa.field("ts_event", pa.timestamp("ns", tz="UTC"), nullable=False),
    pa.field("ts_init", pa.timestamp("ns", tz="UTC"), nullable=False),
)


def stamp_schema() -> pa.Schema:
    """Return the columns that every batch has, whatever its factors."""
    return pa.schema(_STAMP_FIELDS)


def arrow_schema(schema: FactorSchema, stream_id: int = 0) -> pa.Schema:
    """Return the columns and the metadata of batches of these factors."""
    fields = [pa.field(name, pa.float64()) for name in schema]
    metadata = {TYPE_NAME_KEY: "ExternalFactors", STREAM_ID_KEY: f"{stream_id:016x}"}
    return pa.schema([*fields, *_STAMP_FIELDS], metadata=metadata)


def to_arrow(batch: FactorBatch) -> pa.RecordBatch:
    """Turn a batch into its Arrow form."""
    columns = np.ascontiguousarray(batch.values.T, dtype=np.float64)
    stamps = [pa.array(getattr(batch, f.name)).cast(f.type) for f in _STAMP_FIELDS]
    return pa.RecordBatch.from_arrays(
        [*(pa.array(c) for c in columns), *stamps],
        schema=arrow_schema(batch.schema, batch.stream_id),
    )


def factor_names(schema: pa.Schema) -> list[str]:
    """Return which columns are factors: those of float64; others may stand beside them."""
    return [field.name for field in schema if pa.types.is_float64(field.type)]


def from_arrow(batch: pa.RecordBatch | pa.Table) -> FactorBatch:
    """Turn a batch back; its own columns say which factors it has, null is NaN."""
    names = factor_names(batch.schema)
    values = np.empty((batch.num_rows, len(names)))
    for i, name in enumerate(names):
        values[:, i] = batch.column(name).to_numpy(zero_copy_only=False)
    stamps = {s: batch.column(s).cast(pa.int64()).to_numpy() for s in STAMPS[1:]}
    metadata = batch.schema.metadata or {}
    return FactorBatch(
        schema=FactorSchema(names),
        sequence=batch.column("sequence").to_numpy(),
        values=values,
        stream_id=int(metadata.get(STREAM_ID_KEY.encode(), b"0"), 16),
        **stamps,
    )


def encode(items: Sequence[ExternalFactors]) -> pa.RecordBatch:
    """Turn records of one schema and stream into a batch, as Nautilus's catalog asks.

    Raises
    ------
    ValueError
        If there are no items, or they have more than one schema or stream.

    """
    return to_arrow(FactorBatch.of(items))


def decode(batch: pa.RecordBatch) -> list[ExternalFactors]:
    """Turn a batch back into records."""
    return from_arrow(batch).records()
