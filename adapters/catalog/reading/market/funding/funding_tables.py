"""Reading the settlements of a perpetual from its table of funding rates, in bounded memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from adapters.catalog.reading.market.funding.settlements import (
    FundingRows,
    are_history,
    changes,
    deciding,
    settled_at,
    settlements,
    taken,
    together,
)
from adapters.catalog.reading.market.row_windows import read_window, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.catalog.reading.market.funding.settlements import FundingSettlements
    from adapters.catalog.reading.market.market_tables import MarketTable

ROWS: Final = 200_000
"""Rows in memory at once; kept are those that decide a settlement."""
_AROUND_NS: Final = 172_800_000_000_000
"""Two days before and after a window may say what was settled in it."""
_MINUTE_NS: Final = 60_000_000_000


def read_settlements(table: MarketTable, start_ns: int, end_ns: int) -> FundingSettlements:
    """Read what was settled.

    Parameters
    ----------
    table : MarketTable
        Of the kind ``funding_rates``.
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds; settlements shortly before and after it are
        among the result.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    parts, places, unusable = [], [np.empty(0, np.int64)], 0
    is_history = True
    for rows in _read(table, start_ns - _AROUND_NS, end_ns + _AROUND_NS):
        if np.any(rows.next_ns == 0):
            is_history = are_history(rows)
        at = settled_at(rows, is_history=is_history)
        unusable += int((at == 0).sum())
        kept = deciding(rows, at)
        parts.append(taken(rows, kept))
        places.append(at[kept])
    found = settlements(together(parts), np.concatenate(places))
    return replace(found, unusable=unusable)


def heard_rates(table: MarketTable, start_ns: int, end_ns: int) -> Iterator[FundingRows]:
    """Yield the rates of which a strategy hears: each that differs from the one before.

    Parameters
    ----------
    table : MarketTable
        Of the kind ``funding_rates``.
    start_ns, end_ns : int
        The window by ``ts_init``, half-open, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    last = together([])
    for rows in _read(table, start_ns, end_ns):
        both = together([last, rows])
        differ = changes(both)[len(last.rates) :]
        last = taken(rows, np.array([len(rows.rates) - 1]))
        if differ.any():
            yield taken(rows, differ)


def _read(table: MarketTable, start_ns: int, end_ns: int) -> Iterator[FundingRows]:
    """Yield the rows of a half-open window in the order of ``ts_init``, in pieces."""
    for first_ns, last_ns in windows(table.spans, start_ns, end_ns, ROWS):
        try:
            found = together([rows_of(t) for t in read_window(table.files, first_ns, last_ns)])
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            msg = (
                f"the funding rates of {table.identifier} cannot be read: {error}; "
                "`dolphin catalog DIR verify` names damaged files"
            )
            raise ConfigError(msg) from error
        if len(found.rates):
            yield taken(found, np.argsort(found.ts_init, kind="stable"))


def rows_of(table: pa.Table) -> FundingRows:
    """Return a table of ``funding_rates`` as columns."""
    intervals = table.column("interval").cast(pa.int64()).fill_null(0)
    nexts = table.column("next_funding_ns").cast(pa.int64()).fill_null(0)
    return FundingRows(
        rates=np.array(table.column("rate").to_pylist(), np.object_),
        intervals_ns=np.asarray(intervals) * _MINUTE_NS,
        next_ns=np.asarray(nexts),
        ts_event=numpy_of(table.column("ts_event")),
        ts_init=numpy_of(table.column("ts_init")),
    )
