"""Bands: the distribution of what live may look like after each horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import Duration
from backtests.enveloping.resampling import (
    block_length,
    long_run_draws,
    mean_errors,
    resampled_indexes,
    resampled_ratio,
)
from backtests.enveloping.result_grid import HITS, NOTIONAL, PNL, SLIPPAGE, TRADES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from backtests.enveloping.result_grid import ResultGrid

HORIZONS: Final = (
    "1m", "5m", "15m", "1h", "4h", "8h", "1d", "3d", "7d", "14d", "28d", "91d"
)  # fmt: skip
QUANTILES: Final = (0.005, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 0.995)
MEASURES: Final = (
    "pnl", "drawdown", "drawdown_length_s", "trades_per_day", "slippage_fraction", "hit_rate"
)  # fmt: skip
"""``pnl`` and ``drawdown`` in the currency; ``slippage_fraction`` of the notional value."""
_DAY_NS: Final = 86_400_000_000_000
_FEWEST_STEPS: Final = 4
_LONGEST_PART: Final = 0.5
"""Of the window: of a longer future a backtest knows little."""


def horizons_of(grid: ResultGrid) -> dict[str, int]:
    """Return the horizons of which a run can say something: their steps by their names."""
    found: dict[str, int] = {}
    for name in HORIZONS:
        steps = Duration.from_str(name).ns // grid.step_ns
        if _FEWEST_STEPS <= steps <= _LONGEST_PART * len(grid.rows):
            found[name] = steps
    return found


def draw_futures(
    grid: ResultGrid,
    horizons: dict[str, int],
    draws: int,
    rng: np.random.Generator,
    progress: Callable[[int], object] = lambda _: None,
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Draw what may come after each horizon.

    Parameters
    ----------
    grid : ResultGrid
        The steps of a run.
    horizons : dict of str to int
        Steps by name.
    draws : int
        Number of futures.
    rng : numpy.random.Generator
        The source of chance.
    progress : callable
        Called with the number of futures that were drawn since the last call.

    Returns
    -------
    dict of str to dict of str to ndarray of float64, shape (draws,)
        By horizon, by measure; NaN where a future has no trade to measure.

    Notes
    -----
    A future is a resampled path of steps, whose profit deviates from the mean as much more as
    the long-run variance of the steps, of which a history of this length says something and not
    all, is above that of resampled ones; moved by what it does not know about the mean: an
    interval of predictions, not of the mean.

    """
    profit = grid.rows[:, PNL]
    block = block_length(profit)
    resampled = resampled_ratio(profit, block)
    known = long_run_draws(profit, block, max(1.0, resampled), draws, rng)
    wider = np.sqrt(known / resampled)
    length = max(horizons.values())
    mean = grid.rows.mean(axis=0)
    errors = mean_errors(grid.rows, draws, block, rng)
    errors[:, PNL] *= wider
    found = {name: {m: np.empty(draws) for m in MEASURES} for name in horizons}
    first = 0
    for indexes in resampled_indexes(len(grid.rows), length, draws, block, rng):
        paths = slice(first, first + len(indexes))
        first += len(indexes)
        moved = profit[indexes]
        moved = mean[PNL] + (moved - mean[PNL]) * wider[paths, None] + errors[paths, PNL][:, None]
        level = np.cumsum(moved, axis=1)
        others = {c: np.cumsum(grid.rows[:, c][indexes], axis=1) for c in _COUNTED}
        for name, steps in horizons.items():
            totals = {
                c: np.maximum(0.0, others[c][:, steps - 1] + steps * errors[paths, c])
                for c in _COUNTED
            }
            _measure(found[name], paths, level[:, :steps], totals, grid.step_ns)
        progress(len(indexes))
    return found


_COUNTED: Final = (TRADES, HITS, SLIPPAGE, NOTIONAL)


def _measure(
    into: dict[str, NDArray[np.float64]],
    paths: slice,
    level: NDArray[np.float64],
    totals: dict[int, NDArray[np.float64]],
    step_ns: int,
) -> None:
    """Measure futures up to one horizon."""
    steps = level.shape[1]
    peak = np.maximum.accumulate(np.maximum(level, 0.0), axis=1)
    into["pnl"][paths] = level[:, -1]
    into["drawdown"][paths] = (peak - level).max(axis=1)
    # Steps since the peak was last reached: from its place to each later one.
    positions = np.arange(1, steps + 1)
    reached = np.maximum.accumulate(np.where(level >= peak, positions, 0), axis=1)
    into["drawdown_length_s"][paths] = (positions - reached).max(axis=1) * step_ns / 1e9
    into["trades_per_day"][paths] = totals[TRADES] * _DAY_NS / (steps * step_ns)
    with np.errstate(divide="ignore", invalid="ignore"):
        slippage = totals[SLIPPAGE] / totals[NOTIONAL]
        hits = np.minimum(1.0, totals[HITS] / totals[TRADES])
    into["slippage_fraction"][paths] = np.where(totals[NOTIONAL] > 0, slippage, np.nan)
    # Less than one trade: a future without a rate.
    into["hit_rate"][paths] = np.where(totals[TRADES] >= 0.5, hits, np.nan)


def bands_of(
    grids: Sequence[ResultGrid],
    draws: int,
    rng: np.random.Generator,
    progress: Callable[[int], object] = lambda _: None,
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Return the quantiles of every measure after every horizon.

    Parameters
    ----------
    grids : sequence of ResultGrid
        The run and what perturbs it, of one step; each has an equal part of the draws.
    draws : int
        Number of futures.
    rng : numpy.random.Generator
        The source of chance.
    progress : callable
        Called with the number of futures that were drawn since the last call.

    Returns
    -------
    dict
        By horizon, by measure, by quantile as text; None where no future can be measured.

    """
    horizons = horizons_of(min(grids, key=lambda g: len(g.rows)))
    share = max(1, draws // len(grids))
    parts = [draw_futures(grid, horizons, share, rng, progress) for grid in grids]
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for name in horizons:
        found[name] = {}
        for measure in MEASURES:
            values = np.concatenate([part[name][measure] for part in parts])
            values = values[np.isfinite(values)]
            levels = np.quantile(values, QUANTILES) if len(values) else [None] * len(QUANTILES)
            found[name][measure] = {
                f"{q:g}": None if v is None else float(v)
                for q, v in zip(QUANTILES, levels, strict=True)
            }
    return found
