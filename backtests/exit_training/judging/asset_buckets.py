"""Buckets of assets: a few names for how an asset moves, from its prices alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.exits.model.exit_model import OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]

SEVERAL: Final = 8
"""Intervals over which the variance ratio is taken."""
SURE: Final = 1.96
"""Standard errors from which autocorrelation is stated."""
CALM_VOLATILITY: Final = 0.6
"""Up to this volatility of a year an asset is calm: about what bitcoin has had."""
LIQUID_PER_HOUR: Final = 1_000_000.0
"""From this turnover an hour on, in quote currency, an asset is liquid."""
YEAR_NS: Final = 365 * 86_400_000_000_000


@dataclass(frozen=True)
class AssetTraits:
    """How an asset moves.

    Attributes
    ----------
    volatility : float
        Standard deviation of log returns, of a year.
    turnover : float
        Traded in an hour, quote currency; NaN if it is not recorded.
    variance_ratio : float
        Variance over several intervals over that of one, by the number of intervals: below 1
        moves are taken back, above 1 they go on.
    ratio_score : float
        How many standard errors it is from 1.

    """

    volatility: float
    turnover: float
    variance_ratio: float
    ratio_score: float

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        calm = "calm" if self.volatility <= CALM_VOLATILITY else "wild"
        liquid = "thin" if self.turnover < LIQUID_PER_HOUR else "liquid"
        if abs(self.ratio_score) < SURE:
            moves = "wandering"
        else:
            moves = "reverting" if self.variance_ratio < 1 else "trending"
        return f"{calm}-{liquid}-{moves}"


def traits_of(closes: Floats, interval_ns: int, turnover: float) -> AssetTraits:
    """Return the traits of an asset.

    The variance ratio and its standard error, which allows for changing volatility, are those of
    A. Lo & A. MacKinlay, "Stock Market Prices Do Not Follow Random Walks" (1988).

    Parameters
    ----------
    closes : float64 array of shape (n,)
        Prices at the ends of consecutive intervals.
    interval_ns : int
        Length of an interval, nanoseconds.
    turnover : float
        Traded in an hour, quote currency; NaN if it is not recorded.

    """
    logs = np.log(closes)
    returns = np.diff(logs)
    returns = returns - returns.mean()
    squares = returns**2
    total = squares.sum()
    if len(returns) <= 4 * SEVERAL or not total > 0:
        return AssetTraits(float(np.sqrt(YEAR_NS / interval_ns) * returns.std()), turnover, 1, 0)
    lags = np.arange(1, SEVERAL)
    weights = 2 * (1 - lags / SEVERAL)
    correlations = np.array([(returns[k:] * returns[:-k]).sum() / total for k in lags])
    variances = np.array([(squares[k:] * squares[:-k]).sum() / total**2 for k in lags])
    ratio = 1 + float(weights @ correlations)
    error = float(np.sqrt(weights**2 @ variances))
    volatility = float(np.sqrt(YEAR_NS / interval_ns * total / len(returns)))
    return AssetTraits(volatility, turnover, ratio, (ratio - 1) / error if error else 0.0)


def stable_bucket(halves: Sequence[AssetTraits], whole: AssetTraits) -> str:
    """Return an asset's bucket, or ``other`` if its two halves of time contradict each other.

    Autocorrelation that one half shows and the other does not contradicts nothing.
    """
    parts = [traits.bucket.split("-") for traits in (*halves, whole)]
    is_stable = all(p[:2] == parts[-1][:2] for p in parts)
    moves = {p[2] for p in parts} - {"wandering"}
    return whole.bucket if is_stable and len(moves) <= 1 else OTHER
