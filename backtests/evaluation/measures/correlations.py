"""Correlations of two series: of all rows, and of the rows of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS: Final = 20
"""Rows below which no correlation is stated."""


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return Pearson's correlation; NaN of fewer than 20 rows, or of a constant.

    Parameters
    ----------
    x, y : float64 arrays of shape (rows,)
        Without NaN. Of ranks the result is Spearman's correlation.

    """
    if len(x) < LEAST_ROWS:
        return np.nan
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt(_product(x, x) * _product(y, y))
    return float(_product(x, y) / scale) if scale > 0 else np.nan


def _product(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    # Not a BLAS call, whose own threads would wait for each other.
    return float(np.einsum("i,i->", x, y))


def group_correlations(
    x: NDArray[np.float64], y: NDArray[np.float64], groups: NDArray[np.uint8], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the correlation within each group, and the number of its rows.

    Parameters
    ----------
    x, y : float64 arrays of shape (rows,)
        Without NaN.
    groups : uint8 array of shape (rows,)
        The group of each row, below ``count``; others belong to no group.
    count : int
        The number of groups, at most 255.

    Returns
    -------
    tuple of float64 and int64 arrays, both of shape (count,)
        NaN for a group of fewer than 20 rows, or in which a series is constant.

    """

    def summed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(groups, weights, minlength=count + 1)

    rows = np.bincount(groups, minlength=count + 1)
    size = np.maximum(rows, 1)
    x = x - (summed(x) / size)[groups]
    y = y - (summed(y) / size)[groups]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = summed(x * y) / np.sqrt(summed(x * x) * summed(y * y))
    found[(rows < LEAST_ROWS) | ~np.isfinite(found)] = np.nan
    return found[:count], rows[:count]
