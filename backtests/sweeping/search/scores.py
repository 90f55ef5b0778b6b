"""Scores: what a search maximises, made of the returns of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backtests.sweeping.evidence.sharpe_ratios import sharpe_ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.sweeping.setup.sweep_settings import Objective


def score_of(returns: NDArray[np.float64], objective: Objective) -> float | None:
    """Return the objective of returns; None without returns, 0 if nothing was gained or lost.

    Parameters
    ----------
    returns : float64 array of shape (steps,)
        The returns of equal steps of time.
    objective : str
        ``sharpe``: mean over standard deviation; ``sortino``: mean over the root of the mean
        square of negative returns; ``return``: the whole return. The first two are of one step.

    """
    if not len(returns):
        return None
    if objective == "return":
        return float(np.prod(1 + returns) - 1)
    # The moments of higher order take a hundred times as long, in the process that feeds workers.
    sharpe = sharpe_ratio(returns) or 0.0
    if objective == "sharpe":
        return sharpe
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    # Without a loss the ratio is infinite: the deviation takes its place.
    return float(np.mean(returns)) / downside if downside > 0 else sharpe
