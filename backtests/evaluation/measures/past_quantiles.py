"""Quantiles by bounds that were known at the time: those of the rows before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_QUANTILE: Final = 255
"""The quantile of a row without value, or before there are bounds."""
_FIRST: Final = 0.05
"""Share of the rows with a value after which there are bounds."""
_LEAST: Final = 100
"""Rows with a value before there are bounds, at least."""
_GROWTH: Final = 1.1
"""Bounds are made anew when there are so many times the rows."""


def past_quantiles(values: NDArray[np.float64], count: int) -> NDArray[np.uint8]:
    """Return the quantile of each value among those before it.

    Parameters
    ----------
    values : float64 array of shape (rows,)
        In the order of time; NaN: no value.
    count : int
        The number of quantiles, 2 to 100.

    Returns
    -------
    uint8 array of shape (rows,)
        From 0, the lowest; 255: none.

    Notes
    -----
    The bounds are those of all values before a row, made anew at each tenth more of them: never
    of the row itself or of a later one. The first twentieth of the values, at least a hundred,
    has none.

    """
    found = np.full(len(values), NO_QUANTILE, np.uint8)
    rows = np.flatnonzero(~np.isnan(values))
    own = values[rows]
    shares = np.arange(1, count) / count
    known = max(_LEAST, int(_FIRST * len(own)))
    while known < len(own):
        until = min(max(int(known * _GROWTH), known + 1), len(own))
        bounds = np.quantile(own[:known], shares)
        # A value at a bound is in the quantile below, as in alphalens.
        found[rows[known:until]] = np.searchsorted(bounds, own[known:until], side="left")
        known = until
    return found
