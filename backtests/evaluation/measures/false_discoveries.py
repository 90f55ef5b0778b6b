"""False discoveries: which of many tests are significant at a stated rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def discoveries(p_values: NDArray[np.float64], rate: float) -> NDArray[np.bool_]:
    """Return which tests are discoveries; of these the stated share is expected to be false.

    Parameters
    ----------
    p_values : float64 array of any shape
        NaN: no test.
    rate : float
        The false-discovery rate, between 0 and 1.

    Returns
    -------
    bool array of the same shape

    Notes
    -----
    Y. Benjamini, Y. Hochberg, *Controlling the false discovery rate*, 1995; it holds for tests
    that are independent or positively dependent, as horizons of one factor are.

    """
    adjusted = adjusted_p_values(p_values)
    return np.asarray(adjusted <= rate)


def adjusted_p_values(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lowest rate at which each test is a discovery.

    Parameters
    ----------
    p_values : float64 array of any shape
        NaN: no test.

    Returns
    -------
    float64 array of the same shape
        NaN: no test.

    """
    flat = np.asarray(p_values, np.float64).ravel()
    found = np.full(len(flat), np.nan)
    order = np.argsort(flat)[: np.count_nonzero(~np.isnan(flat))]
    scaled = flat[order] * len(order) / np.arange(1, len(order) + 1)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found.reshape(np.shape(p_values))
