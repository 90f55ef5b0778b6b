"""Tardis's derivative_ticker: mark, index, open interest and funding as they were received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.catalog.files.delivered_tables import funding_to_arrow
from adapters.catalog.files.market_tables import market_folder
from backtests.importing.backfilling.formats.archive_format import (
    ArchiveFormat,
    Converted,
    FieldSeries,
    shape_of,
)
from backtests.importing.backfilling.formats.market_rows import in_time_order
from backtests.importing.backfilling.formats.rows.once_each import present
from backtests.importing.backfilling.formats.rows.stated_sides import only_symbol
from backtests.importing.backfilling.formats.venues.tardis.tardis_origin import origin_of
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.importing.backfilling.formats.archive_format import Origin

US_NS: Final = 1_000
MINUTE_NS: Final = 60_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
_SHAPE: Final = shape_of(
    exchange="s",
    symbol="s",
    timestamp="t",
    local_timestamp="t",
    funding_timestamp="s",
    funding_rate="n",
    predicted_funding_rate="n",
    open_interest="n",
    last_price="n",
    index_price="n",
    mark_price="n",
)
_NUMBERS: Final = ("open_interest", "index_price", "mark_price")


class Source(NamedTuple):
    """Where the live service has a value of a venue.

    Attributes
    ----------
    endpoint, field : str
        The venue's endpoint, and its field.
    column : str
        The column of the file, ``basis`` or ``funding_8h``.
    share : float
        What the column is multiplied by.

    """

    endpoint: str
    field: str
    column: str
    share: float = 1.0


BOTH_SIDES: Final = 0.5
"""Bybit counts the open interest of both sides."""
SOURCES: Final = {
    "binance_usdm": (
        Source("premium_index", "mark_price", "mark_price"),
        Source("premium_index", "index_price", "index_price"),
        Source("premium_index", "basis_bps", "basis"),
        Source("premium_index", "funding_rate", "funding_rate"),
        Source("open_interest", "open_interest_base", "open_interest"),
    ),
    "bybit": (
        Source("ticker", "mark_price", "mark_price"),
        Source("ticker", "index_price", "index_price"),
        Source("ticker", "basis_bps", "basis"),
        Source("ticker", "funding_8h", "funding_8h"),
        Source("ticker", "open_interest_base", "open_interest", BOTH_SIDES),
        Source("ticker", "open_interest_quote", "open_interest_quote", BOTH_SIDES),
    ),
    "okx": (
        Source("mark_price", "mark_price", "mark_price"),
        Source("index_price", "index_price", "index_price"),
        Source("funding_rate", "funding_8h", "funding_8h"),
    ),
    "deribit": (
        Source("order_book", "mark_price", "mark_price"),
        Source("order_book", "index_price", "index_price"),
        Source("order_book", "basis_bps", "basis"),
        Source("order_book", "current_funding_8h", "funding_rate"),
        Source("order_book", "open_interest_quote", "open_interest"),
    ),
}
"""OKX's open interest is contracts here, of a size that the file does not state."""


def _converted(table: pa.Table, origin: Origin) -> Converted:
    only_symbol(table["symbol"], origin.symbol)
    at_ns, table = in_time_order(numpy_of(table["local_timestamp"]) * US_NS, table)
    rates = present(table["funding_rate"])
    numbers = {name: table[name] for name in _NUMBERS} | {"funding_rate": rates}
    values = {
        name: filled(numpy_of(column.cast(pa.float64()).fill_null(np.nan)))
        for name, column in numbers.items()
    }
    next_ns = numpy_of(present(table["funding_timestamp"]).cast(pa.int64()).fill_null(0)) * US_NS
    last = last_of_minutes(at_ns)
    known_ns = (at_ns[last] // MINUTE_NS + 1) * MINUTE_NS
    values = {name: numbers[last] for name, numbers in values.items()}
    tables, notes = _funding(table, origin, at_ns, next_ns)
    return Converted(tables, _series(origin, known_ns, values, intervals_h(next_ns)), notes)


def last_of_minutes(at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of the last row of each minute that has one."""
    minutes = at_ns // MINUTE_NS
    return np.flatnonzero(np.diff(minutes, append=minutes[-1:] + 1))


def filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of which empty ones are the last before: a row has only what is new."""
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    return np.where(last >= 0, values[last], np.nan)


def intervals_h(next_ns: NDArray[np.int64]) -> float:
    """Return the hours between the funding times that rows name; NaN if they name but one."""
    times = np.unique(next_ns[next_ns > 0])
    return float(np.diff(times).min()) / HOUR_NS if len(times) > 1 else np.nan


def _series(
    origin: Origin,
    known_ns: NDArray[np.int64],
    values: dict[str, NDArray[np.float64]],
    hours: float,
) -> tuple[FieldSeries, ...]:
    mark, index = values["mark_price"], values["index_price"]
    with np.errstate(divide="ignore", invalid="ignore"):
        basis = np.where(index > 0, (mark / index - 1) * 1e4, np.nan)
    values = {
        **values,
        "basis": basis,
        "funding_8h": values["funding_rate"] * 8 / hours,
        "open_interest_quote": values["open_interest"] * mark,
    }
    found = []
    for source in SOURCES.get(origin.venue, ()):
        numbers = values[source.column] * source.share
        if not np.isnan(numbers).all():
            key = f"{origin.venue}/{source.endpoint}"
            found.append(FieldSeries(key, source.field, "", known_ns, numbers, MINUTE_NS))
    return tuple(found)


def _funding(
    table: pa.Table, origin: Origin, at_ns: NDArray[np.int64], next_ns: NDArray[np.int64]
) -> tuple[tuple[tuple[str, pa.RecordBatch], ...], dict[str, int]]:
    """Return the rates that are to be paid, of each minute the last if it differs.

    What comes after its own funding time is left out: the engine ends with an error.
    """
    has_rate = numpy_of(pc.not_equal(table["funding_rate"], "").cast(pa.int64())) == 1
    usable = np.flatnonzero(has_rate & (next_ns > at_ns))
    notes = {"after their funding time": int((has_rate & (next_ns > 0)).sum()) - len(usable)}
    if not len(usable):
        return (), {why: n for why, n in notes.items() if n}
    kept = usable[last_of_minutes(at_ns[usable])]
    rates = table["funding_rate"].take(pa.array(kept)).to_pylist()
    event_ns = numpy_of(table["timestamp"])[kept] * US_NS
    rows: list[tuple[str, int | None, int | None, int, int]] = []
    for rate, due, event, at in zip(
        rates, next_ns[kept].tolist(), event_ns.tolist(), at_ns[kept].tolist(), strict=True
    ):
        if not rows or (rate, due) != (rows[-1][0], rows[-1][2]):
            rows.append((rate, None, due, event, at))
    folder = market_folder("funding_rates", origin.instrument_id)
    batch = funding_to_arrow(origin.instrument_id, rows)
    return ((folder, batch),), {why: n for why, n in notes.items() if n}


DERIVATIVE_TICKER: Final = ArchiveFormat(
    name="tardis derivative_ticker",
    shapes=(_SHAPE,),
    types={
        "symbol": pa.string(),
        "timestamp": pa.int64(),
        "local_timestamp": pa.int64(),
        "funding_timestamp": pa.string(),
        "funding_rate": pa.string(),
        **dict.fromkeys(_NUMBERS, pa.float64()),
    },
    origin=origin_of,
    convert=_converted,
)
