"""Bybit's funding: saved answers of funding/history, or their rows as comma-separated values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from adapters.exchanges.venues.histories.bybit import HISTORIES
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    shape_of,
)
from backtests.importing.backfilling.formats.market_rows import stamps_ns
from backtests.importing.backfilling.formats.rows.once_each import once_each
from backtests.importing.backfilling.formats.rows.settled_funding import settled
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol
from backtests.importing.backfilling.formats.venues.answers.saved_answers import (
    body_of,
    is_json,
    rows_of,
)
from backtests.importing.backfilling.formats.venues.bybit.bybit_origin import origin_of_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import Origin

_HISTORY: Final = HISTORIES.histories["funding"]
_FIELD: Final = "paid_funding_rate"
_SYMBOL: Final = re.compile(rb'"symbol"\s*:\s*"([A-Z0-9-]+)"')
_STAMP: Final = b'"fundingRateTimestamp"'
_ROWS: Final = shape_of(symbol="s", fundingrate="n", fundingratetimestamp="t")


def _looks(sample: Sample) -> bool:
    return is_json(sample) and _STAMP in sample.text


def _json_origin(sample: Sample) -> Origin | None:
    found = _SYMBOL.search(sample.text)
    if found is None:
        return None
    return origin_of_symbol(found[1].decode(), sample.relative.name)


def _csv_origin(sample: Sample) -> Origin | None:
    if not sample.rows:
        return None
    return origin_of_symbol(sample.rows[0][0], sample.relative.name)


def _read(archive: Archive, origin: Origin, most: int) -> Iterator[pa.Table]:
    rows = rows_of(body_of(archive), lambda one: _HISTORY.parse(one, origin.symbol), _wrapped)
    yield pa.table(
        {
            "fundingratetimestamp": pa.array([row.stamp_ms for row in rows], pa.int64()),
            "fundingrate": pa.array([row.values[_FIELD] for row in rows], pa.string()),
        }
    )


def _wrapped(rows: Any) -> Any:
    return {"retCode": 0, "result": {"list": rows}}


def _converted(table: pa.Table, origin: Origin) -> Converted:
    if "symbol" in table.column_names:
        only_symbol(table["symbol"], origin.symbol)
    table, at_ns, notes = once_each(table, stamps_ns(table["fundingratetimestamp"]))
    found = settled(origin, at_ns, table["fundingrate"].to_pylist(), f"{origin.venue}/ticker")
    return found._replace(notes=notes)


FUNDING_ANSWERS: Final = ArchiveFormat(
    name="bybit funding history",
    shapes=(),
    types={},
    looks=_looks,
    origin=_json_origin,
    read=_read,
    convert=_converted,
)
FUNDING_ROWS: Final = ArchiveFormat(
    name="bybit funding rows",
    shapes=(_ROWS,),
    types={
        "symbol": pa.string(),
        "fundingrate": pa.string(),
        "fundingratetimestamp": pa.int64(),
    },
    origin=_csv_origin,
    convert=_converted,
)
