"""One backtest, from its data to its figures."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nautilus_trader.model import BarType

from adapters.command.progress_bar import ProgressBar
from adapters.command.terminal import say
from adapters.process.safe_files import open_file
from adapters.session.envelope.watch_of_settings import watch_of
from backtests.engine.backtest_run import BacktestRun, factor_pieces
from backtests.engine.engine_setup import build_engine
from backtests.run.decision_log import DecisionLog
from backtests.run.history_catalog import history_catalog
from backtests.run.results.figures.run_figures import RunFacts, figures_of
from backtests.run.submission_prices import SubmissionPrices
from dolphin_strategies.order_gates.price_gate import PriceGate
from dolphin_strategies.order_gates.price_rules import PriceRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nautilus_trader.backtest import BacktestEngine

    from adapters.command.strategy_class import AnyFactorStrategy
    from adapters.session.envelope.envelope_watch import EnvelopeWatch
    from backtests.engine.backtest_run import ReplayProgress
    from backtests.inputs.backtest_data import BacktestData
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.run.decision_log import Decision
    from backtests.run.results.figures.run_figures import Figures
    from dolphin_strategies.order_gates.price_rules import PriceKind

_NS_PER_MS: Final = 1_000_000


@contextmanager
def replayed(  # noqa: PLR0913 - the parts of a run
    data: BacktestData,
    settings: BacktestSettings,
    strategy: AnyFactorStrategy,
    is_stopped: Callable[[], bool] = lambda: False,
    label: str = "",
    *,
    stops_on_error: bool = True,
    logs_decisions: bool = True,
) -> Iterator[tuple[BacktestEngine, Figures, list[Decision]]]:
    """Replay data; yield the engine after its run, the figures and the strategy's decisions.

    Parameters
    ----------
    data : BacktestData
        The data to replay.
    settings : BacktestSettings
        The venue, the size of the chunks and the log level.
    strategy : FactorStrategy
        The strategy, which serves one run.
    is_stopped : callable
        Called after each chunk; True ends the run.
    label : str
        The text before the progress bar.
    stops_on_error : bool
        Whether an error that Nautilus logs ends the run.
    logs_decisions : bool
        Whether each decision is described, which costs a strategy that trades a lot a quarter of
        its time; without, none is yielded.

    Raises
    ------
    BacktestError
        If the strategy raised an exception, or Nautilus stopped the engine.
    ConfigError
        If an input turns out to be damaged.

    """
    run = settings.backtest
    presences = data.presences()
    # Before the log, which sees each decision as the strategy made it.
    gate = price_gate(strategy, data, settings)
    log = DecisionLog(strategy) if logs_decisions else None
    seen = SubmissionPrices(strategy, data)
    watch = _envelope_watch(strategy, settings)
    history = strategy.factor_history
    span_ns = 0 if history is None else history // timedelta(microseconds=1) * 1000
    with history_catalog(data, span_ns) as catalog:
        engine = build_engine(
            venue=settings.venue,
            instruments=data.instruments,
            fill_on=data.fill_on,
            catalog=catalog,
            log_level=run.log_level,
            stops_on_error=stops_on_error,
        )
        if gate is not None:
            engine.add_exec_algorithm(gate.algorithm)
            engine.add_actor(gate.watch)
        if watch is not None:
            engine.add_actor(watch)
        started_s = time.monotonic()
        with ProgressBar(data.start_ns, data.end_ns, run.chunk_rows, label) as bar:

            def goes_on(progress: ReplayProgress) -> bool:
                bar.show(progress.rows, progress.at_ns)
                return not is_stopped()

            replay = BacktestRun(
                engine,
                strategy,
                factors=factor_pieces(data.batches()),
                market=data.market(run.chunk_rows, presences),
                funding=data.funding.streams(),
                computed=factor_pieces(data.computed_batches()),
                start_ns=data.start_ns,
                end_ns=data.end_ns,
                rows=bar.rows,
                on_progress=goes_on,
            )
            replay.run()
    elapsed_s = time.monotonic() - started_s
    facts = RunFacts(
        run=replay,
        elapsed_s=elapsed_s,
        decisions=0 if log is None else len(log.decisions),
        seen=seen,
        days_per_year=run.days_per_year,
        presences=presences,
    )
    figures = figures_of(engine, data, facts)
    # Not after a failure: Nautilus refuses to dispose of a running strategy.
    try:
        yield engine, figures, [] if log is None else log.decisions
    finally:
        engine.dispose()


def _envelope_watch(
    strategy: AnyFactorStrategy, settings: BacktestSettings
) -> EnvelopeWatch | None:
    """Return the watch over the strategy's results, which remembers nothing of other runs."""

    def stop(reason: str) -> None:
        say(reason)
        strategy.stop()

    return watch_of(
        settings.envelope,
        settings.strategy,
        strategy,
        tell=say,
        stop=stop,
        open_envelope=open_file,
    )


def price_gate(
    strategy: AnyFactorStrategy, data: BacktestData, settings: BacktestSettings
) -> PriceGate | None:
    """Return the gate of a strategy's orders; None if a price may be of any age.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    data : BacktestData
        What is replayed, and how old its prices may be.
    settings : BacktestSettings
        What happens to an order without a price, and the latency of orders.

    """
    if all(age_ns is None for age_ns in data.price_ages.values()):
        return None
    kinds: tuple[PriceKind, ...] = ("quotes", "trades")
    rules = PriceRules(
        stale_price=settings.market.stale_price,
        max_age_ns=data.price_ages,
        kinds=(*kinds, "bars") if data.fill_on == "bars" else kinds,
        bar_types=tuple(
            BarType.from_str(table.identifier)
            for name in data.price_ages
            for table in data.prices(name)
            if table.kind == "bars"
        ),
        latency_ns=round(settings.venue.latency_ms * _NS_PER_MS),
    )
    return PriceGate(strategy, rules)
