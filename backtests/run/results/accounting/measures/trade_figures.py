"""Figures of closed positions: how often and how much they won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_POSITIONS: Final = 10
"""Closed positions from which there is a statistic of them, and ratios of a strategy's returns."""


@dataclass(frozen=True, kw_only=True)
class TradeFigures:
    """Figures of the closed positions, after funding and fees; None: there is no statistic.

    Attributes
    ----------
    closed : int
        The number of closed positions.
    best, worst : float, optional
        The largest and the smallest result; None without a closed position.
    mean_holding_s, longest_holding_s : float, optional
        From the first fill to the last one, seconds; None without a closed position.
    win_rate : float, optional
        The fraction of those with a result above 0.
    profit_factor : float, optional
        The sum of results above 0, over the sum of the others without their sign; None without
        a loss.
    mean : float, optional
        The mean result (expectancy).
    mean_winner, mean_loser : float, optional
        The mean of results above 0, and of the others.
    losses_in_a_row : int, optional
        The longest run of results that are not above 0.
    why_none : str
        Why there is no statistic; empty if there is.

    """

    closed: int
    best: float | None = None
    worst: float | None = None
    mean_holding_s: float | None = None
    longest_holding_s: float | None = None
    win_rate: float | None = None
    profit_factor: float | None = None
    mean: float | None = None
    mean_winner: float | None = None
    mean_loser: float | None = None
    losses_in_a_row: int | None = None
    why_none: str = ""


def trade_figures(pnl: NDArray[np.float64], holding_s: NDArray[np.float64]) -> TradeFigures:
    """Return the figures of closed positions.

    Parameters
    ----------
    pnl : float64 array of shape (positions,)
        Their results, in the order in which they were closed.
    holding_s : float64 array of shape (positions,)
        How long they were open, seconds.

    """
    closed = len(pnl)
    if not closed:
        return TradeFigures(closed=0, why_none=too_few(0))
    always = {
        "closed": closed,
        "best": float(pnl.max()),
        "worst": float(pnl.min()),
        "mean_holding_s": float(holding_s.mean()),
        "longest_holding_s": float(holding_s.max()),
    }
    if closed < LEAST_POSITIONS:
        return TradeFigures(**always, why_none=too_few(closed))  # type: ignore[arg-type]
    won = pnl > 0
    gained, lost = float(pnl[won].sum()), -float(pnl[~won].sum())
    edges = np.flatnonzero(np.diff(~won, prepend=False, append=False))
    return TradeFigures(
        **always,  # type: ignore[arg-type]
        win_rate=float(won.mean()),
        profit_factor=gained / lost if lost > 0 else None,
        mean=float(pnl.mean()),
        mean_winner=float(pnl[won].mean()) if won.any() else None,
        mean_loser=float(pnl[~won].mean()) if not won.all() else None,
        losses_in_a_row=int(np.diff(edges)[::2].max()) if len(edges) else 0,
    )


def too_few(closed: int) -> str:
    """Return the sentence about too few closed positions."""
    return f"{closed} closed position{'' if closed == 1 else 's'}, {LEAST_POSITIONS} needed"
