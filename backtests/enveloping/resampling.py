"""Resampling: the stationary bootstrap of a series into the future, and its dependence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_CELLS: Final = 4_000_000
"""Indexes in memory at once."""
_FEWEST: Final = 8
"""Values from which a block length can be chosen."""


def block_length(values: NDArray[np.float64]) -> float:
    """Return the mean block length of a stationary bootstrap, at least 1.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The series.

    Notes
    -----
    A. Patton, D. Politis, H. White, *Correction to "Automatic block-length selection for the
    dependent bootstrap"*, 2009, as in ``arch``.

    """
    if len(values) < _FEWEST or not np.ptp(values):
        return 1.0
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - the extra

    found = float(optimal_block_length(values)["stationary"].iloc[0])
    return max(1.0, found) if math.isfinite(found) else 1.0


def resampled_indexes(
    count: int, steps: int, draws: int, block: float, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the indexes of resampled paths, so many paths at once as memory allows.

    Parameters
    ----------
    count : int
        Length of the series.
    steps, draws : int
        Length and number of paths.
    block : float
        Mean length of a block.
    rng : numpy.random.Generator
        The source of chance.

    Yields
    ------
    ndarray of int64, shape (paths, steps)

    Notes
    -----
    D. Politis, J. Romano, *The stationary bootstrap*, 1994. ``arch`` resamples to the length of
    the series only; the future has a length of its own.

    """
    at_once = max(1, _CELLS // steps)
    positions = np.arange(steps)
    for first in range(0, draws, at_once):
        paths = min(at_once, draws - first)
        begins = rng.random((paths, steps)) < 1.0 / block
        begins[:, 0] = True
        origin = np.maximum.accumulate(np.where(begins, positions, 0), axis=1)
        starts = rng.integers(0, count, (paths, steps))
        yield (np.take_along_axis(starts, origin, axis=1) + positions - origin) % count


def mean_errors(
    rows: NDArray[np.float64], draws: int, block: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return by how much the means of resampled histories miss the mean of the series.

    Parameters
    ----------
    rows : ndarray of float64, shape (n, k)
        The series.
    draws : int
        Number of histories.
    block : float
        Mean length of a block.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray of float64, shape (draws, k)
        What a backtest of this length does not know about the mean.

    Notes
    -----
    Of the centred series' block sums, which is the stationary bootstrap of a mean but for its
    last block: blocks of geometric length until the length of the series is reached.

    """
    count = len(rows)
    centred = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows - rows.mean(0), axis=0)])
    blocks = max(1, round(count / block))
    totals = np.zeros((draws, rows.shape[1]))
    lengths_total = np.zeros(draws)
    at_once = max(1, _CELLS // blocks)
    for first in range(0, draws, at_once):
        paths = slice(first, min(first + at_once, draws))
        shape = (paths.stop - paths.start, blocks)
        lengths = np.minimum(rng.geometric(min(1.0, 1.0 / block), shape), count)
        starts = rng.integers(0, count, shape)
        ends = starts + lengths
        # The centred series sums to 0, so that a block that wraps needs no other term.
        totals[paths] = (centred[ends % count] - centred[starts]).sum(axis=1)
        lengths_total[paths] = lengths.sum(axis=1)
    found: NDArray[np.float64] = totals / lengths_total[:, None]
    return found


def resampled_ratio(values: NDArray[np.float64], block: float) -> float:
    """Return the long-run variance that resampled paths have, over the variance.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The series.
    block : float
        Mean length of a block.

    Notes
    -----
    Lags count with the probability that both values are of one block, ``(1 - 1 / block) ** lag``
    (Politis and Romano, 1994, lemma 1).

    """
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    if not variance or block <= 1.0:
        return 1.0
    lags = np.arange(1, min(len(values) - 1, math.ceil(20 * block)))
    products = np.array([np.dot(centred[k:], centred[:-k]) / len(values) for k in lags])
    found = 1.0 + 2.0 * float(np.sum((1 - 1 / block) ** lags * products)) / variance
    return max(0.05, found)


def long_run_ratio(values: NDArray[np.float64], block: float) -> float:
    """Return the long-run variance over the variance, at least 1.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The series.
    block : float
        Its automatic block length, which is the bandwidth's scale.

    Notes
    -----
    Bartlett's kernel on the residuals of a first-order autoregression, which is put back
    (D. Andrews, C. Monahan, *An improved HAC estimator*, 1992). The kernel reaches over four
    blocks, and the square root of the length at least: what lasts in regimes is little at each lag
    and much in all, of which neither a first order nor the automatic block length sees anything.

    """
    return max(1.0, _long_run(values, _lags(values, block)))


def long_run_draws(
    values: NDArray[np.float64], block: float, least: float, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw what the long-run variance over the variance may be, given a series of this length.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The series.
    block : float
        Its automatic block length.
    least : float
        What the estimate is at least.
    draws : int
        How many.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray of float64, shape (draws,)

    Notes
    -----
    The estimate is of the centred series, which takes a part ``m / n`` of a kernel that reaches
    ``m`` lags away; and it has the law of a chi-square variable with ``3 n / (2 m)`` degrees of
    freedom over that number (M. Priestley, *Spectral Analysis and Time Series*, 1981, 6.2.4, at
    frequency 0). So the interval that follows is a Student's, not a normal one: without either
    it covered 92.6 % instead of 95 % of the next 50 of autocorrelated results.

    """
    count = len(values)
    if count < _FEWEST or not np.ptp(values):
        return np.full(draws, least)
    lags = _lags(values, block)
    reach = (lags + 1) / count
    known = max(least, _long_run(values, lags) / (1.0 - reach))
    freedom = 1.5 / reach
    found: NDArray[np.float64] = known * freedom / rng.chisquare(freedom, draws)
    return found


def _lags(values: NDArray[np.float64], block: float) -> int:
    return min(math.ceil(max(4 * block, math.sqrt(len(values)))), len(values) // 4)


def _long_run(values: NDArray[np.float64], lags: int) -> float:
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    if len(values) < _FEWEST or not variance:
        return 1.0
    slope = float(np.clip(np.dot(centred[1:], centred[:-1]) / np.sum(centred**2), -0.9, 0.9))
    residuals = centred[1:] - slope * centred[:-1]
    found = float(np.mean(residuals**2))
    for lag in range(1, lags + 1):
        product = np.dot(residuals[lag:], residuals[:-lag]) / len(residuals)
        found += 2.0 * (1.0 - lag / (lags + 1)) * float(product)
    return found / (1.0 - slope) ** 2 / variance
