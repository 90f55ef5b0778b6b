"""Binance's metrics: open interest, long/short and taker ratios of every five minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    FieldSeries,
    shape_of,
)
from backtests.importing.backfilling.formats.venues.binance.binance_origin import (
    COINM,
    USDM,
    origin_of,
)
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

SPAN_NS: Final = 300_000_000_000
CHANGED_NS: Final = int(datetime(2026, 6, 25, tzinfo=UTC).timestamp()) * 1_000_000_000
"""From this label on USD-M files label a row with the start of its five minutes, before with the
end; COIN-M files always with the start (binance-public-data, issue 491)."""
STATISTICS_NS: Final = 60_000_000_000
"""How long after their five minutes the ratios are served: an assumption, on the late side."""
_SHAPE: Final = shape_of(
    create_time="d",
    symbol="s",
    sum_open_interest="n",
    sum_open_interest_value="n",
    count_toptrader_long_short_ratio="n",
    sum_toptrader_long_short_ratio="n",
    count_long_short_ratio="n",
    sum_taker_long_short_vol_ratio="n",
)
_FIELDS: Final = (
    ("sum_open_interest", "open_interest", "open_interest_base", 0,
     "open_interest_{symbol_lc}_binance_coinm"),
    ("sum_open_interest_value", "open_interest", "", 0, ""),
    ("count_toptrader_long_short_ratio", "top_long_short_accounts", "long_short", STATISTICS_NS,
     "long_short_top_accounts_{symbol_lc}_binance_coinm"),
    ("sum_toptrader_long_short_ratio", "top_long_short_positions", "long_short", STATISTICS_NS,
     "long_short_top_positions_{symbol_lc}_binance_coinm"),
    ("count_long_short_ratio", "long_short_accounts", "long_short", STATISTICS_NS,
     "long_short_{symbol_lc}_binance_coinm"),
    ("sum_taker_long_short_vol_ratio", "taker_volume", "taker_buy_sell", STATISTICS_NS,
     "taker_buy_sell_{symbol_lc}_binance_coinm"),
)  # fmt: skip
_TAKER: Final = "sum_taker_long_short_vol_ratio"
_VALUE_NAME: Final = {
    USDM: "open_interest_{asset_lc}_binance_usd",
    COINM: "open_interest_value_{symbol_lc}_binance_coinm",
}


def _origin(sample: Sample) -> Origin | None:
    return origin_of(sample, ["metrics"], market=USDM)


def _converted(table: pa.Table, origin: Origin) -> Converted:
    labels = numpy_of(table["create_time"].cast(pa.timestamp("ns")).cast(pa.int64()))
    end_ns = ends_of(labels, origin)
    order = np.argsort(end_ns, kind="stable")
    repeated = np.flatnonzero(np.diff(end_ns[order]) == 0) + 1
    notes = {"not in order": int((np.diff(end_ns) < 0).sum()), "repeated": len(repeated)}
    order = np.delete(order, repeated)
    end_ns = end_ns[order]
    series = []
    for column, endpoint, field, delay_ns, other_name in _FIELDS:
        values = numpy_of(table[column].cast(pa.float64()).fill_null(np.nan))[order]
        # No market has an open interest or a long/short ratio of 0: it is written for "none".
        is_zero = (values == 0) & (column != _TAKER)
        if is_zero.any():
            notes[f"{column} of 0"] = int(is_zero.sum())
            values = np.where(is_zero, np.nan, values)
        name = other_name if origin.venue == COINM else ""
        series.append(
            FieldSeries(
                source=f"{origin.venue}/{endpoint}",
                field=field,
                name=name if field else _VALUE_NAME[origin.venue],
                at_ns=end_ns + delay_ns,
                values=values,
                every_ns=SPAN_NS,
            )
        )
    return Converted(series=tuple(series), notes={k: v for k, v in notes.items() if v})


def ends_of(labels: NDArray[np.int64], origin: Origin) -> NDArray[np.int64]:
    """Return the end of each row's five minutes, at which its snapshot was taken.

    Parameters
    ----------
    labels : int64 array of shape (rows,)
        ``create_time``, UNIX nanoseconds, in the order of the file.
    origin : Origin
        The day in the file's name decides about the label 2026-06-25 00:00, which the files of
        two days have; without a day the first of two such rows is the earlier day's, and of a
        single one the later meaning is taken, which is never too early.

    """
    if origin.venue == COINM:
        return labels + SPAN_NS
    is_start = labels >= CHANGED_NS
    at_change = np.flatnonzero(labels == CHANGED_NS)
    if len(at_change):
        changed = datetime.fromtimestamp(CHANGED_NS // 1_000_000_000, UTC).date()
        is_of_day_before = origin.end_day is not None and origin.end_day <= changed
        if is_of_day_before or len(at_change) > 1:
            is_start[at_change[0]] = False
    return np.where(is_start, labels + SPAN_NS, labels)


METRICS: Final = ArchiveFormat(
    name="binance metrics",
    shapes=(_SHAPE,),
    types={
        "create_time": pa.timestamp("s"),
        **{column: pa.float64() for column, *_ in _FIELDS},
    },
    origin=_origin,
    convert=_converted,
)
