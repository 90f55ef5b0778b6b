"""OKX's funding: settled rates, of one swap or of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.market_rows import stamps_ns
from backtests.importing.backfilling.formats.rows.once_each import once_each
from backtests.importing.backfilling.formats.rows.settled_funding import settled
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol
from backtests.importing.backfilling.formats.venues.okx.okx_origin import origin_of

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_SETTLED: Final = shape_of(instrument_name="s", funding_rate="n", funding_time="t")
_REAL: Final = shape_of(
    contract_type="s", funding_rate="n", real_funding_rate="n", funding_time="t"
)
_REAL_OF_ALL: Final = shape_of(instrument_name="s", **dict(_REAL))
OLD_NAMES: Final = {
    "instrument_name/交易币对名": "instrument_name",
    "contract_type/合约类型": "contract_type",
    "funding_rate/预测下一周期费率": "funding_rate",
    "real_funding_rate/本周期真实费率": "real_funding_rate",
    "funding_time/下一周期时间戳": "funding_time",
}
"""The header of the older files, in GBK: it calls ``funding_time`` the next period's time."""


def _origin(sample: Sample) -> Origin | None:
    row = sample.rows[0]
    return origin_of(sample, row[0] if len(row) != len(_REAL) else "")


def _converted(table: pa.Table, origin: Origin) -> Converted:
    if "instrument_name" in table.column_names:
        only_symbol(table["instrument_name"], origin.symbol)
    # The rate that was paid; ``funding_rate`` beside it is a forecast.
    paid = "real_funding_rate" if "real_funding_rate" in table.column_names else "funding_rate"
    is_empty = pc.equal(table[paid], "")
    notes = {}
    if count := pc.sum(is_empty).as_py():
        notes["without a rate"] = count
        table = table.filter(pc.invert(is_empty))
    table, at_ns, repeated = once_each(table, stamps_ns(table["funding_time"]))
    found = settled(origin, at_ns, table[paid].to_pylist(), f"{origin.venue}/funding_rate")
    return found._replace(notes=notes | repeated)


FUNDING: Final = ArchiveFormat(
    name="okx fundingrates",
    shapes=(_SETTLED, _REAL, _REAL_OF_ALL),
    types={
        "instrument_name": pa.string(),
        "funding_rate": pa.string(),
        "real_funding_rate": pa.string(),
        "funding_time": pa.int64(),
    },
    origin=_origin,
    convert=_converted,
    aliases=OLD_NAMES,
)
