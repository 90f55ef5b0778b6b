"""A run of train_exits.py: from result folders to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog.reading.factor_catalog import FactorCatalog
from adapters.command.durations import show_duration
from adapters.command.progress_bar import StepProgress
from backtests.exit_training.learning.training import TrainingSettings
from backtests.exit_training.model_training import (
    Trained,
    assign_buckets,
    judged_buckets,
    train_model,
)
from backtests.exit_training.recorded.path_building import BuiltPaths, FactorSteps, build_paths
from backtests.exit_training.recorded.price_steps import read_prices
from backtests.exit_training.recorded.result_positions import (
    catalog_of,
    read_positions,
    strategies_of,
)
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backtests.exit_training.command_line import TrainOptions
    from backtests.exit_training.recorded.result_positions import Position

WARM_UP: Final = 200
"""Intervals before the first position, from which volatility is known."""


def train(options: TrainOptions, say: Callable[[str], object]) -> Trained:
    """Train a model.

    Parameters
    ----------
    options : TrainOptions
        What is asked for.
    say : callable
        Called with lines about what is used.

    Raises
    ------
    DolphinError
        If results or a catalog cannot be used.

    """
    positions = read_positions(options.runs)
    built, assets = _prepare(options, positions)
    paths = built.paths
    say(f"{len(paths)} of {len(positions)} positions in {len(built.assets)} instruments, each "
        f"over {show_duration(options.horizon_ns)} in {options.steps} steps")  # fmt: skip
    if built.beyond_end:
        say(f"  {built.beyond_end} left out: their time reaches beyond the recorded prices")
    if built.without_volatility:
        say(f"  {built.without_volatility} left out: no volatility was known at their entry")
    if not len(paths):
        msg = "no position is left to learn from; choose a shorter --horizon or --interval"
        raise ConfigError(msg)
    cost = options.cost
    if cost is None:
        cost = float(np.mean([position.cost for position in positions]))
    settings = TrainingSettings(
        horizon_ns=options.horizon_ns,
        folds=options.folds,
        embargo_ns=options.embargo_ns,
        cost=cost,
        hold_cost=options.hold_cost,
        level=options.level,
    )
    described: dict[str, Any] = {
        "start_ns": int(paths.entry_ns[0]),
        "end_ns": int(paths.entry_ns[-1]) + options.horizon_ns,
        "positions": len(paths),
        "strategies": strategies_of(options.runs),
        "own_exits": "keep" if options.keeps_own_exits else "replace",
        "cost": cost,
        "hold_cost": options.hold_cost,
        "folds": options.folds,
        "embargo_ns": options.embargo_ns,
        "level": options.level,
    }
    with StepProgress(len(judged_buckets(assets)) * options.folds, "folds") as bar:
        return train_model(
            built,
            assets,
            options.factors,
            settings,
            interval_ns=options.interval_ns,
            described=described,
            on_fold=bar.add,
        )


def _prepare(
    options: TrainOptions, positions: list[Position]
) -> tuple[BuiltPaths, dict[str, str]]:
    """Return the paths of positions, and the buckets of their instruments."""
    catalog = options.catalog or catalog_of(options.runs)
    start_ns = max(0, positions[0].entry_ns - WARM_UP * options.interval_ns)
    end_ns = positions[-1].entry_ns + options.horizon_ns + 2 * options.interval_ns
    prices = {
        name: read_prices(catalog, name, options.interval_ns, start_ns, end_ns)
        for name in sorted({position.instrument_id for position in positions})
    }
    ts_ns, values = np.zeros(0, dtype=np.int64), np.zeros((0, len(options.factors)))
    if options.factors:
        ts_ns, values = FactorCatalog(catalog).arrays(options.factors, start_ns, end_ns)
    built = build_paths(
        positions,
        prices,
        FactorSteps(names=options.factors, ts_ns=ts_ns, values=values),
        interval_ns=options.interval_ns,
        steps=options.steps,
        keeps_own_exits=options.keeps_own_exits,
    )
    return built, assign_buckets(built, prices, options.interval_ns, options.folds)
