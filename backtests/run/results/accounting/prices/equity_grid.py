"""The instants at which equity is stated: every bar, or a regular grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.catalog.reading.market.row_windows import read_window
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable

MOST_POINTS: Final = 100_000
"""Points of a regular grid, at most."""
MOST_BARS: Final = 1_000_000
"""Bars, at most, at each of which equity is stated; where there are more, the grid is regular."""
_S: Final = 1_000_000_000
_STEPS_NS: Final = tuple(s * _S for s in (1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400))


def equity_grid(
    tables: Sequence[MarketTable], start_ns: int, end_ns: int
) -> tuple[NDArray[np.int64], int]:
    """Return the instants at which equity is stated, the start and the end included.

    Parameters
    ----------
    tables : sequence of MarketTable
        The market data that fills orders.
    start_ns, end_ns : int
        The window, UNIX nanoseconds.

    Returns
    -------
    tuple of int64 array of shape (instants,) and int
        UNIX nanoseconds, rising: the ``ts_init`` of every bar, where bars fill; else the
        multiples of a step of UTC time. The step, nanoseconds; 0: every bar.

    """
    is_bars = all(t.kind == "bars" for t in tables) and sum(t.rows for t in tables) <= MOST_BARS
    if tables and is_bars:
        parts = [
            numpy_of(rows.column("ts_init"))
            for t in tables
            for rows in read_window(t.files, start_ns, end_ns - 1, columns=("ts_init",))
        ]
        inside = np.concatenate(parts) if parts else np.empty(0, np.int64)
        return _with_ends(start_ns, inside, end_ns), 0
    span_ns = end_ns - start_ns
    step_ns = next((s for s in _STEPS_NS if span_ns // s <= MOST_POINTS), _STEPS_NS[-1])
    inside = np.arange(start_ns - start_ns % step_ns + step_ns, end_ns, step_ns, dtype=np.int64)
    return _with_ends(start_ns, inside, end_ns), step_ns


def _with_ends(start_ns: int, inside: NDArray[np.int64], end_ns: int) -> NDArray[np.int64]:
    ends = np.array([start_ns, end_ns], np.int64)
    return np.unique(np.concatenate([ends, inside]))
