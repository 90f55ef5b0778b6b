"""Rows of a history, or of a combination of several, as live factors and market data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from adapters.exchanges import known_venues
from adapters.exchanges.venues.histories import known_histories
from adapters.exchanges.venues.histories.history import BAR_FIELDS, FUNDING_FIELDS
from backtests.importing.backfilling.archives.csv_blocks import read_tables
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    FieldSeries,
    Origin,
)
from backtests.importing.backfilling.formats.exact_decimals import DECIMAL
from backtests.importing.backfilling.formats.market_rows import funding_rows
from backtests.importing.backfilling.formats.rows.once_each import once_each
from backtests.importing.backfilling.formats.rows.settled_funding import HOUR_NS, intervals_h
from backtests.importing.backfilling.formats.rows.usable_bars import bars_of
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adapters.exchanges.venues.histories.history import History
    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.archives.csv_blocks import Sample

MS_NS: Final = 1_000_000
BARS_SPAN: Final = "1-MINUTE"
STAMP: Final = "stamp_ms"
KNOWN: Final = "known_ms"
VALUE: Final = "value"
NAME: Final = re.compile(r"([a-z_]+)~([a-z_.0-9]+)~([A-Za-z0-9_-]+)~(\d{13})\.csv")
"""Venue, history (or endpoint and field of a combination), symbol, first stamp."""


class FundingSource(NamedTuple):
    """A live field that settled funding is.

    Attributes
    ----------
    endpoint, field : str
        The venue's endpoint, and its field.
    of : str
        ``rate`` of one interval, ``rate_8h`` or ``hours``.

    """

    endpoint: str
    field: str
    of: str


class OtherFactor(NamedTuple):
    """A factor that the live service does not have.

    Attributes
    ----------
    name, unit : str
        Its name, in which ``{asset_lc}`` stands for the asset, and its unit.
    scale : float
        What the field is multiplied by.

    """

    name: str
    unit: str
    scale: float


OTHER_FACTORS: Final = {
    ("binance_usdm", "premium_index"): OtherFactor(
        "premium_index_{asset_lc}_binance_bps", "bps", 10_000.0
    )
}
"""As the archives name them: venue and field → factor."""
FUNDING_SOURCES: Final = {
    "binance_usdm": (
        FundingSource("premium_index", "funding_rate", "rate"),
        FundingSource("funding_info", "funding_interval_h", "hours"),
    ),
    "bybit": (
        FundingSource("ticker", "funding_8h", "rate_8h"),
        FundingSource("ticker", "funding_interval_h", "hours"),
    ),
    "okx": (
        FundingSource("funding_rate", "funding_8h", "rate_8h"),
        FundingSource("funding_rate", "funding_interval_h", "hours"),
    ),
}
"""The archives of these venues give the same fields."""


def _looks(sample: Sample) -> bool:
    return NAME.fullmatch(sample.relative.name) is not None


def _origin(sample: Sample) -> Origin | None:
    found = NAME.fullmatch(sample.relative.name)
    if found is None or found[1] not in known_histories():
        return None
    venue, name, symbol = found[1], found[2], found[3]
    if "." not in name and name not in known_histories()[venue].histories:
        return None
    return Origin(venue, symbol, _instrument_of(venue, symbol), name)


def _instrument_of(venue: str, symbol: str) -> str:
    known = known_venues()[venue]
    if known.symbols is None or known.instruments is None or not known.symbols.makes(symbol):
        return ""
    before, _, after = known.symbols.pattern.partition("{asset}")
    listed = {s: asset for asset, s in known.symbols.exceptions.items()}
    asset = listed.get(symbol) or symbol.removeprefix(before).removesuffix(after)
    return known.instruments.of(asset)


def _read(archive: Archive, origin: Origin, most: int) -> Iterator[pa.Table]:
    if "." in origin.interval:
        types = {KNOWN: pa.int64(), VALUE: pa.float64()}
    else:
        fields = known_histories()[origin.venue].histories[origin.interval].fields
        kind = DECIMAL if fields == BAR_FIELDS else pa.string()
        types = {STAMP: pa.int64(), **dict.fromkeys(fields, kind)}
    yield from read_tables(archive, list(types), types, has_header=True)


def _converted(table: pa.Table, origin: Origin) -> Converted:
    if "." in origin.interval:
        return _combination(table, origin)
    history = known_histories()[origin.venue].histories[origin.interval]
    at_ns = (numpy_of(table[STAMP]) + history.covers_ms) * MS_NS
    if history.fields == BAR_FIELDS:
        return bars_of(origin, BARS_SPAN, at_ns, table)
    table, at_ns, notes = once_each(table, at_ns)
    if history.fields == FUNDING_FIELDS:
        return _funding(table, at_ns, origin)._replace(notes=notes)
    return Converted(series=_series(table, at_ns, history, origin), notes=notes)


def _combination(table: pa.Table, origin: Origin) -> Converted:
    endpoint, _, field = origin.interval.partition(".")
    table, at_ns, notes = once_each(table, numpy_of(table[KNOWN]) * MS_NS)
    histories = known_histories()[origin.venue]
    combination = next(
        c for c in histories.combinations if (c.endpoint, c.field) == (endpoint, field)
    )
    usual = [
        h.usual_ms
        for h in histories.histories.values()
        for name in h.fields
        if (h.endpoint, name) in combination.of
    ]
    values = numpy_of(table[VALUE].fill_null(np.nan))
    key = f"{origin.venue}/{endpoint}"
    series = FieldSeries(key, field, "", at_ns, values, max(usual) * MS_NS)
    return Converted(series=(series,), notes=notes)


def _series(
    table: pa.Table, at_ns: NDArray[np.int64], history: History, origin: Origin
) -> tuple[FieldSeries, ...]:
    source = f"{origin.venue}/{history.endpoint}" if history.endpoint else ""
    every_ns, known_ns = history.usual_ms * MS_NS, at_ns + history.served_ms * MS_NS
    found = []
    for field in history.fields:
        other = OTHER_FACTORS.get((origin.venue, field), OtherFactor("", "", 1.0))
        values = floats(table[field]) * other.scale
        series = FieldSeries(source, field, other.name, known_ns, values, every_ns, other.unit)
        found.append(series)
    return tuple(found)


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return text as numbers; NaN for an empty cell."""
    return np.array([float(cell) if cell else np.nan for cell in column.to_pylist()], np.float64)


def _funding(table: pa.Table, at_ns: NDArray[np.int64], origin: Origin) -> Converted:
    texts = table["paid_funding_rate"].to_pylist()
    kept = [i for i, text in enumerate(texts) if text]
    texts, at_ns = [texts[i] for i in kept], at_ns[kept]
    hours = intervals_h(at_ns)
    rates = np.array(list(map(float, texts)), np.float64)
    values = {
        "rate": rates,
        "rate_8h": rates * 8 / hours,
        "hours": hours.astype(np.float64),
    }
    every_ns = int(hours.max()) * HOUR_NS if len(hours) else 0
    series = tuple(
        FieldSeries(f"{origin.venue}/{s.endpoint}", s.field, "", at_ns, values[s.of], every_ns)
        for s in FUNDING_SOURCES[origin.venue]
    )
    rows = funding_rows(origin.instrument_id, at_ns, texts, hours * 60)
    return Converted((rows,), series)


ENDPOINT_ROWS: Final = ArchiveFormat(
    name="rows of an endpoint",
    shapes=(),
    types={},
    looks=_looks,
    origin=_origin,
    read=_read,
    convert=_converted,
)
