"""replay: one backtest from its inputs to its figures."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from backtests.engine.backtest_run import BacktestRun, build_engine, factor_pieces
from backtests.run.decision_log import DecisionLog
from backtests.run.results import figures_of
from backtests.run.run_history import history_catalog
from backtests.run.run_progress import RunProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nautilus_trader.backtest import BacktestEngine

    from adapters.command.strategy_class import AnyFactorStrategy
    from backtests.inputs.backtest_inputs import Inputs
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.run.decision_log import Decision
    from backtests.run.interrupt import Interrupt
    from backtests.run.results import Figures


@contextmanager
def replayed(
    inputs: Inputs,
    settings: BacktestSettings,
    strategy: AnyFactorStrategy,
    interrupt: Interrupt,
    label: str = "",
) -> Iterator[tuple[BacktestEngine, Figures, list[Decision]]]:
    """Replay the inputs; give the engine as it ended, its figures and the decisions.

    Raises
    ------
    BacktestError
        If the strategy raised an exception, or Nautilus stopped the engine.
    ConfigError
        If an input turns out to be damaged.

    """
    run = settings.backtest
    log = DecisionLog(strategy)
    history = strategy.factor_history
    span_ns = 0 if history is None else history // timedelta(microseconds=1) * 1000
    with history_catalog(inputs, span_ns) as catalog:
        engine = build_engine(
            venue=settings.venue,
            instruments=inputs.instruments,
            fill_on=inputs.fill_on,
            strategy=strategy,
            catalog=catalog,
            log_level=run.log_level,
        )
        started_s = time.monotonic()
        with RunProgress(
            inputs.start_ns, inputs.end_ns, run.chunk_rows, interrupt, label
        ) as progress:
            replay = BacktestRun(
                engine,
                strategy,
                factors=factor_pieces(inputs.batches()),
                market=inputs.market(run.chunk_rows),
                start_ns=inputs.start_ns,
                end_ns=inputs.end_ns,
                rows=progress.rows,
                on_progress=progress,
            )
            replay.run()
    elapsed_s = time.monotonic() - started_s
    figures = figures_of(engine, inputs, replay, elapsed_s, len(log.decisions))
    # Not after a failure: Nautilus refuses to dispose of a strategy that runs.
    try:
        yield engine, figures, log.decisions
    finally:
        engine.dispose()
