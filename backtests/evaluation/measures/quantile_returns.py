"""Returns of quantiles, their turnover, and the spread between the outer two after cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.evaluation.measures.past_quantiles import NO_QUANTILE


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantileReturns:
    """What was earned over one horizon after a factor was in each quantile.

    Attributes
    ----------
    rows : int64 array of shape (quantiles,)
        Instants in each quantile.
    gross : float64 array of shape (quantiles,)
        Mean return over the horizon.
    turnover : float64 array of shape (quantiles,)
        Share of the instants in the quantile at which the factor was not in it one horizon
        before.
    net : float64 array of shape (quantiles,)
        ``gross`` of being long, without the cost of entering and leaving.

    """

    rows: NDArray[np.int64]
    gross: NDArray[np.float64]
    turnover: NDArray[np.float64]
    net: NDArray[np.float64]


def quantile_turnover(quantiles: NDArray[np.uint8], count: int, lag: int) -> NDArray[np.float64]:
    """Return the share of a quantile's instants at which the factor was not in it ``lag`` before.

    Parameters
    ----------
    quantiles : uint8 array of shape (rows,)
        The quantile of each instant; 255: none.
    count : int
        The number of quantiles.
    lag : int
        Steps.

    Returns
    -------
    float64 array of shape (count,)
        NaN for a quantile without instants.

    Notes
    -----
    ``alphalens.performance.quantile_turnover`` of one asset is the same at each instant.

    """
    now, before = quantiles[lag:], quantiles[:-lag]
    entered = np.bincount(now[now != before], minlength=256)[:count]
    held = np.bincount(now, minlength=256)[:count]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(entered / held)


def quantile_returns(
    quantiles: NDArray[np.uint8],
    returns: NDArray[np.float64],
    count: int,
    lag: int,
    cost: float,
) -> QuantileReturns:
    """Return what was earned after each quantile.

    Parameters
    ----------
    quantiles : uint8 array of shape (rows,)
        The quantile of each instant; 255: none.
    returns : float64 array of shape (rows,)
        The return over the horizon from each instant; NaN: none.
    count : int
        The number of quantiles.
    lag : int
        The horizon in steps.
    cost : float
        Cost of one trade, a fraction of its value.

    """
    keep = (quantiles != NO_QUANTILE) & ~np.isnan(returns)
    own = quantiles[keep]
    rows = np.bincount(own, minlength=count)[:count]
    with np.errstate(invalid="ignore", divide="ignore"):
        gross = np.bincount(own, returns[keep], minlength=count)[:count] / rows
    turnover = quantile_turnover(quantiles, count, lag)
    return QuantileReturns(
        rows=rows, gross=gross, turnover=turnover, net=gross - 2 * cost * turnover
    )


def spread_series(
    quantiles: NDArray[np.uint8],
    returns: NDArray[np.float64],
    count: int,
    lag: int,
    sign: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, at each instant, what the spread between the outer quantiles earned and traded.

    Long in the highest quantile and short in the lowest, or the other way with a negative sign,
    each instant with the same money, held for one horizon.

    Parameters
    ----------
    quantiles, returns, count, lag
        As for :func:`quantile_returns`.
    sign : float
        1 or -1.

    Returns
    -------
    tuple of float64 arrays, both of shape (rows,)
        The return before cost, and what was traded, as a multiple of the money: what is held on
        is not traded. NaN at instants without quantile or return.

    """
    position = np.where(quantiles == count - 1, sign, np.where(quantiles == 0, -sign, 0.0))
    before = np.zeros_like(position)
    before[lag:] = position[:-lag]
    keep = (quantiles != NO_QUANTILE) & ~np.isnan(returns)
    earned = np.where(keep, position * returns, np.nan)
    return earned, np.where(keep, np.abs(position - before), np.nan)
