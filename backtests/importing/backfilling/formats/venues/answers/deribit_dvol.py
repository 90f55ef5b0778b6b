"""Deribit's volatility index DVOL: saved answers of get_volatility_index_data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from adapters.exchanges.json_values import from_us
from adapters.exchanges.venues import deribit
from adapters.exchanges.venues.histories.deribit import HISTORIES
from adapters.exchanges.venues.histories.history import LATEST_MS
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    FieldSeries,
    Origin,
    days_in,
)
from backtests.importing.backfilling.formats.rows.once_each import once_each
from backtests.importing.backfilling.formats.venues.answers.saved_answers import (
    body_of,
    is_json,
    rows_of,
)
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adapters.exchanges.venues.histories.history import HistoryRow
    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.archives.csv_blocks import Sample

MS_NS: Final = 1_000_000
RESOLUTIONS_S: Final = (1, 60, 3_600, 43_200, 86_400)
_HISTORY: Final = HISTORIES.histories["volatility_index"]
_FIELD: Final = "volatility_index"
_KIND: Final = re.compile(r"dvol|volatility_?index", re.IGNORECASE)
_WORDS: Final = re.compile(r"[A-Za-z]+")
_NO_ASSETS: Final = frozenset(
    {"dvol", "data", "get", "volatility", "index", "deribit", "public"}
    | {"json", "candles", "ohlc", "history", "usd"}
)


def _looks(sample: Sample) -> bool:
    return is_json(sample) and any(_KIND.search(name) for name in sample.names)


def _origin(sample: Sample) -> Origin | None:
    for name in reversed(sample.names):
        words = {word.lower() for word in _WORDS.findall(name)} - _NO_ASSETS
        assets = [word.upper() for word in words if 2 <= len(word) <= 6]
        if len(assets) == 1:
            return Origin(deribit.VENUE.name, assets[0], "", "", *days_in(sample.relative.name))
    msg = "the name states no asset, and the answer has none: expected one such as dvol_BTC.json"
    raise ValueError(msg)


def _read(archive: Archive, origin: Origin, most: int) -> Iterator[pa.Table]:
    served: list[int] = []

    def read(one: Any) -> list[HistoryRow]:
        rows = _HISTORY.parse(_inside(one), origin.symbol)
        served.extend([_served_ms(one)] * len(rows))
        return rows

    rows = rows_of(body_of(archive), read, _wrapped)
    yield pa.table(
        {
            "stamp": pa.array([row.stamp_ms for row in rows], pa.int64()),
            "close": pa.array([float(row.values[_FIELD] or "nan") for row in rows], pa.float64()),
            "served": pa.array(served, pa.int64()),
        }
    )


def _served_ms(one: Any) -> int:
    """Return the exchange's clock when it answered, UNIX milliseconds; a late one if unknown."""
    served_ns = from_us(one.get("usOut")) if isinstance(one, dict) else 0
    return served_ns // MS_NS or LATEST_MS


def _inside(one: Any) -> Any:
    """Return an answer as JSON-RPC has it, of one that was saved without its frame."""
    return one if isinstance(one, dict) and "result" in one else {"result": one}


def _wrapped(rows: Any) -> Any:
    return {"data": rows}


def resolution_ns(stamps_ns: NDArray[np.int64]) -> int:
    """Return the span of a row, nanoseconds: the most frequent distance of rising stamps.

    Raises
    ------
    ValueError
        If it is none that the endpoint has, or there are fewer than two rows.

    """
    distances, counts = np.unique(np.diff(stamps_ns), return_counts=True)
    usual = int(distances[np.argmax(counts)]) if len(distances) else 0
    if usual not in {seconds * 1_000 * MS_NS for seconds in RESOLUTIONS_S}:
        msg = (
            f"the usual distance of its rows is {usual / 1e9:g} s: expected one of "
            f"{', '.join(map(str, RESOLUTIONS_S))}, as the endpoint has"
        )
        raise ValueError(msg)
    return usual


def _converted(table: pa.Table, origin: Origin) -> Converted:
    stamps = np.unique(numpy_of(table["stamp"])) * MS_NS
    span_ns = resolution_ns(stamps)
    # The last row of an answer is the span of its moment, which was not over.
    is_over = numpy_of(table["stamp"]) + span_ns // MS_NS <= numpy_of(table["served"])
    whole = table.filter(pa.array(is_over))
    table, start_ns, notes = once_each(whole, numpy_of(whole["stamp"]) * MS_NS)
    if unfinished := int((~is_over).sum()):
        notes["not over when it was served"] = unfinished
    series = FieldSeries(
        source=f"{origin.venue}/{_HISTORY.endpoint}",
        field=_FIELD,
        name="dvol_{symbol_lc}",
        # A row is stamped with its start, and its close is known at its end.
        at_ns=start_ns + span_ns,
        values=numpy_of(table["close"]),
        every_ns=span_ns,
        unit="percent a year",
    )
    return Converted(series=(series,), notes=notes)


DVOL: Final = ArchiveFormat(
    name="deribit volatility index",
    shapes=(),
    types={},
    looks=_looks,
    origin=_origin,
    read=_read,
    convert=_converted,
)
