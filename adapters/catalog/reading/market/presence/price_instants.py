"""Price instants: when an instrument had a new price, read without the prices themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.parquet as pq
from nautilus_trader.model import BarType

from adapters.catalog.files.catalog_layout import file_range
from adapters.catalog.reading.market.row_windows import row_spans, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable

ROWS: Final = 1_000_000
"""Stamps in memory at once, of all tables of an instrument."""
SAMPLED_WINDOWS: Final = 16
"""Windows whose distances stand for those of all data."""
SAMPLED_ROWS: Final = 65_536
"""Rows of such a window."""


def price_tables(tables: Sequence[MarketTable], *, has_bars: bool) -> list[MarketTable]:
    """Return the tables of one instrument that move the market on which orders are matched.

    Quotes and trades always do. Bars do only if orders are filled on bars, and then those of the
    shortest span alone, as in Nautilus's matching engine.

    Parameters
    ----------
    tables : sequence of MarketTable
        Quotes, trades and bars of one instrument.
    has_bars : bool
        Whether orders are filled on bars.

    """
    found = [t for t in tables if t.kind != "bars"]
    bars = [(bar_span_ns(t.identifier), t) for t in tables if t.kind == "bars" and has_bars]
    spans = [span for span, _ in bars if span is not None]
    shortest = min(spans, default=None)
    return found + [t for span, t in bars if span == shortest]


def bar_span_ns(bar_type: str) -> int | None:
    """Return the span of a bar type, nanoseconds; None if it is not one of time."""
    spec = BarType.from_str(bar_type).spec
    return int(spec.timedelta.total_seconds() * 1e9) if spec.is_time_aggregated() else None


def price_instants(
    tables: Sequence[MarketTable], start_ns: int, end_ns: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the instants of all prices of a window in order, in pieces that bound the memory.

    Parameters
    ----------
    tables : sequence of MarketTable
        The tables of one instrument.
    start_ns, end_ns : int
        The window by ``ts_init``, half-open, UNIX nanoseconds.

    Yields
    ------
    int64 array of shape (prices,)
        ``ts_init``, UNIX nanoseconds, not falling; never empty.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    for first_ns, last_ns in _windows(tables, start_ns, end_ns, ROWS):
        stamps = _stamps(tables, first_ns, last_ns)
        if len(stamps):
            yield stamps


def median_distance_ns(tables: Sequence[MarketTable]) -> int | None:
    """Return the median distance of successive instants with a price, nanoseconds.

    Prices of one instant count once. Of long data a sample is read, evenly chosen.

    Parameters
    ----------
    tables : sequence of MarketTable
        The tables of one instrument.

    Returns
    -------
    int or None
        None if there are fewer than two instants.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    if not tables:
        return None
    first_ns, end_ns = min(t.first_ns for t in tables), max(t.last_ns for t in tables) + 1
    every = _windows(tables, first_ns, end_ns, SAMPLED_ROWS)
    chosen = {i * (len(every) - 1) // (SAMPLED_WINDOWS - 1) for i in range(SAMPLED_WINDOWS)}
    distances = [np.diff(np.unique(_stamps(tables, *every[i]))) for i in sorted(chosen)]
    together = np.concatenate(distances)
    return int(np.median(together)) if len(together) else None


def _windows(
    tables: Sequence[MarketTable], start_ns: int, end_ns: int, rows: int
) -> list[tuple[int, int]]:
    spans = sorted(
        (span for table in tables for span in table.spans), key=lambda s: (s.first_ns, s.last_ns)
    )
    return windows(spans, start_ns, end_ns, rows) if spans else []


def _stamps(tables: Sequence[MarketTable], first_ns: int, last_ns: int) -> NDArray[np.int64]:
    """Return the sorted ``ts_init`` of the rows of a closed window."""
    parts = [np.empty(0, np.int64)]
    for table in tables:
        for path in table.files:
            named = file_range(path.name)
            if named is not None and (named[1] < first_ns or named[0] > last_ns):
                continue
            try:
                with pq.ParquetFile(path) as file:
                    groups = [
                        i
                        for i, span in enumerate(row_spans(file))
                        if span.first_ns <= last_ns and span.last_ns >= first_ns
                    ]
                    rows = file.read_row_groups(groups, columns=["ts_init"], use_threads=False)
                    parts.append(numpy_of(rows.column("ts_init")))
            except (OSError, ValueError) as error:  # those of pyarrow are among them
                msg = (
                    f"{path} cannot be read as market data: {error}; "
                    "`dolphin catalog DIR verify` finds damaged files"
                )
                raise ConfigError(msg) from error
    ts = np.concatenate(parts)
    ts = ts[(ts >= first_ns) & (ts <= last_ns)]
    return ts if np.all(ts[1:] >= ts[:-1]) else np.sort(ts)
