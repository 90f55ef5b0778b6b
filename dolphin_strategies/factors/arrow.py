"""The Arrow form of ExternalFactors: one float64 column a factor, and three stamps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dolphin_strategies.factors.external_factors import ExternalFactors

STAMPS: Final = ("sequence", "ts_event", "ts_init")
TYPE_NAME_KEY: Final = "type_name"
"""Schema metadata by which Nautilus's catalog finds the class that decodes a file."""
STREAM_ID_KEY: Final = "dolphin.stream_id"
"""Schema metadata: the stream's u64 as 16 hexadecimal digits."""
_HEX: Final = re.compile(rb"[0-9a-f]{1,16}")
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
    """Convert a batch into its Arrow form."""
    schema = arrow_schema(batch.schema, batch.stream_id)
    columns = [*np.ascontiguousarray(batch.values.T), *(getattr(batch, s) for s in STAMPS)]
    arrays = [column_of(c, field.type) for c, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def column_of(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    """Return an array as a column of 8-byte numbers or times in nanoseconds; see ``numpy_of``.

    Raises
    ------
    ValueError
        If ``kind`` is another type.

    """
    content = pa.py_buffer(np.ascontiguousarray(values, _dtype_of(kind)))
    return pa.Array.from_buffers(kind, len(values), [None, content])


def numpy_of(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of 8-byte numbers or times as an array, without a copy where possible.

    A time becomes its integer of nanoseconds; a missing float64 becomes NaN.

    Raises
    ------
    ValueError
        If the column is of another type, or lacks a value that cannot be NaN.

    Notes
    -----
    pyarrow's own ``to_numpy`` and ``array`` import all of pandas, which takes a second.

    """
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    dtype = _dtype_of(column.type)
    if column.null_count and dtype is np.float64:
        column = column.fill_null(np.nan)
    if column.null_count:
        msg = f"column: expected a value in every row, found {column.null_count} without"
        raise ValueError(msg)
    if not len(column):
        return np.empty(0, dtype)
    return np.frombuffer(column.buffers()[1], dtype, len(column), 8 * column.offset)


def factor_names(schema: pa.Schema) -> list[str]:
    """Return which columns are factors: those of float64; others may stand beside them."""
    return [field.name for field in schema if pa.types.is_float64(field.type)]


def stream_id_of(schema: pa.Schema) -> int:
    """Return the u64 of the stream that the metadata state; 0 if they state none.

    Raises
    ------
    ValueError
        If they state something else.

    """
    text = (schema.metadata or {}).get(STREAM_ID_KEY.encode(), b"0")
    if _HEX.fullmatch(text) is None:
        msg = f"{STREAM_ID_KEY}: expected up to 16 hexadecimal digits, found {text!r:.80}"
        raise ValueError(msg)
    return int(text, 16)


def from_arrow(batch: pa.RecordBatch | pa.Table) -> FactorBatch:
    """Convert an Arrow batch back; its columns define its factors, null is NaN."""
    names = factor_names(batch.schema)
    values = np.empty((batch.num_rows, len(names)))
    for i, name in enumerate(names):
        values[:, i] = numpy_of(batch.column(name))
    return FactorBatch(
        schema=FactorSchema(names),
        values=values,
        stream_id=stream_id_of(batch.schema),
        **{name: numpy_of(batch.column(name)) for name in STAMPS},
    )


def _dtype_of(kind: pa.DataType) -> type[np.generic]:
    if pa.types.is_float64(kind):
        return np.float64
    if pa.types.is_uint64(kind):
        return np.uint64
    if pa.types.is_int64(kind) or (pa.types.is_timestamp(kind) and kind.unit == "ns"):
        return np.int64
    msg = f"column: expected float64, uint64, int64 or a time in nanoseconds, found {kind}"
    raise ValueError(msg)


def encode(items: Sequence[ExternalFactors]) -> pa.RecordBatch:
    """Convert records of one schema and stream into a batch, for Nautilus's catalog.

    Raises
    ------
    ValueError
        If there are no items, or they have more than one schema or stream.

    """
    return to_arrow(FactorBatch.of(items))


def decode(batch: pa.RecordBatch) -> list[ExternalFactors]:
    """Convert a batch back into records."""
    return from_arrow(batch).records()
