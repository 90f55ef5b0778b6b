"""The two runs of a drill: without it and with it, the second one with its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.command.terminal import say
from adapters.command.user_code.strategy_class import make_strategy
from backtests.run.drills.drill_file import write_drills
from backtests.run.drills.effects.outcome import DrillOutcome, DrillResult, RunTotals, lost_names
from backtests.run.drills.effects.outcome_text import outcome_text
from backtests.run.drills.effects.window_figures import RunEvents
from backtests.run.drills.failures.drilled_data import DrilledData
from backtests.run.one_backtest import replayed
from backtests.run.results.result_files import write_results
from backtests.run.results.text.result_text import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

    from backtests.inputs.backtest_data import BacktestData
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.run.drills.drill import Drill
    from backtests.run.results.figures.run_figures import Figures


def run_drills(
    drills: Sequence[Drill],
    data: BacktestData,
    settings: BacktestSettings,
    folder: Path,
    is_stopped: Callable[[], bool],
) -> None:
    """Run a backtest without and with drills, print both, and write the files of the second.

    Parameters
    ----------
    drills : sequence of Drill
        The drills, which fit the data.
    data : BacktestData
        The data to replay.
    settings : BacktestSettings
        The settings with the strategy; each run makes a new one.
    folder : Path
        The folder of the files.
    is_stopped : callable
        Called after each chunk; True ends the run, and a second one is not started.

    Raises
    ------
    DolphinError
        If a run did not reach its end.

    """
    path, config = settings.strategy.path, settings.strategy.config
    strategy = make_strategy(path, config)
    name = type(strategy).__name__
    with replayed(data, settings, strategy, is_stopped, "without drills") as (
        engine,
        figures,
        decisions,
    ):
        events = _events(engine, figures, [d.ns for d in decisions])
        before = [events.within(drill) for drill in drills]
        positions = {str(i.id): events.position_line(str(i.id)) for i in data.instruments}
        without = _totals(figures)
    if is_stopped():
        say("stopped before the run with the drills; nothing was written")
        return
    strategy = make_strategy(path, config)
    lost = lost_names(drills, strategy.required_factors)
    drilled = DrilledData.of(data, drills)
    # A strategy logs a lost name as an error, at which Nautilus would end the run.
    with replayed(
        drilled, settings, strategy, is_stopped, "with drills", stops_on_error=not lost
    ) as (engine, figures, decisions):
        events = _events(engine, figures, [d.ns for d in decisions])
        results = [
            DrillResult(drill=drill, hits=int(hits), without=one, drilled=events.within(drill))
            for drill, hits, one in zip(drills, drilled.hits, before, strict=True)
        ]
        outcome = DrillOutcome(
            without=without,
            drilled=_totals(figures),
            results=results,
            positions=positions,
            lost=lost,
        )
        say(summary(f"{name} with {len(drills)} drill{'s' * (len(drills) > 1)}", figures))
        say(f"\n{outcome_text(outcome)}")
        write_results(folder, engine, drilled, settings.strategy, figures, outcome=outcome)
        write_drills(folder / "drills.toml", drills)
        say(
            f"\nresults in {folder}: report.html, result.json, trades, equity, orders, fills, "
            "positions, account, drills.toml"
        )


def _events(engine: BacktestEngine, figures: Figures, decision_ns: Sequence[int]) -> RunEvents:
    books = figures.books
    equity = {code: account.equity for code, account in books.accounts.items()}
    return RunEvents(engine, decision_ns, books.ts, equity)


def _totals(figures: Figures) -> RunTotals:
    r, t = figures.replay, figures.trading
    return RunTotals(
        pnl=t.pnl,
        funding=t.funding,
        fees=t.fees,
        orders=t.orders,
        refused=t.refused,
        fills=t.fills,
        decisions=r.decisions,
        open_positions=t.open_positions,
        is_whole=r.is_whole,
    )
