"""Binance's bookDepth: what a book holds within percents of the mid, about twice a minute."""

from __future__ import annotations

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
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

EVERY_NS: Final = 60_000_000_000
"""The longest distance of snapshots, of which there were two a minute before 2025."""
_SHAPE: Final = shape_of(timestamp="d", percentage="n", depth="n", notional="n")


def _origin(sample: Sample) -> Origin | None:
    return origin_of(sample, ["bookDepth"], market=USDM)


def _converted(table: pa.Table, origin: Origin) -> Converted:
    at_ns = numpy_of(table["timestamp"].cast(pa.timestamp("ns")).cast(pa.int64()))
    bps = np.rint(numpy_of(table["percentage"]) * 100).astype(np.int64)
    values = numpy_of(table["notional"].fill_null(np.nan))
    series = []
    notes: dict[str, int] = {}
    of, unit = ("{asset_lc}_binance_usd", "USDT")
    if origin.venue == COINM:
        of, unit = ("{symbol_lc}_binance_coinm", "base currency")
    for level in np.unique(bps).tolist():
        rows = bps == level
        at, found = at_ns[rows], values[rows]
        order = np.argsort(at, kind="stable")
        at, found = at[order], found[order]
        is_new = np.diff(at, prepend=-1) > 0
        if not is_new.all():
            notes["repeated"] = notes.get("repeated", 0) + int((~is_new).sum())
        side = "bid" if level < 0 else "ask"
        series.append(
            FieldSeries(
                source=f"{origin.venue}/deep_depth",
                field="",
                name=f"{side}_depth_{abs(level)}bps_{of}",
                at_ns=at[is_new],
                values=found[is_new],
                every_ns=EVERY_NS,
                unit=unit,
            )
        )
    return Converted(series=tuple(series), notes=notes)


BOOK_DEPTH: Final = ArchiveFormat(
    name="binance bookDepth",
    shapes=(_SHAPE,),
    types={
        "timestamp": pa.timestamp("s"),
        "percentage": pa.float64(),
        "notional": pa.float64(),
    },
    origin=_origin,
    convert=_converted,
)
