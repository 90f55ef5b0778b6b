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
