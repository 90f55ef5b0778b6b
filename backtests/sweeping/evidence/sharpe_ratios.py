"""Sharpe ratios: how probable it is that a true one is above 0, after how many trials."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_RETURNS: Final = 20
"""Returns from which there is a statistic."""


@dataclass(frozen=True, kw_only=True)
class ReturnMoments:
    """What the probabilities are made of.

    Attributes
    ----------
    count : int
        The number of returns.
    sharpe : float
        Mean over standard deviation (of a sample), of one return, not of a year; 0 if the returns
        do not differ.
    skewness : float
        The third standardised moment; 0 for a normal law.
    kurtosis : float
        The fourth; 3 for a normal law.

    """

    count: int
    sharpe: float
    skewness: float
    kurtosis: float


def sharpe_ratio(returns: NDArray[np.float64]) -> float | None:
    """Return mean over standard deviation (of a sample), of one return; None if all are equal.

    Parameters
    ----------
    returns : float64 array of shape (returns,)
        Returns of equal steps of time.

    """
    deviation = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
    # Returns that are equal but for the rounding of equity have no deviation.
    return float(np.mean(returns)) / deviation if deviation > 1e-15 else None


def moments(returns: NDArray[np.float64]) -> ReturnMoments:
    """Return the moments of returns.

    Parameters
    ----------
    returns : float64 array of shape (returns,)
        Returns of equal steps of time.

    """
    count = len(returns)
    sharpe = sharpe_ratio(returns)
    if sharpe is None:
        return ReturnMoments(count=count, sharpe=0.0, skewness=0.0, kurtosis=3.0)
    return ReturnMoments(
        count=count,
        sharpe=sharpe,
        skewness=float(stats.skew(returns)),
        kurtosis=float(stats.kurtosis(returns, fisher=False)),
    )


def probabilistic_sharpe(found: ReturnMoments, benchmark: float = 0.0) -> float | None:
    """Return the probability that the true Sharpe ratio is above a benchmark.

    Parameters
    ----------
    found : ReturnMoments
        The moments of the returns.
    benchmark : float
        A Sharpe ratio of one return.

    Returns
    -------
    float or None
        From 0 to 1; None if there are too few returns, or they do not differ.

    Notes
    -----
    Bailey and López de Prado, *The Sharpe ratio efficient frontier*, Journal of Risk 15 (2), 2012,
    equation 11.

    """
    if found.count < LEAST_RETURNS or found.sharpe == 0.0:
        return None
    variance = 1 - found.skewness * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2
    if not variance > 0:
        return None
    score = (found.sharpe - benchmark) * math.sqrt(found.count - 1) / math.sqrt(variance)
    return float(stats.norm.cdf(score))


def expected_maximum(trials: int, deviation: float) -> float:
    """Return the Sharpe ratio that the best of some trials without any edge is expected to have.

    Parameters
    ----------
    trials : int
        The number of different trials.
    deviation : float
        The standard deviation of their Sharpe ratios.

    Notes
    -----
    Bailey and López de Prado, *The deflated Sharpe ratio*, Journal of Portfolio Management 40 (5),
    2014, equation 1.

    """
    if trials < 2:
        return 0.0
    first = float(stats.norm.ppf(1 - 1 / trials))
    second = float(stats.norm.ppf(1 - 1 / (trials * math.e)))
    return deviation * ((1 - np.euler_gamma) * first + np.euler_gamma * second)


def deflated_sharpe(best: ReturnMoments, sharpes: Sequence[float]) -> float | None:
    """Return the probability that the true Sharpe ratio of the best trial is above 0.

    What the best of as many trials without an edge is expected to have is the benchmark.

    Parameters
    ----------
    best : ReturnMoments
        The moments of the best trial's returns.
    sharpes : sequence of float
        The Sharpe ratios, of one return, of all different trials, the best one too.

    Returns
    -------
    float or None
        From 0 to 1; None if there is no statistic.

    Notes
    -----
    Bailey and López de Prado, 2014, equation 2. Trials that resemble each other count as many, so
    the result is on the careful side.

    """
    deviation = float(np.std(sharpes, ddof=1)) if len(sharpes) > 1 else 0.0
    return probabilistic_sharpe(best, expected_maximum(len(sharpes), deviation))
