"""The runs of one command: one for each delay of the factors, the first one with its files."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from adapters.command.terminal import say
from adapters.command.user_code.strategy_class import make_strategy
from backtests.run.one_backtest import replayed
from backtests.run.results.result_files import write_results
from backtests.run.results.text.result_text import delay_table, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from backtests.inputs.backtest_data import BacktestData
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.inputs.factor_delay import FactorDelay
    from backtests.run.results.figures.run_figures import Figures


def run_each(
    delays: Sequence[FactorDelay],
    data: BacktestData,
    settings: BacktestSettings,
    folder: Path,
    is_stopped: Callable[[], bool],
) -> None:
    """Run a backtest for each delay and print the results.

    Parameters
    ----------
    delays : sequence of FactorDelay
        The summary of the first run is printed and its files are written; for several delays a
        table follows.
    data : BacktestData
        The data to replay.
    settings : BacktestSettings
        The settings with the strategy; each run makes a new one.
    folder : Path
        The folder of the files.
    is_stopped : callable
        Called after each chunk; True ends the run, and no further one is started.

    Raises
    ------
    DolphinError
        If a run did not reach its end.

    """
    found: list[Figures] = []
    for delay in delays:
        if is_stopped():
            break
        is_first = not found
        strategy = make_strategy(settings.strategy.path, settings.strategy.config)
        name = type(strategy).__name__
        seen = dataclasses.replace(data, delay=delay)
        label = name if is_first else f"{delay} later"
        with replayed(seen, settings, strategy, is_stopped, label) as (engine, figures, _):
            found.append(figures)
            if is_first:
                say(summary(name, figures))
                write_results(folder, engine, seen, settings.strategy, figures)
                say(
                    f"\nresults in {folder}: report.html, result.json, trades, equity, funding, "
                    "orders, fills, positions, account"
                )
    if len(delays) > 1:
        say("\nwhat freshness is worth:")
        say(delay_table(found))
