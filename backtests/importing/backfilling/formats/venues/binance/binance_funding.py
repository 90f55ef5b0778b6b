"""Binance's fundingRate: the settled rates, with the hours of each interval."""

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
from backtests.importing.backfilling.formats.market_rows import (
    funding_rows,
    in_time_order,
    stamps_ns,
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

_SHAPE: Final = shape_of(calc_time="t", funding_interval_hours="i", last_funding_rate="n")
_WITH_MARK: Final = shape_of(
    calc_time="t", funding_interval_hours="i", last_funding_rate="n", mark_price="n"
)


def _origin(sample: Sample) -> Origin | None:
    return origin_of(sample, ["fundingRate"], market=USDM)


def _converted(table: pa.Table, origin: Origin) -> Converted:
    at_ns, table = in_time_order(stamps_ns(table["calc_time"]), table)
    is_new = np.diff(at_ns, prepend=-1) > 0
    notes = {}
    if not is_new.all():
        notes["repeated"] = int((~is_new).sum())
        at_ns, table = at_ns[is_new], table.filter(pa.array(is_new))
    hours = numpy_of(table["funding_interval_hours"].cast(pa.int64()))
    rates = numpy_of(table["last_funding_rate"].cast(pa.float64()).fill_null(np.nan))
    texts = table["last_funding_rate"].to_pylist()
    is_other = origin.venue == COINM
    source = "" if is_other else f"{origin.venue}/"
    series = (
        FieldSeries(
            source=source and f"{source}premium_index",
            field="funding_rate",
            name="funding_rate_{symbol_lc}_binance_coinm" if is_other else "",
            at_ns=at_ns,
            values=rates,
        ),
        FieldSeries(
            source=source and f"{source}funding_info",
            field="funding_interval_h",
            name="funding_interval_{symbol_lc}_binance_coinm_h" if is_other else "",
            at_ns=at_ns,
            values=hours.astype(np.float64),
        ),
    )
    rows = funding_rows(origin.instrument_id, at_ns, texts, hours * 60)
    return Converted((rows,), series, notes)


FUNDING_RATE: Final = ArchiveFormat(
    name="binance fundingRate",
    shapes=(_SHAPE, _WITH_MARK),
    types={
        "calc_time": pa.int64(),
        "funding_interval_hours": pa.int64(),
        "last_funding_rate": pa.string(),
    },
    origin=_origin,
    convert=_converted,
)
