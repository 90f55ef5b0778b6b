"""Persistence of a factor: its autocorrelation, and its half-life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def autocorrelation(ranks: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Return the autocorrelation at the lags from 0 to before ``lags``.

    Parameters
    ----------
    ranks : float64 array of shape (rows,)
        A series at equal steps; NaN: no value, and no pair with it.
    lags : int
        The number of lags.

    Returns
    -------
    float64 array of shape (lags,)
        The mean product over the pairs that have both values, over the variance; NaN where there
        is no pair, or of a constant.

    """
    has_value = ~np.isnan(ranks)
    series = np.where(has_value, ranks - ranks[has_value].mean(), 0.0)
    size = 1 << (len(ranks) + lags).bit_length()
    products = _lagged_products(series, size, lags)
    pairs = np.round(_lagged_products(has_value.astype(np.float64), size, lags))
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = products / pairs
        found = covariance / covariance[0] if covariance[0] > 0 else covariance * np.nan
    found[pairs < 1] = np.nan
    return found


def half_life(autocorrelations: NDArray[np.float64]) -> float | None:
    """Return the lag at which the autocorrelation is one half, between lags by a straight line.

    Parameters
    ----------
    autocorrelations : float64 array of shape (lags,)
        From lag 0.

    Returns
    -------
    float or None
        Steps; None if it stays above one half.

    """
    below = np.flatnonzero(autocorrelations < 0.5)
    if not len(below):
        return None
    at = int(below[0])
    before, after = autocorrelations[at - 1], autocorrelations[at]
    return float(at - 1 + (before - 0.5) / (before - after))


def _lagged_products(series: NDArray[np.float64], size: int, lags: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(series, size)
    return np.asarray(np.fft.irfft(spectrum * spectrum.conj(), size)[:lags])
