"""Price rows: the prices of one instrument in a window, straight from the files, in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from adapters.catalog.files.catalog_layout import file_range
from adapters.catalog.reading.market.row_windows import read_window, row_spans, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.catalog.reading.market.market_tables import MarketTable
    from backtests.inputs.backtest_data import BacktestData

_ROWS: Final = 65_536
_COLUMNS: Final = {
    "quotes": ("bid_price", "ask_price"),
    "trades": ("price",),
    "bars": ("close", "low", "high"),
}
MARK: Final = {"quotes": "mid", "trades": "trade", "bars": "close"}
"""What a price is, by the kind of data."""


@dataclass(frozen=True, slots=True)
class PriceRows:
    """Consecutive prices.

    Attributes
    ----------
    ts : int64 array of shape (rows,)
        ``ts_init``, UNIX nanoseconds, not falling.
    mark : float64 array of shape (rows,)
        The mid of a quote, the price of a trade, the close of a bar.
    low, high : float64 array of shape (rows,)
        The extremes of a bar; the mark of anything else.

    """

    ts: NDArray[np.int64]
    mark: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def price_table(data: BacktestData, instrument_id: str) -> MarketTable | None:
    """Return the market data that fills orders of an instrument: of several kinds of bars the
    one with the most.
    """
    tables = [
        t for t in data.tables if t.kind == data.fill_on and str(t.instrument_id) == instrument_id
    ]
    return max(tables, key=lambda t: t.rows, default=None)


def price_rows(table: MarketTable, start_ns: int, end_ns: int) -> Iterator[PriceRows]:
    """Yield the prices of a window.

    Parameters
    ----------
    table : MarketTable
        Quotes, trades or bars.
    start_ns, end_ns : int
        The window by ``ts_init``, half-open, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    names = _COLUMNS[table.kind]
    try:
        for rows in _stored(table, start_ns, end_ns, ["ts_init", *names]):
            ts = numpy_of(rows.column("ts_init"))
            columns = [numpy_of(pc.cast(rows.column(name), pa.float64())) for name in names]
            if np.any(ts[1:] < ts[:-1]):
                order = np.argsort(ts, kind="stable")
                ts, columns = ts[order], [column[order] for column in columns]
            inside = slice(*np.searchsorted(ts, [start_ns, end_ns]))
            ts, columns = ts[inside], [column[inside] for column in columns]
            if table.kind == "bars":
                yield PriceRows(ts, *columns)
            else:
                mark = columns[0] if len(columns) == 1 else (columns[0] + columns[1]) / 2
                yield PriceRows(ts, mark, mark, mark)
    except (OSError, pa.ArrowException) as error:
        msg = f"the {table.kind} of {table.identifier} cannot be read again: {error}"
        raise ConfigError(msg) from error


def _stored(
    table: MarketTable, start_ns: int, end_ns: int, columns: list[str]
) -> Iterator[pa.Table]:
    """Yield the rows of a window, and some before and after it, in the order of time."""
    spans = table.spans
    ranges = [file_range(path.name) for path in table.files]
    known = [range_ for range_ in ranges if range_ is not None]
    if (
        len(known) < len(ranges)
        or any(b[0] < a[1] for a, b in pairwise(known))
        or any(b.first_ns < a.last_ns for a, b in pairwise(spans))
    ):
        # A row group is decoded as a whole: none is divided.
        max_rows = max(_ROWS, *(span.rows for span in spans))
        for first_ns, last_ns in windows(spans, start_ns, end_ns, max_rows):
            parts = [*read_window(table.files, first_ns, last_ns, columns)]
            if parts:
                yield pa.concat_tables(parts)
        return
    for path, (first_ns, last_ns) in zip(table.files, known, strict=True):
        if first_ns < end_ns and last_ns >= start_ns:
            with pq.ParquetFile(path) as file:
                groups = [
                    i
                    for i, span in enumerate(row_spans(file))
                    if span.first_ns < end_ns and span.last_ns >= start_ns
                ]
                # On this thread: the memory of others is not given back.
                for batch in file.iter_batches(
                    _ROWS, row_groups=groups, columns=columns, use_threads=False
                ):
                    yield pa.Table.from_batches([batch])
