"""Binance's liquidationSnapshot: forced orders, at most one a second of each symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from adapters.catalog.files.custom_tables import FOLDER, custom_to_arrow
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.market_rows import in_time_order, stamps_ns
from backtests.importing.backfilling.formats.venues.binance.binance_origin import USDM, origin_of

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_TYPE: Final = "BinanceFuturesLiquidation"
_SHAPE: Final = shape_of(
    time="t",
    side="s",
    order_type="s",
    time_in_force="s",
    original_quantity="n",
    price="n",
    average_price="n",
    order_status="s",
    last_fill_quantity="n",
    accumulated_fill_quantity="n",
)
_WITH_SYMBOL: Final = (_SHAPE[0], *shape_of(symbol="s"), *_SHAPE[1:])
_NUMBERS: Final = {
    "price": "price",
    "average_price": "average_price",
    "last_filled_qty": "last_fill_quantity",
    "accumulated_qty": "accumulated_fill_quantity",
}


def _origin(sample: Sample) -> Origin | None:
    return origin_of(sample, ["liquidationSnapshot"], market=USDM)


def _converted(table: pa.Table, origin: Origin) -> Converted:
    at_ns, table = in_time_order(stamps_ns(table["time"]), table)
    rows, seen = [], set()
    notes: dict[str, int] = {}
    for at, row in zip(at_ns.tolist(), table.to_pylist(), strict=True):
        numbers = {name: row[column] for name, column in _NUMBERS.items()}
        if row["side"] not in {"BUY", "SELL"} or None in numbers.values():
            notes["without side or size"] = notes.get("without side or size", 0) + 1
            continue
        # Files of some days have every row twice.
        if (key := (at, row["side"], *numbers.values())) in seen:
            notes["repeated"] = notes.get("repeated", 0) + 1
            continue
        seen.add(key)
        rows.append(
            {
                "instrument_id": origin.instrument_id,
                "side": row["side"],
                **numbers,
                "ts_event": at,
                "ts_init": at,
            }
        )
    if not rows:
        return Converted(notes=notes)
    batch = custom_to_arrow(_TYPE, rows)
    return Converted(((f"{FOLDER}{_TYPE}/{origin.instrument_id}", batch),), notes=notes)


LIQUIDATIONS: Final = ArchiveFormat(
    name="binance liquidationSnapshot",
    shapes=(_SHAPE, _WITH_SYMBOL),
    types={
        "time": pa.int64(),
        "side": pa.string(),
        **dict.fromkeys(_NUMBERS.values(), pa.string()),
    },
    origin=_origin,
    convert=_converted,
)
