"""Circular block bootstrap of many correlations at once, by matrix products over cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CELLS: Final = 16_384
"""Cells into which the rows of a series are summed, at most."""
CELLS_A_HORIZON: Final = 4
"""Cells of a horizon, where it has as many steps."""
_AT_ONCE: Final = 128
"""Resamples in memory at once."""
SUMS: Final = 6
"""Sums of a pair: rows, x, y, x², y², xy."""


def cell_rows(rows: int, horizon_steps: int) -> int:
    """Return how many rows are summed into one cell.

    Blocks begin and end with cells, which are short beside the horizon, and so beside a block.
    """
    return max(1, horizon_steps // CELLS_A_HORIZON, -(-rows // MOST_CELLS))


def cell_sums(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    places: NDArray[np.intp],
    rows: int,
    size: int,
) -> NDArray[np.float32]:
    """Return the sums over each cell from which a resample's correlation is made.

    Parameters
    ----------
    x, y : float64 arrays of shape (rows with both,)
        Without NaN.
    places : intp array of shape (rows with both,)
        Their places among all rows, rising: blocks are blocks of time.
    rows : int
        All rows.
    size : int
        Rows of a cell.

    Returns
    -------
    float32 array of shape (6, cells)
        Rows, x, y, x², y² and xy, of series with mean 0 and deviation 1.

    """
    cells = -(-rows // size)
    at = places // size
    x, y = standardised(x), standardised(y)
    sums = np.empty((SUMS, cells), np.float32)
    sums[0] = np.bincount(at, minlength=cells)
    for i, weights in enumerate((x, y, x * x, y * y, x * y), start=1):
        sums[i] = np.bincount(at, weights, minlength=cells)
    return sums


def standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with mean 0 and deviation 1; zeros of a constant."""
    values = values - values.mean()
    scale = values.std()
    return values / scale if scale > 0 else values


def block_weights(
    cells: int, block_cells: int, resamples: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return how often each cell is in each resample of a circular block bootstrap.

    Parameters
    ----------
    cells : int
        Cells of the series, whose end is followed by its beginning.
    block_cells : int
        Cells of a block.
    resamples : int
        Resamples.
    random : numpy.random.Generator
        The source of the blocks' places.

    Returns
    -------
    float32 array of shape (resamples, cells)
        Each row adds up to ``cells``.

    Notes
    -----
    D. Politis, J. Romano, *A circular block-resampling procedure for stationary data*, 1992.

    """
    block_cells = min(block_cells, cells)
    blocks = -(-cells // block_cells)
    lengths = np.full(blocks, block_cells)
    lengths[-1] = cells - block_cells * (blocks - 1)
    starts = random.integers(0, cells, (resamples, blocks))
    ends = starts + lengths
    reaches_beyond = ends > cells
    offset = np.arange(resamples)[:, None] * (cells + 1)
    size = resamples * (cells + 1)
    begun = np.bincount((starts + offset).ravel(), minlength=size)
    ended = np.bincount((ends - cells * reaches_beyond + offset).ravel(), minlength=size)
    steps = (begun - ended).reshape(resamples, -1)
    # What reaches beyond the end is at the beginning.
    steps[:, 0] += reaches_beyond.sum(axis=1)
    # Whole numbers of at most as many blocks: exact.
    return np.cumsum(steps[:, :cells], axis=1, dtype=np.float32)


def resampled_sums(
    sums: NDArray[np.float32], block_cells: int, resamples: int, seed: int
) -> NDArray[np.float64]:
    """Return the sums of each resample.

    Parameters
    ----------
    sums : float32 array of shape (series, cells)
        The sums over each cell.
    block_cells : int
        Cells of a block.
    resamples : int
        Resamples.
    seed : int
        The same blocks for the same seed.

    Returns
    -------
    float64 array of shape (series, resamples)

    """
    random = np.random.default_rng([seed, block_cells, sums.shape[1]])
    found = np.empty((len(sums), resamples))
    for first in range(0, resamples, _AT_ONCE):
        last = min(first + _AT_ONCE, resamples)
        weights = block_weights(sums.shape[1], block_cells, last - first, random)
        found[:, first:last] = sums @ weights.T
    return found


def resampled_correlations(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation in each resample.

    Parameters
    ----------
    sums : float64 array of shape (pairs, 6, resamples)
        The resampled sums of :func:`cell_sums`.

    Returns
    -------
    float64 array of shape (pairs, resamples)
        NaN where a resample has no rows or a series is constant in it.

    """
    n, x, y, xx, yy, xy = (sums[:, i] for i in range(SUMS))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((xx - x * x / n) * (yy - y * y / n))
        found = (xy - x * y / n) / spread
    found[~np.isfinite(found)] = np.nan
    return found
