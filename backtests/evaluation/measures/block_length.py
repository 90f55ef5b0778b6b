"""The length of a bootstrap's blocks: that of Politis and White, and at least two horizons."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_HORIZONS: Final = 2
"""Horizons of a block, at least: returns that overlap depend on each other for one."""
LEAST_BLOCKS: Final = 5
"""Blocks of a series, at least."""
_UNEVEN: Final = 1.8
"""Mean fourth power of uniform ranks over the square of their variance."""


def block_cells(sums: NDArray[np.float32], horizon_steps: int, size: int) -> int:
    """Return how many cells a block has, a power of two.

    Parameters
    ----------
    sums : float32 array of shape (6, cells)
        The sums over cells of two series, by
        :func:`~backtests.evaluation.measures.block_bootstrap.cell_sums`.
    horizon_steps : int
        Steps for which returns overlap.
    size : int
        Rows of a cell.

    Notes
    -----
    ``arch.bootstrap.optimal_block_length``: A. Patton, D. Politis, H. White, *Correction to
    Automatic Block-Length Selection for the Dependent Bootstrap*, 2009; of the products of
    the two series, whose mean is their correlation. Rounded up, so that pairs share resamples.

    """
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - the extra `research`

    cells = sums.shape[1]
    products = sums[5] - sums[0] * (sums[5].sum() / max(sums[0].sum(), 1))
    least = -(-LEAST_HORIZONS * horizon_steps // size)
    wanted = 1.0
    if products.any():
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            wanted = float(optimal_block_length(products.astype(np.float64))["circular"].iloc[0])
    if not np.isfinite(wanted):
        wanted = 1.0
    length: int = max(least, int(np.ceil(wanted)), 1)
    rounded = 1 << (length - 1).bit_length()
    return int(min(rounded, max(cells // LEAST_BLOCKS, 1)))


def blocks_that_tell(sums: NDArray[np.float32], block_cells: int) -> float:
    """Return over how many blocks a factor's variation is spread, as ranks that change count.

    A factor that is always the same but at one instant has as many blocks as another, and tells
    of one of them: in resamples its correlation only grows or shrinks, and looks certain.

    Parameters
    ----------
    sums : float32 array of shape (6, cells)
        The sums of its ranks and another series, by
        :func:`~backtests.evaluation.measures.block_bootstrap.cell_sums`.
    block_cells : int
        Cells of a block.

    Returns
    -------
    float
        About the number of blocks or more for ranks that are evenly spread; 1.8 for one event.

    Notes
    -----
    The effective sample size of weights (L. Kish, *Survey Sampling*, 1965) that are the factor's
    squared distances from its mean, times the value by which it falls short for uniform ranks
    that are constant within a block.

    """
    weights = np.add.reduceat(sums[3].astype(np.float64), np.arange(0, sums.shape[1], block_cells))
    total = float((weights * weights).sum())
    return _UNEVEN * float(weights.sum()) ** 2 / total if total > 0 else 0.0
