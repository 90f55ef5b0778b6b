"""ExternalFactors as a Nautilus custom data type: its Arrow form, registration and DataTypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import DataType, register_custom_data_class

from dolphin_strategies.factors import arrow
from dolphin_strategies.factors.external_factors import ExternalFactors

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa


def _encode(self: ExternalFactors, items: Iterable[ExternalFactors]) -> pa.RecordBatch:
    return arrow.encode(list(items))


def _decode(metadata: dict[str, Any], batch: pa.RecordBatch) -> list[ExternalFactors]:
    return arrow.decode(batch.replace_schema_metadata(metadata))


# Set here, so that records and batches can be used without Nautilus and Arrow.
ExternalFactors.arrow_schema_py = staticmethod(arrow.stamp_schema)
ExternalFactors.encode_record_batch_py = _encode
ExternalFactors.decode_record_batch_py = staticmethod(_decode)
register_custom_data_class(ExternalFactors)

EXTERNAL_FACTORS: Final = DataType("ExternalFactors")
"""The DataType to subscribe to; it has no metadata."""

KEEP_WARM: Final = DataType("ExternalFactorsKeepWarm")
"""A spinning feed repeats its last record under this type while it waits, so that the code
between bus and strategy stays in the CPU's caches; a FactorStrategy does not act on repeats."""
