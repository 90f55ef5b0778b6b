"""Daily returns, and the ratios that are made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import DAY_NS

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

LEAST_DAYS: Final = 10
"""Daily returns from which there are ratios."""
LEAST_DAYS_OF_A_YEAR: Final = 90
"""Daily returns from which a return is stated for a year."""


@dataclass(frozen=True, kw_only=True)
class ReturnFigures:
    """Ratios of daily returns; None where there is no statistic.

    Attributes
    ----------
    days : int
        The number of daily returns.
    days_per_year : int
        The trading days of a year with which the ratios are stated for a year.
    sharpe : float, optional
        Mean over standard deviation (of a sample), times the root of ``days_per_year``; the
        risk-free rate is 0.
    sortino : float, optional
        Mean over the root of the mean square of negative returns (of all days), times the same.
    volatility : float, optional
        Standard deviation, times the same.
    annual_return : float, optional
        The constant return of a year that gives the same result (CAGR); from 90 days on.
    why_none : str
        Why there is no statistic; empty if there is.

    """

    days: int
    days_per_year: int
    sharpe: float | None = None
    sortino: float | None = None
    volatility: float | None = None
    annual_return: float | None = None
    why_none: str = ""


def daily_returns(
    ts: NDArray[np.int64], values: NDArray[np.float64], market_days: Collection[int] | None = None
) -> NDArray[np.float64]:
    """Return the returns of whole UTC days; the rests of days at both ends are left out.

    Parameters
    ----------
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising.
    values : float64 array of shape (instants,)
        The series; at midnight the newest value counts.
    market_days : collection of int, optional
        The days since 1970 that count, the change of another one being the next one's; None: all.

    Returns
    -------
    float64 array of shape (days,)
        Each day's last value over the previous one's, minus 1; NaN or infinite where the previous
        one is 0.

    """
    if not len(ts):
        return np.empty(0)
    days = np.arange(-(-int(ts[0]) // DAY_NS), int(ts[-1]) // DAY_NS + 1)
    if not len(days):
        return np.empty(0)
    at_midnight = values[np.searchsorted(ts, days * DAY_NS, side="right") - 1]
    if market_days is not None:
        counts = np.isin(days[:-1], list(market_days))
        at_midnight = at_midnight[np.concatenate([[True], counts])]
    with np.errstate(divide="ignore", invalid="ignore"):
        return at_midnight[1:] / at_midnight[:-1] - 1


def return_figures(
    returns: NDArray[np.float64], days_per_year: int, *, is_owned: bool = True
) -> ReturnFigures:
    """Return the ratios of daily returns.

    Parameters
    ----------
    returns : float64 array of shape (days,)
        Daily returns.
    days_per_year : int
        The trading days of a year.
    is_owned : bool
        Whether what the returns are of was above 0 all the time.

    Notes
    -----
    Sharpe, *The Sharpe Ratio*, 1994; Sortino and van der Meer, *Downside risk*, 1991. The
    definitions are those of the package quantstats.

    """
    days = len(returns)
    none = ReturnFigures(days=days, days_per_year=days_per_year)
    if not is_owned:
        return _without(none, "the equity was not above 0 all the time")
    if days < LEAST_DAYS:
        return _without(none, f"{days} whole day{'' if days == 1 else 's'}, {LEAST_DAYS} needed")
    mean, deviation = float(np.mean(returns)), float(np.std(returns, ddof=1))
    if not deviation > 0:
        return _without(none, "the equity did not move")
    root = math.sqrt(days_per_year)
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    growth = float(np.prod(1 + returns))
    has_year = days >= LEAST_DAYS_OF_A_YEAR and growth > 0
    return ReturnFigures(
        days=days,
        days_per_year=days_per_year,
        sharpe=mean / deviation * root,
        sortino=mean / downside * root if downside > 0 else None,
        volatility=deviation * root,
        annual_return=growth ** (days_per_year / days) - 1 if has_year else None,
    )


def _without(figures: ReturnFigures, why: str) -> ReturnFigures:
    return ReturnFigures(days=figures.days, days_per_year=figures.days_per_year, why_none=why)
