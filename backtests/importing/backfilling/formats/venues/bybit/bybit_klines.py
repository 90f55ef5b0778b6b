"""Bybit's klines for MetaTrader 4, and the premium and spot indexes of 2019 and 2020."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    FieldSeries,
    shape_of,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import (
    stamps_ns,
)
from backtests.importing.backfilling.formats.rows.once_each import once_each
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol
from backtests.importing.backfilling.formats.rows.usable_bars import bars_of
from backtests.importing.backfilling.formats.venues.bybit.bybit_origin import (
    INDEX_NAME,
    KLINES_NAME,
    name_of,
    origin_of_symbol,
)
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

CLOCK_NS: Final = 3 * 3_600_000_000_000
"""MetaTrader's clock in these files is UTC+3, in summer and winter."""
BPS: Final = 10_000.0
MINUTE_NS: Final = 60_000_000_000
_SPANS: Final = {
    **{str(m): f"{m}-MINUTE" for m in (1, 3, 5, 15, 30)},
    **{str(h * 60): f"{h}-HOUR" for h in (1, 2, 4, 6, 12)},
    "1440": "1-DAY",
}
_PRICES: Final = ("open", "high", "low", "close", "volume")
_FORMAT: Final = "%Y.%m.%d %H:%M"
_KLINES: Final = shape_of(time="m", open="n", high="n", low="n", close="n", volume="n")
_INDEX: Final = shape_of(
    start_at="t", symbol="s", period="i", open="n", high="n", low="n", close="n"
)


def _klines_origin(sample: Sample) -> Origin | None:
    found = name_of(sample, KLINES_NAME)
    if found is None or found[2] not in _SPANS:
        msg = (
            "the name states no symbol and minutes: expected one such as "
            "BTCUSDT_15_2024-03-01_2024-03-31.csv.gz, as Bybit names it"
        )
        raise ValueError(msg)
    return origin_of_symbol(found[1], found[3], found[2])


def _klines(table: pa.Table, origin: Origin) -> Converted:
    local = pc.strptime(table["time"], format=_FORMAT, unit="ns")
    start_ns: NDArray[np.int64] = numpy_of(local.cast(pa.int64())) - CLOCK_NS
    end_ns = start_ns + int(origin.interval) * MINUTE_NS
    return bars_of(origin, _SPANS[origin.interval], end_ns, table)


def _index_origin(sample: Sample) -> Origin | None:
    found = name_of(sample, INDEX_NAME)
    if found is None:
        msg = (
            "the name states neither premium_index nor index_price: expected one such as "
            "BTCUSD2020-01-01_premium_index.csv.gz, as Bybit names it"
        )
        raise ValueError(msg)
    kind = "premium" if found[0].rpartition("_")[0].endswith("premium") else "index"
    return origin_of_symbol(sample.rows[0][1], found[2], kind) if sample.rows else None


def _index(table: pa.Table, origin: Origin) -> Converted:
    only_symbol(table["symbol"], origin.symbol)
    periods = pc.unique(table["period"]).to_pylist()
    if periods != [1]:
        msg = f"period: expected minutes, found {periods[:4]}"
        raise ValueError(msg)
    table, end_ns, notes = once_each(table, stamps_ns(table["start_at"]) + MINUTE_NS)
    is_premium = origin.interval == "premium"
    closes = numpy_of(table["close"].cast(pa.float64()).fill_null(np.nan))
    series = FieldSeries(
        source="" if is_premium else "bybit/inverse_ticker",
        field="" if is_premium else "index_price",
        name="premium_index_{symbol_lc}_bybit_bps" if is_premium else "index_{symbol_lc}_bybit",
        at_ns=end_ns,
        values=closes * BPS if is_premium else closes,
        every_ns=MINUTE_NS,
        unit="bps" if is_premium else "USD",
    )
    return Converted(series=(series,), notes=notes)


KLINES: Final = ArchiveFormat(
    name="bybit kline_for_metatrader4",
    shapes=(_KLINES,),
    types={
        "time": pa.string(),
        **dict.fromkeys(_PRICES, DECIMAL),
    },
    origin=_klines_origin,
    convert=_klines,
)
INDEX: Final = ArchiveFormat(
    name="bybit premium_index and spot_index",
    shapes=(_INDEX,),
    types={
        "start_at": pa.int64(),
        "symbol": pa.string(),
        "period": pa.int64(),
        "close": pa.float64(),
    },
    origin=_index_origin,
    convert=_index,
)
