"""Binance's aggTrades and trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import (
    in_time_order,
    positive,
    stamps_ns,
    trade_rows,
)
from backtests.importing.backfilling.formats.venues.binance.binance_origin import (
    SPOT,
    USDM,
    origin_of,
)

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_SPOT_AGGREGATED: Final = shape_of(
    agg_trade_id="i",
    price="n",
    quantity="n",
    first_trade_id="i",
    last_trade_id="i",
    transact_time="t",
    is_buyer_maker="b",
    is_best_match="b",
)
_SPOT_TRADES: Final = shape_of(
    id="i", price="n", qty="n", quote_qty="n", time="t", is_buyer_maker="b", is_best_match="b"
)
_COINM_TRADES: Final = shape_of(
    id="i", price="n", qty="n", base_qty="n", time="t", is_buyer_maker="b"
)
_USDM_TRADES: Final = shape_of(
    id="i", price="n", qty="n", quote_qty="n", time="t", is_buyer_maker="b"
)


def _aggregated_origin(sample: Sample) -> Origin | None:
    is_spot = len(sample.rows[0]) == len(_SPOT_AGGREGATED)
    return origin_of(sample, ["aggTrades"], market=SPOT if is_spot else USDM)


def _trades_origin(sample: Sample) -> Origin | None:
    is_spot = len(sample.rows[0]) == len(_SPOT_TRADES)
    return origin_of(sample, ["trades"], market=SPOT if is_spot else USDM)


def _aggregated(table: pa.Table, origin: Origin) -> Converted:
    return _converted(
        table.rename_columns({"agg_trade_id": "id", "quantity": "qty", "transact_time": "time"}),
        origin,
    )


def _converted(table: pa.Table, origin: Origin) -> Converted:
    notes = {}
    mask = positive(table["price"], table["qty"])
    if mask is not None:
        notes["not positive"] = len(mask) - pc.sum(mask).as_py()
        table = table.filter(mask)
    at_ns, table = in_time_order(stamps_ns(table["time"]), table)
    columns = {
        "price": table["price"],
        "size": table["qty"],
        "is_sell": table["is_buyer_maker"],
        "trade_id": table["id"],
    }
    rows = trade_rows(origin.instrument_id, at_ns, columns)
    return Converted((rows,), notes=notes)


AGG_TRADES: Final = ArchiveFormat(
    name="binance aggTrades",
    shapes=(_SPOT_AGGREGATED, _SPOT_AGGREGATED[:-1]),
    types={
        "agg_trade_id": pa.string(),
        "price": DECIMAL,
        "quantity": DECIMAL,
        "transact_time": pa.int64(),
        "is_buyer_maker": pa.bool_(),
    },
    origin=_aggregated_origin,
    convert=_aggregated,
    is_streamed=True,
    series_id="trade_id",
    prefers_over=("binance trades",),
)
TRADES: Final = ArchiveFormat(
    name="binance trades",
    shapes=(_SPOT_TRADES, _USDM_TRADES, _COINM_TRADES),
    types={
        "id": pa.string(),
        "price": DECIMAL,
        "qty": DECIMAL,
        "time": pa.int64(),
        "is_buyer_maker": pa.bool_(),
    },
    origin=_trades_origin,
    convert=_converted,
    is_streamed=True,
    series_id="trade_id",
)
