"""Bybit's trades of derivatives and of spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    Origin,
    days_in,
    shape_of,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import stamps_ns
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol, trades_of
from backtests.importing.backfilling.formats.venues.bybit.bybit_origin import (
    SPOT,
    SPOT_NAME,
    name_of,
    origin_of_symbol,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.backfilling.archives.csv_blocks import Sample

SECONDS: Final = pa.decimal128(19, 9)
"""Stamps in seconds, exact to the nanosecond."""
_DERIVATIVES: Final = shape_of(
    timestamp="n",
    symbol="s",
    side="s",
    size="n",
    price="n",
    tickdirection="s",
    trdmatchid="s",
    grossvalue="n",
    homenotional="n",
    foreignnotional="n",
    rpi="n",
)
_SPOT: Final = shape_of(id="i", timestamp="t", price="n", volume="n", side="s", rpi="n")


def seconds_ns(stamps: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return stamps in seconds with fractions as UNIX nanoseconds, exact to the last digit.

    Parameters
    ----------
    stamps : decimal array
        Of the type ``SECONDS``.

    Raises
    ------
    ValueError
        If there is an empty cell.

    """
    if stamps.null_count:
        msg = "an empty stamp"
        raise ValueError(msg)
    column = stamps.combine_chunks() if isinstance(stamps, pa.ChunkedArray) else stamps
    words = np.frombuffer(column.buffers()[1], np.int64).reshape(-1, 2)
    found: NDArray[np.int64] = words[column.offset : column.offset + len(column), 0].copy()
    return found


def _origin(sample: Sample) -> Origin | None:
    # BitMEX's files have the same columns, and other stamps.
    return origin_of_symbol(sample.rows[0][1], sample.relative.name) if sample.rows else None


def _spot_origin(sample: Sample) -> Origin | None:
    found = name_of(sample, SPOT_NAME)
    if found is None:
        msg = (
            "the name states no symbol: expected one such as BTCUSDT_2026-07-25.csv.gz or "
            "BTCUSDT-2022-11.csv.gz, as Bybit names it"
        )
        raise ValueError(msg)
    return Origin(SPOT, found[1], f"{found[1]}-SPOT.BYBIT", "", *days_in(found[2]))


def _converted(table: pa.Table, origin: Origin) -> Converted:
    only_symbol(table["symbol"], origin.symbol)
    return trades_of(origin, seconds_ns(table["timestamp"]), table, "size", "trdmatchid")


def _spot(table: pa.Table, origin: Origin) -> Converted:
    return trades_of(origin, stamps_ns(table["timestamp"]), table, "volume", "id")


TRADES: Final = ArchiveFormat(
    name="bybit trading",
    shapes=(_DERIVATIVES, _DERIVATIVES[:-1]),
    types={
        "timestamp": SECONDS,
        "symbol": pa.string(),
        "side": pa.string(),
        "size": DECIMAL,
        "price": DECIMAL,
        "trdmatchid": pa.string(),
    },
    origin=_origin,
    convert=_converted,
    is_streamed=True,
)
SPOT_TRADES: Final = ArchiveFormat(
    name="bybit spot",
    shapes=(_SPOT, _SPOT[:-1]),
    types={
        "id": pa.string(),
        "timestamp": pa.int64(),
        "price": DECIMAL,
        "volume": DECIMAL,
        "side": pa.string(),
    },
    origin=_spot_origin,
    convert=_spot,
    is_streamed=True,
)
