"""The document of an envelope: its origin, what may come by horizon, and what a watch needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.command.user_code.strategy_class import StrategySettings
from adapters.session.envelope.envelope_file import config_of
from backtests.enveloping.horizon_bands import bands_of
from backtests.enveloping.resampling import block_length, mean_errors, resampled_indexes
from backtests.enveloping.result_grid import STEPS_NS, dearer, grid_of, step_of
from backtests.enveloping.watch_streams import (
    DRAWDOWN_BUDGET,
    count_stream,
    has_enough,
    hit_stream,
    result_stream,
    slippage_stream,
)
from dolphin_strategies.envelope.envelope import FEWEST_VALUES, watch_part
from dolphin_strategies.envelope.watch_rules import HIT_RATE, RESULT, SLIPPAGE, TRADE_COUNT
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from backtests.enveloping.run_folder import RunResults

YEAR_NS: Final = 365 * 86_400_000_000_000
_FEWEST_COUNTS: Final = 60
_MOST_STEPS: Final = 4_000
"""Of a path of a year: trades are added up in groups if there are more."""
_DRAWDOWN_DRAWS: Final = 4_000


def make_document(  # noqa: PLR0913 - the parts of an envelope
    runs: Sequence[RunResults],
    *,
    costs: Sequence[float],
    draws: int,
    seed: int,
    perturbed: float | None = None,
    left_out: Sequence[str] = (),
    progress: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """Make the document, not sealed yet.

    Parameters
    ----------
    runs : sequence of RunResults
        The first is the strategy's own; the others are the same with other parameters or later
        factors, in the same currency.
    costs : sequence of float
        Factors of fees and slippage, each with which the first run is taken once more.
    draws : int
        Futures behind each quantile.
    seed : int
        Of all chance.
    perturbed : float, optional
        The share by which numbers of the configuration differ in some of the runs.
    left_out : sequence of str
        Neighbours of the configuration that could not be run, and why.
    progress : callable
        Called with the number of futures that were drawn since the last call.

    Raises
    ------
    ConfigError
        If the runs do not go together, or there are too few trades.

    """
    own = runs[0]
    _check(runs)
    rng = np.random.default_rng(seed)
    step_ns = max(step_of(run) for run in runs)
    grids = [grid_of(run, step_ns) for run in runs]
    names = [run.label for run in runs] + [f"costs x {factor:g}" for factor in costs]
    grids += [dearer(grids[0], factor) for factor in costs]
    strategy = StrategySettings(path=own.result["strategy"], config=own.result["config"])
    profit = grids[0].rows[:, 0]
    return {
        "origin": {
            "strategy": strategy.path,
            "config": config_of(strategy),
            "instruments": sorted(own.result["instruments"]),
            "currency": own.currency,
            "catalog": own.result["catalog"],
            "start_ns": own.start_ns,
            "end_ns": own.end_ns,
            "delay": own.result["delay"],
            "runs": [{"folder": r.label, "sha256": r.sha256} for r in runs],
            "perturbed": perturbed,
            "left_out": list(left_out),
            "seed": seed,
            "draws": draws,
        },
        "step_ns": step_ns,
        "block_steps": block_length(profit),
        "scenarios": [
            {
                "name": name,
                "pnl": float(grid.rows[:, 0].sum()),
                "trades": int(grid.rows[:, 1].sum()),
                "days": len(grid.rows) * step_ns / STEPS_NS[-1],
            }
            for name, grid in zip(names, grids, strict=True)
        ],
        "horizons": bands_of(grids, draws, rng, progress),
        "watch": _watch(own, rng),
    }


def _check(runs: Sequence[RunResults]) -> None:
    own = runs[0]
    for run in runs[1:]:
        for what, mine, other in (
            ("strategy", own.result["strategy"], run.result["strategy"]),
            ("currency", own.currency, run.currency),
        ):
            if mine != other:
                msg = f"{run.folder}: expected {what} {mine} as in {own.folder}, found {other}"
                raise ConfigError(msg)
    closed = len(own.exit_ns)
    if closed < FEWEST_VALUES:
        msg = (
            f"{own.folder}: expected at least {FEWEST_VALUES} closed positions, found {closed}; "
            "take a longer window"
        )
        raise ConfigError(msg)


def _watch(run: RunResults, rng: np.random.Generator) -> dict[str, Any]:
    results = run.columns["return"]
    if not np.isfinite(results).all():
        msg = f"{run.folder}: expected a return of every closed position, found none of some"
        raise ConfigError(msg)
    span_ns = run.end_ns - run.start_ns
    starts = len(results) * YEAR_NS / span_ns
    streams = {RESULT: result_stream(results, starts, rng), HIT_RATE: hit_stream(results, starts)}
    slippage = run.columns["slippage"] / run.columns["notional"]
    if has_enough(slippage):
        streams[SLIPPAGE] = slippage_stream(slippage, results, starts)
    interval_ns = _count_interval(span_ns)
    bounds = run.start_ns + interval_ns * np.arange(span_ns // interval_ns + 1)
    counts = np.histogram(run.exit_ns, bounds)[0].astype(np.float64)
    if has_enough(counts):
        streams[TRADE_COUNT] = count_stream(counts, YEAR_NS / interval_ns)
    return watch_part(
        streams,
        drawdown_limit(run.columns, starts, DRAWDOWN_BUDGET, rng),
        DRAWDOWN_BUDGET,
        interval_ns,
    )


def _count_interval(span_ns: int) -> int:
    """Return the longest interval of which a window has enough; a day at most."""
    fitting = [s for s in STEPS_NS if span_ns // s >= _FEWEST_COUNTS]
    return fitting[-1] if fitting else STEPS_NS[0]


def drawdown_limit(
    columns: dict[str, NDArray[np.float64]], trades: float, budget: float, rng: np.random.Generator
) -> float:
    """Return the depth that the drawdown of so many trades exceeds with a probability.

    Parameters
    ----------
    columns : dict of str to ndarray of float64, shape (n,)
        ``return``, ``mae_return`` and ``mfe_return`` of the closed positions.
    trades : float
        Length of the future.
    budget : float
        The probability.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    float
        A fraction of one trade's notional value.

    Notes
    -----
    A position's low is below the highest value before it, its high is a peak for what follows:
    the deepest path that its excursions allow.

    """
    results = columns["return"]
    low = np.minimum(np.nan_to_num(columns["mae_return"]), results)
    high = np.maximum(np.nan_to_num(columns["mfe_return"]), results)
    block = block_length(results)
    group = max(1, round(trades / _MOST_STEPS))
    steps = max(1, round(trades / group))
    if group > 1:
        results, low, high = _grouped(results, low, high, group)
    deepest: list[NDArray[np.float64]] = []
    errors = mean_errors(results[:, None], _DRAWDOWN_DRAWS, block, rng)[:, 0]
    first = 0
    for indexes in resampled_indexes(len(results), steps, _DRAWDOWN_DRAWS, block, rng):
        moved = errors[first : first + len(indexes), None]
        first += len(indexes)
        after = np.cumsum(results[indexes] + moved, axis=1)
        before = after - results[indexes] - moved
        peaks = np.maximum.accumulate(np.maximum(before + high[indexes], 0.0), axis=1)
        earlier = np.hstack([np.zeros((len(indexes), 1)), peaks[:, :-1]])
        depth = np.maximum(peaks - after, earlier - before - low[indexes])
        deepest.append(depth.max(axis=1))
    return float(np.quantile(np.concatenate(deepest), 1 - budget))


def _grouped(
    results: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], group: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return overlapping sums of so many trades, with the lowest and highest on the way."""
    group = min(group, max(1, len(results) // 4))
    windows = [np.lib.stride_tricks.sliding_window_view(v, group) for v in (results, low, high)]
    totals = np.cumsum(windows[0], axis=1)
    before = totals - windows[0]
    return totals[:, -1], (before + windows[1]).min(axis=1), (before + windows[2]).max(axis=1)
