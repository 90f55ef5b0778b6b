"""PriceSteps: an instrument's prices at the ends of intervals, with their ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adapters.catalog.reading.market.market_tables import MarketTable, market_tables
from adapters.catalog.reading.market.row_windows import read_window, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.exits.policies.price_ranges import PriceRanges
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLUMNS: Final = {
    "quotes": ("bid_price", "ask_price"),
    "trades": ("price", "size"),
    "bars": ("close", "low", "high", "volume"),
}
_ROWS: Final = 262_144
_HOUR_NS: Final = 3_600_000_000_000

type Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PriceSteps:
    """Prices of an instrument at instants at which they were known.

    Attributes
    ----------
    ts_ns : int64 array of shape (n,)
        ``ts_init``, UNIX nanoseconds, rising.
    close, low, high : float64 array of shape (n,)
        The price then, and the extremes since the instant before.
    ranges, volatility : float64 array of shape (n,)
        Average true range and volatility of an interval, as a strategy's exits know them then.
    turnover : float
        Traded in an hour, quote currency; NaN of quotes.

    """

    ts_ns: NDArray[np.int64]
    close: Floats
    low: Floats
    high: Floats
    ranges: Floats
    volatility: Floats
    turnover: float


def read_prices(
    catalog: Path, instrument_id: str, interval_ns: int, start_ns: int, end_ns: int
) -> PriceSteps:
    """Read the prices of an instrument: its bars, or its trades or quotes by intervals.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    instrument_id : str
        The instrument.
    interval_ns : int
        The interval of ranges and volatility, nanoseconds; trades and quotes become a row for
        each interval in which there were any.
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If the catalog has no prices of it in the window, or they cannot be read.

    """
    tables = [t for t in market_tables(catalog) if str(t.instrument_id) == instrument_id]
    # Of what there is: bars, of several kinds the one with the most, then trades, then quotes.
    order = {"bars": 0, "trades": 1, "quotes": 2}
    tables.sort(key=lambda t: (order[t.kind], -t.rows))
    for table in tables:
        found = _rows(table, start_ns, end_ns)
        if len(found[0]):
            return _steps(table.kind, *found, interval_ns)
    msg = f"{catalog} has no prices of {instrument_id} in the time of its positions"
    raise ConfigError(msg)


def _rows(table: MarketTable, start_ns: int, end_ns: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the instants and columns of a table's rows, in the order of time."""
    names = _COLUMNS[table.kind]
    parts: list[tuple[NDArray[np.int64], Floats]] = []
    try:
        for first_ns, last_ns in windows(table.spans, start_ns, end_ns, _ROWS):
            for rows in read_window(table.files, first_ns, last_ns, ["ts_init", *names]):
                columns = [numpy_of(pc.cast(rows.column(n), pa.float64())) for n in names]
                parts.append((numpy_of(rows.column("ts_init")), np.column_stack(columns)))
    except (OSError, pa.ArrowException) as error:
        msg = f"the {table.kind} of {table.identifier} cannot be read: {error}"
        raise ConfigError(msg) from error
    if not parts:
        return np.zeros(0, dtype=np.int64), np.zeros((0, len(names)))
    ts = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    by_time = np.argsort(ts, kind="stable")
    return ts[by_time], values[by_time]


def _steps(kind: str, ts: NDArray[np.int64], values: Floats, interval_ns: int) -> PriceSteps:
    turnover = np.nan
    hours = max((int(ts[-1]) - int(ts[0])) / _HOUR_NS, 1e-9)
    if kind == "bars":
        close, low, high = values[:, 0], values[:, 1], values[:, 2]
        turnover = float(values[:, 0] @ values[:, 3]) / hours
    else:
        price = values[:, 0] if kind == "trades" else values.mean(axis=1)
        if kind == "trades":
            turnover = float(values[:, 0] @ values[:, 1]) / hours
        firsts = np.flatnonzero(np.diff(ts // interval_ns, prepend=-1))
        lasts = np.append(firsts[1:], len(ts)) - 1
        low, high = np.minimum.reduceat(price, firsts), np.maximum.reduceat(price, firsts)
        ts, close = ts[lasts], price[lasts]
    measured = np.array([*_measured(PriceRanges(interval_ns), ts, close, low, high)])
    return PriceSteps(
        ts_ns=ts,
        close=close,
        low=low,
        high=high,
        ranges=measured[:, 0],
        volatility=measured[:, 1],
        turnover=turnover,
    )


def _measured(
    ranges: PriceRanges, ts: NDArray[np.int64], close: Floats, low: Floats, high: Floats
) -> Iterator[tuple[float, float]]:
    """Yield range and volatility after each row, by the code that a strategy uses."""
    rows = zip(close.tolist(), low.tolist(), high.tolist(), ts.tolist(), strict=True)
    for row in rows:
        ranges.add(*row)
        yield ranges.average_range, ranges.volatility
