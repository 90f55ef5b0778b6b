"""Block permutation: orders of trades in which pieces of neighbours stay together."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_BLOCKS: Final = 10
"""Pieces of a series, at least."""


def mean_block(returns: NDArray[np.float64]) -> float:
    """Return how many neighbouring trades depend on each other, at least 1.

    Notes
    -----
    ``arch.bootstrap.optimal_block_length``, of the stationary bootstrap: A. Patton, D. Politis,
    H. White, *Correction to Automatic Block-Length Selection for the Dependent Bootstrap*, 2009;
    the longer one of the returns' and of their squares', so that times of large results stay
    together.

    """
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - the extra `research`

    longest = 1.0
    for series in (returns, (returns - returns.mean()) ** 2):
        if len(series) < LEAST_BLOCKS or np.ptp(series) == 0:
            continue
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            wanted = float(optimal_block_length(series)["stationary"].iloc[0])
        if np.isfinite(wanted):
            longest = max(longest, wanted)
    return min(longest, max(len(returns) / LEAST_BLOCKS, 1.0))


def block_orders(
    trades: int, block: float, orders: int, random: np.random.Generator
) -> NDArray[np.intp]:
    """Return random orders of trades.

    Parameters
    ----------
    trades : int
        How many.
    block : float
        The mean length of a piece, at least 1; 1: each trade alone.
    orders : int
        How many orders.
    random : numpy.random.Generator
        The source.

    Returns
    -------
    intp array of shape (orders, trades)
        Each row a permutation.

    Notes
    -----
    The circle of all trades is cut into pieces whose lengths are geometric, as those of D.
    Politis and J. Romano's stationary bootstrap, 1994, and the pieces are shuffled. A fixed
    length could be a whole day or week, and would keep what is looked for.

    """
    is_cut = random.random((orders, trades)) < 1.0 / block
    is_cut[:, 0] = True
    piece = np.cumsum(is_cut, axis=1) - 1
    place = random.random((orders, trades))
    key = np.take_along_axis(place, piece, axis=1)
    order = np.argsort(key, axis=1, kind="stable")
    start = random.integers(0, trades, (orders, 1))
    return (order + start) % trades
