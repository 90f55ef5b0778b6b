"""The benchmark: what it had been worth to buy an instrument at the start and to hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backtests.run.results.accounting.measures.daily_returns import daily_returns, return_figures
from backtests.run.results.accounting.measures.drawdowns import Drawdown, drawdowns

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class HoldFigures:
    """An instrument that was held without leverage, fees and funding; None: no statistic.

    Attributes
    ----------
    first_price, last_price : float, optional
        The first and the last price of the run; None without prices.
    total_return : float, optional
        The last over the first, minus 1.
    drawdown : Drawdown, optional
        The deepest one of the price.
    sharpe : float, optional
        As of a strategy.

    """

    first_price: float | None = None
    last_price: float | None = None
    total_return: float | None = None
    drawdown: Drawdown | None = None
    sharpe: float | None = None


def hold_figures(
    ts: NDArray[np.int64],
    prices: NDArray[np.float64],
    days_per_year: int,
    market_days: Collection[int] | None,
) -> HoldFigures:
    """Return the figures of an instrument that was held.

    Parameters
    ----------
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising.
    prices : float64 array of shape (instants,)
        The newest price at each instant; NaN before the first one.
    days_per_year : int
        The trading days of a year.
    market_days : collection of int, optional
        The days since 1970 that count; None: all.

    """
    is_known = ~np.isnan(prices)
    ts, prices = ts[is_known], prices[is_known]
    if not len(prices) or prices[0] <= 0:
        return HoldFigures()
    returns = daily_returns(ts, prices, market_days)
    deepest = drawdowns(ts, prices, 1)
    is_owned = bool(np.all(prices > 0))
    return HoldFigures(
        first_price=float(prices[0]),
        last_price=float(prices[-1]),
        total_return=float(prices[-1] / prices[0]) - 1,
        drawdown=deepest[0] if deepest else None,
        sharpe=return_figures(returns, days_per_year, is_owned=is_owned).sharpe,
    )
