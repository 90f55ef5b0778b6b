"""OKX's trades and one-minute candles; sizes and volumes of swaps are contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import stamps_ns
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol, trades_of
from backtests.importing.backfilling.formats.rows.usable_bars import bars_of
from backtests.importing.backfilling.formats.venues.okx.okx_origin import origin_of

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

MINUTE_NS: Final = 60_000_000_000
_TRADES: Final = shape_of(
    instrument_name="s", trade_id="i", side="s", price="n", size="n", created_time="t", source="s"
)
_OLD_TRADES: Final = shape_of(trade_id="i", side="s", size="n", price="n", created_time="t")
OLD_NAMES: Final = {
    "trade_id/撮合id": "trade_id",
    "side/交易方向": "side",
    "size/数量": "size",
    "price/价格": "price",
    "created_time/成交时间": "created_time",
}
"""The header until 2023 or so, in GBK."""
_CANDLES: Final = shape_of(
    instrument_name="s",
    open="n",
    high="n",
    low="n",
    close="n",
    vol="n",
    vol_ccy="n",
    vol_quote="n",
    open_time="t",
    confirm="s",
)


def _origin(sample: Sample) -> Origin | None:
    has_names = len(sample.rows[0]) != len(_OLD_TRADES)
    return origin_of(sample, sample.rows[0][0] if has_names else "")


def _trades(table: pa.Table, origin: Origin) -> Converted:
    if "instrument_name" in table.column_names:
        only_symbol(table["instrument_name"], origin.symbol)
    return trades_of(origin, stamps_ns(table["created_time"]), table, "size", "trade_id")


def _candles_origin(sample: Sample) -> Origin | None:
    return origin_of(sample, sample.rows[0][0], "1m") if sample.rows else None


def _candles(table: pa.Table, origin: Origin) -> Converted:
    only_symbol(table["instrument_name"], origin.symbol)
    # ``confirm`` is 0 in some files although every minute is over: it says nothing.
    end_ns = stamps_ns(table["open_time"]) + MINUTE_NS
    if (end_ns % MINUTE_NS).any():
        msg = "open_time: expected whole minutes"
        raise ValueError(msg)
    return bars_of(origin, "1-MINUTE", end_ns, table, "vol")


TRADES: Final = ArchiveFormat(
    name="okx trades",
    shapes=(_TRADES, _TRADES[:-1], _OLD_TRADES),
    types={
        "instrument_name": pa.string(),
        "trade_id": pa.string(),
        "side": pa.string(),
        "price": DECIMAL,
        "size": DECIMAL,
        "created_time": pa.int64(),
    },
    origin=_origin,
    convert=_trades,
    is_streamed=True,
    aliases=OLD_NAMES,
)
CANDLES: Final = ArchiveFormat(
    name="okx candlesticks",
    shapes=(_CANDLES,),
    types={
        "instrument_name": pa.string(),
        **dict.fromkeys(("open", "high", "low", "close", "vol"), DECIMAL),
        "open_time": pa.int64(),
    },
    origin=_candles_origin,
    convert=_candles,
)
