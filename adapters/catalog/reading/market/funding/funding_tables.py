"""Reading the settlements of a perpetual from its table of funding rates, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from adapters.catalog.reading.market.funding.settlements import (
    FundingRows,
    are_history,
    changes,
    settled_at,
    settlements,
    taken,
    together,
)
from adapters.catalog.reading.market.row_windows import read_window, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from adapters.catalog.reading.market.funding.settlements import FundingSettlements
    from adapters.catalog.reading.market.market_tables import MarketTable

_ROWS: Final = 500_000
"""Rows in memory at once; kept are those that differ from the one before."""
_AROUND_NS: Final = 172_800_000_000_000
"""Two days before and after a window may say what was settled in it."""
_MINUTE_NS: Final = 60_000_000_000


def read_settlements(table: MarketTable, start_ns: int, end_ns: int) -> FundingSettlements:
    """Read what was settled, and what was heard of it.

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
    parts, places = [], []
    is_history = True
    spans = windows(table.spans, start_ns - _AROUND_NS, end_ns + _AROUND_NS, _ROWS)
    for first_ns, last_ns in spans:
        try:
            found = together([rows_of(t) for t in read_window(table.files, first_ns, last_ns)])
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            msg = (
                f"the funding rates of {table.identifier} cannot be read: {error}; "
                "`python -m adapters.catalog DIR verify` names damaged files"
            )
            raise ConfigError(msg) from error
        rows = taken(found, np.argsort(found.ts_init, kind="stable"))
        if np.any(rows.next_ns == 0):
            is_history = are_history(rows)
        at = settled_at(rows, is_history=is_history)
        new = changes(rows, at)
        parts.append(taken(rows, new))
        places.append(at[new])
    return settlements(together(parts), np.concatenate([np.empty(0, np.int64), *places]))


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
