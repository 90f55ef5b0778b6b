"""Exposure: how long and how much was held, and how much was traded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ExposureFigures:
    """Exposure in one currency.

    Attributes
    ----------
    time_in_market : float
        The fraction of the time in which a position was open.
    mean_notional : float
        The mean notional value of all positions over that time, long and short ones added up.
    max_notional : float
        The largest.
    max_leverage : float, optional
        The largest notional value over the equity of the same instant; None if the equity was
        not above 0 all the time.
    traded : float
        The notional value of all fills.
    turnover : float, optional
        ``traded`` over the mean equity; None if that is not above 0.

    """

    time_in_market: float
    mean_notional: float
    max_notional: float
    max_leverage: float | None
    traded: float
    turnover: float | None


def exposure_figures(
    ts: NDArray[np.int64],
    notional: NDArray[np.float64],
    equity: NDArray[np.float64],
    traded: float,
) -> ExposureFigures:
    """Return the exposure of a run.

    Parameters
    ----------
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising; each fill's instant is among them.
    notional, equity : float64 arrays of shape (instants,)
        The notional value and the equity from each instant to the next one.
    traded : float
        The notional value of all fills.

    """
    spans = np.diff(ts, append=ts[-1:]).astype(np.float64)
    whole = float(spans.sum())
    inside = spans * (notional > 0)
    held = float(inside.sum())
    mean_equity = float(np.average(equity, weights=spans)) if whole else float(equity[-1])
    is_owned = bool(np.all(equity > 0))
    return ExposureFigures(
        time_in_market=held / whole if whole else 0.0,
        mean_notional=float(np.average(notional, weights=inside)) if held else 0.0,
        max_notional=float(notional.max()),
        max_leverage=float(np.max(notional / equity)) if is_owned else None,
        traded=traded,
        turnover=traded / mean_equity if mean_equity > 0 else None,
    )
