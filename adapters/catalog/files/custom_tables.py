"""Custom types of venues' clients as Arrow tables, with the columns of Nautilus's own encoder."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from nautilus_trader.adapters.binance import BinanceFuturesLiquidation, BinanceFuturesOpenInterest
from nautilus_trader.adapters.bybit import BybitLiquidation
from nautilus_trader.adapters.deribit import DeribitVolatilityIndex
from nautilus_trader.adapters.hyperliquid import HyperliquidOpenInterest
from nautilus_trader.model import Price, Quantity

from dolphin_strategies.factors.arrow import TYPE_NAME_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TYPES: Final[Mapping[str, Any]] = {
    found.__name__: found
    for found in (
        BinanceFuturesLiquidation,
        BinanceFuturesOpenInterest,
        BybitLiquidation,
        DeribitVolatilityIndex,
        HyperliquidOpenInterest,
    )
}
FOLDER: Final = "custom/"
"""What the folders of these tables begin with, relative to ``data``; the type's name follows."""
INDEX_NAME: Final = "index_name"
"""The metadata that names the index of a table that is of no instrument."""


def custom_to_arrow(type_name: str, rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    """Convert data of one type and one instrument or index into a batch.

    Parameters
    ----------
    type_name : str
        The name of the type.
    rows : sequence of dict
        What ``to_json`` of each makes; at least one.

    Raises
    ------
    ValueError
        If the type is not known, or a row is none of it.

    """
    data_type = _type_of(type_name)
    first = data_type.from_json(rows[0])
    metadata = {TYPE_NAME_KEY: type_name}
    if hasattr(first, INDEX_NAME):
        metadata[INDEX_NAME] = first.index_name
    else:
        metadata["instrument_id"] = str(first.instrument_id)
    decimals = [n for n in rows[0] if isinstance(getattr(first, n), Price | Quantity)]
    for name in decimals:
        # Nautilus's encoder refuses a field whose precisions differ, which change no number.
        digits = max(len(str(row[name]).partition(".")[2]) for row in rows)
        rows = [{**row, name: f"{Decimal(row[name]):.{digits}f}"} for row in rows]
        metadata[f"{name}_precision"] = str(digits)
    data = [data_type.from_json(row) for row in rows]
    batch: pa.RecordBatch = data[0].encode_record_batch_py(data)
    for i, field in enumerate(batch.schema):
        if field.type == pa.float64():
            # Nautilus's from_json is one off in the last bit of many floats (2.0.0rc7).
            exact = pa.array([row[field.name] for row in rows], pa.float64())
            batch = batch.set_column(i, field, exact)
    return batch.replace_schema_metadata(metadata)


def custom_from_arrow(type_name: str, table: pa.Table) -> list[Any]:
    """Convert a table of one type back.

    Raises
    ------
    ValueError
        If the type is not known, or columns or metadata are missing.

    """
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    batches = table.combine_chunks().to_batches()
    decode = _type_of(type_name).decode_record_batch_py
    return [datum for batch in batches for datum in decode(metadata, batch)]


def _type_of(name: str) -> Any:
    try:
        return _TYPES[name]
    except KeyError:
        msg = f"custom type {name!r}: expected one of {', '.join(_TYPES)}"
        raise ValueError(msg) from None
