"""The grid: what a run gained, traded and paid in each step of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from backtests.enveloping.run_folder import RunResults

_S: Final = 1_000_000_000
STEPS_NS: Final = tuple(n * _S for n in (1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400))
"""Lengths of a step, nanoseconds."""
_FEWEST_STEPS: Final = 200
COLUMNS: Final = ("pnl", "trades", "hits", "slippage", "fees", "notional")
"""Of the rows of a grid: amounts in the currency, numbers of trades."""
PNL, TRADES, HITS, SLIPPAGE, FEES, NOTIONAL = range(len(COLUMNS))


@dataclass(frozen=True)
class ResultGrid:
    """The steps of a run.

    Attributes
    ----------
    step_ns : int
        Length of a step, nanoseconds.
    rows : ndarray of float64, shape (steps, 6)
        The ``COLUMNS`` of each step.

    """

    step_ns: int
    rows: NDArray[np.float64]


def step_of(run: RunResults) -> int:
    """Return the longest step of which a run has enough, nanoseconds.

    Raises
    ------
    ConfigError
        If it is shorter than the run's statements of its equity allow.

    """
    span_ns = run.end_ns - run.start_ns
    fitting = [step for step in STEPS_NS if span_ns // step >= _FEWEST_STEPS]
    stated_ns = int(np.median(np.diff(run.equity_ns))) if len(run.equity_ns) > 1 else span_ns
    fitting = [step for step in fitting if step >= stated_ns]
    if not fitting:
        msg = (
            f"{run.folder}: expected a window of {_FEWEST_STEPS} s or more and as many statements "
            f"of the equity, found {span_ns / _S:,.0f} s and {len(run.equity_ns):,}"
        )
        raise ConfigError(msg)
    # Hours at most if there are enough of them: what is said of an hour needs hours.
    hours = [step for step in fitting if step <= STEPS_NS[6]]
    return hours[-1] if hours else fitting[0]


def grid_of(run: RunResults, step_ns: int) -> ResultGrid:
    """Return the steps of a run's window; a rest at its end is left out.

    Parameters
    ----------
    run : RunResults
        The run.
    step_ns : int
        Length of a step, nanoseconds.

    """
    count = (run.end_ns - run.start_ns) // step_ns
    bounds = run.start_ns + step_ns * np.arange(count + 1)
    # The equity at a bound: the last one stated by then.
    at = np.searchsorted(run.equity_ns, bounds, "right") - 1
    equity = run.equity[np.maximum(at, 0)]
    rows = np.zeros((count, len(COLUMNS)))
    rows[:, PNL] = np.diff(equity)
    step = np.searchsorted(bounds, run.exit_ns, "right") - 1
    is_in = (step >= 0) & (step < count)
    trades = run.columns
    for column, values in (
        (TRADES, np.ones(len(run.exit_ns))),
        (HITS, (trades["pnl"] > 0).astype(np.float64)),
        (SLIPPAGE, trades["slippage"]),
        (FEES, trades["fees"]),
        (NOTIONAL, trades["notional"]),
    ):
        np.add.at(rows[:, column], step[is_in], np.nan_to_num(values[is_in]))
    return ResultGrid(step_ns, rows)


def dearer(grid: ResultGrid, factor: float) -> ResultGrid:
    """Return a grid in which fees and slippage cost so many times as much."""
    rows = grid.rows.copy()
    rows[:, PNL] -= (factor - 1.0) * (rows[:, FEES] + rows[:, SLIPPAGE])
    rows[:, [SLIPPAGE, FEES]] *= factor
    return ResultGrid(grid.step_ns, rows)
