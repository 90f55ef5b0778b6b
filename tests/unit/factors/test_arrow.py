"""The Arrow form of ExternalFactors, alone and through Nautilus's catalog."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import pytest
from nautilus_trader.model import CustomData, NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from dolphin_strategies import EXTERNAL_FACTORS, ExternalFactors, FactorSchema
from dolphin_strategies.factors.arrow import decode, encode

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = FactorSchema(["basis", "imbal_btc"])
ODD_NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000123))[0]


def records(
    count: int, schema: FactorSchema = SCHEMA, start: int = 1_000
) -> list[ExternalFactors]:
    """Make records with odd values."""
    odd = [math.nan, ODD_NAN, -0.0, 5e-324, 1e308]
    return [
        ExternalFactors.from_values(
            schema,
            [odd[i % len(odd)], float(i)] + [0.5] * (len(schema) - 2),
            ts_event=start + i,
            ts_init=start + 10 * i + 7,
            sequence=i + 1,
        )
        for i in range(count)
    ]


def test_a_batch_has_one_column_a_factor_and_comes_back_bit_exact() -> None:
    """Any tool can read the columns; NaN payloads, -0.0 and denormals survive."""
    before = records(12)
    batch = encode(before)
    assert batch.schema.names == ["basis", "imbal_btc", "sequence", "ts_event", "ts_init"]
    assert decode(batch) == before


def test_records_of_two_schemas_do_not_share_a_batch() -> None:
    """Each schema has columns of its own."""
    other = records(1, FactorSchema(["basis", "spread"]))
    with pytest.raises(ValueError, match="one schema"):
        encode([*records(1), *other])
    with pytest.raises(ValueError, match="found none"):
        encode([])


def test_nautilus_catalog_keeps_records_of_different_schemas_side_by_side(tmp_path: Path) -> None:
    """What is written as custom data is queried back equal, in order."""
    catalog = ParquetDataCatalog(str(tmp_path))
    first = records(5)
    second = records(5, FactorSchema(["basis", "imbal_btc", "spread"]), start=1_000_000)
    for part in (first, second):
        catalog.write_custom_data([CustomData(EXTERNAL_FACTORS, f) for f in part])
    found = catalog.query(NautilusDataType.Custom("ExternalFactors"))
    assert [item.data for item in found] == [*first, *second]
