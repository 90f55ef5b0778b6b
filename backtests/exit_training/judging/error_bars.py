"""Error bars of a mean of results that follow one another and may depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]

FEWEST: Final = 30
"""With fewer results no error bar is stated."""


@dataclass(frozen=True)
class Bar:
    """A mean with its error bar.

    Attributes
    ----------
    mean : float
        The mean.
    lower, upper : float
        Its confidence interval; infinite with too few results.
    count : int
        The number of results.

    """

    mean: float
    lower: float
    upper: float
    count: int


def bar_of(results: Floats, level: float) -> Bar:
    """Return the mean of results and its two-sided confidence interval.

    With the standard error of the stationary bootstrap, and the quantile of Student's t, which
    has fatter tails than the normal for few results.

    Parameters
    ----------
    results : float64 array of shape (n,)
        In the order of time.
    level : float
        The confidence level, such as 0.95.

    """
    # Here: a node and run_backtest.py never load them.
    from scipy.stats import t  # noqa: PLC0415

    count = len(results)
    mean = float(results.mean()) if count else 0.0
    if count < FEWEST:
        return Bar(mean, -np.inf, np.inf, count)
    reach = float(t.ppf(0.5 + level / 2, count - 1)) * standard_error(results)
    return Bar(mean, mean - reach, mean + reach, count)


def standard_error(results: Floats) -> float:
    """Return the standard error of the mean by the stationary bootstrap.

    Without drawing: the variance over all of its resamples has a closed form (D. Politis & J.
    Romano, "The Stationary Bootstrap", 1994, lemma 1). The block length is that of ``arch``
    (Politis & White, 2004). A short series may look less dependent than chance, so the result is
    never smaller than for independent results.

    Parameters
    ----------
    results : float64 array of shape (n,)
        In the order of time.

    """
    count = len(results)
    if not np.ptp(results) > 0:
        return 0.0
    plain = float(results.std(ddof=1) / np.sqrt(count))
    stays = 1 - 1 / block_length(results)
    # Padded, so that the ends do not meet.
    spectrum = np.fft.rfft(results - results.mean(), 2 * count)
    covariances = np.fft.irfft(np.abs(spectrum) ** 2)[:count] / count
    lags = np.arange(1, count)
    share = lags / count
    weights = (1 - share) * stays**lags + share * stays ** (count - lags)
    variance = covariances[0] + 2 * float(weights @ covariances[1:])
    return max(plain, float(np.sqrt(max(variance, 0.0) / count)))


def block_length(results: Floats) -> float:
    """Return the mean length of the stationary bootstrap's blocks, 1 at least."""
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415

    found = float(optimal_block_length(results)["stationary"].iloc[0])
    return min(max(found, 1.0), len(results) / 4) if np.isfinite(found) else 1.0
