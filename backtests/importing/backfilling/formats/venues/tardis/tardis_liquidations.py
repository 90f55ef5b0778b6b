"""Tardis's liquidations as the types of the venues' live clients: Binance futures and Bybit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from adapters.catalog.files.custom_tables import FOLDER, custom_to_arrow
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol
from backtests.importing.backfilling.formats.venues.tardis.tardis_origin import kind_in, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

    type Row = dict[str, Any]

US_NS: Final = 1_000
_SHAPE: Final = shape_of(
    exchange="s",
    symbol="s",
    timestamp="t",
    local_timestamp="t",
    id="s",
    side="s",
    price="n",
    amount="n",
)


def _of_binance(row: Row) -> Row:
    """Return the order that liquidates: a long is sold."""
    return {
        "side": row["side"].upper(),
        "price": row["price"],
        "average_price": row["price"],
        "last_filled_qty": row["amount"],
        "accumulated_qty": row["amount"],
    }


def _of_bybit(row: Row) -> Row:
    """Return the position that is liquidated: what is sold was long."""
    return {
        "position_side": "LONG" if row["side"] == "sell" else "SHORT",
        "bankruptcy_price": row["price"],
        "quantity": row["amount"],
    }


TYPES: Final[dict[str, tuple[str, Callable[[Row], Row]]]] = {
    "binance_usdm": ("BinanceFuturesLiquidation", _of_binance),
    "binance_coinm": ("BinanceFuturesLiquidation", _of_binance),
    "bybit": ("BybitLiquidation", _of_bybit),
}


def _origin(sample: Sample) -> Origin | None:
    if kind_in(sample, "liquidations", "trades") != "liquidations":
        return None
    origin = origin_of(sample)
    if origin is not None and origin.venue not in TYPES:
        msg = f"NautilusTrader has no type for liquidations of {origin.venue}"
        raise ValueError(msg)
    return origin


def _converted(table: pa.Table, origin: Origin) -> Converted:
    only_symbol(table["symbol"], origin.symbol)
    type_name, fields_of = TYPES[origin.venue]
    rows: list[Row] = []
    notes: dict[str, int] = {}
    for row in sorted(table.to_pylist(), key=lambda row: int(row["local_timestamp"])):
        if row["side"] not in {"buy", "sell"} or not (row["price"] and row["amount"]):
            notes["without side or size"] = notes.get("without side or size", 0) + 1
            continue
        stamps = {
            "ts_event": row["timestamp"] * US_NS,
            "ts_init": row["local_timestamp"] * US_NS,
        }
        rows.append({"instrument_id": origin.instrument_id, **fields_of(row), **stamps})
    if not rows:
        return Converted(notes=notes)
    batch = custom_to_arrow(type_name, rows)
    return Converted(((f"{FOLDER}{type_name}/{origin.instrument_id}", batch),), notes=notes)


LIQUIDATIONS: Final = ArchiveFormat(
    name="tardis liquidations",
    shapes=(_SHAPE,),
    types={
        "symbol": pa.string(),
        "timestamp": pa.int64(),
        "local_timestamp": pa.int64(),
        "side": pa.string(),
        "price": pa.string(),
        "amount": pa.string(),
    },
    origin=_origin,
    convert=_converted,
)
