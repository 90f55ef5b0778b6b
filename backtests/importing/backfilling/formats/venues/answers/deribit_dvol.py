"""Deribit's volatility index DVOL: saved answers of get_volatility_index_data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from adapters.exchanges.venues import deribit
from adapters.exchanges.venues.histories.deribit import HISTORIES
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
    body = body_of(archive)
    rows = rows_of(body, lambda one: _HISTORY.parse(_inside(one), origin.symbol), _wrapped)
    yield pa.table(
        {
            "stamp": pa.array([row.stamp_ms for row in rows], pa.int64()),
            "close": pa.array([float(row.values[_FIELD] or "nan") for row in rows], pa.float64()),
        }
    )


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
    table, start_ns, notes = once_each(table, numpy_of(table["stamp"]) * MS_NS)
    span_ns = resolution_ns(start_ns)
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
