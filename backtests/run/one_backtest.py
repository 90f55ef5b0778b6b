"""One backtest, from its data to its figures."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nautilus_trader.backtest import BacktestEngine
from nautilus_trader.model import BarType

from adapters.catalog.reading.market.presence.market_gaps import MarketPresence
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

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
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

    Raises
    ------
    BacktestError
        If the strategy raised an exception, or Nautilus stopped the engine.
    ConfigError
        If an input turns out to be damaged.

    """
    # Before the log, which sees each decision as the strategy made it.
    gate = price_gate(strategy, data, settings)
    log = DecisionLog(strategy)
    seen = SubmissionPrices(strategy, data)
    with ran(
        data,
        settings,
        strategy,
        gate,
        is_stopped=is_stopped,
        label=label,
        stops_on_error=stops_on_error,
    ) as done:
        facts = RunFacts(
            run=done.run,
            elapsed_s=done.elapsed_s,
            decisions=len(log.decisions),
            seen=seen,
            days_per_year=settings.backtest.days_per_year,
            presences=done.presences,
        )
        yield done.engine, figures_of(done.engine, data, facts), log.decisions


@dataclass(frozen=True, kw_only=True)
class EndedRun:
    """A run that has ended.

    Attributes
    ----------
    engine : BacktestEngine
        The engine, not disposed of yet.
    run : BacktestRun
        The run of the engine.
    elapsed_s : float
        Its duration, seconds.
    presences : list of MarketPresence
        When the markets were there.

    """

    engine: BacktestEngine
    run: BacktestRun
    elapsed_s: float
    presences: list[MarketPresence]


@contextmanager
def ran(  # noqa: PLR0913 - the parts of a run
    data: BacktestData,
    settings: BacktestSettings,
    strategy: AnyFactorStrategy,
    gate: PriceGate | None,
    *,
    is_stopped: Callable[[], bool] = lambda: False,
    label: str = "",
    stops_on_error: bool = True,
) -> Iterator[EndedRun]:
    """Replay data; yield the run after its end, with the engine, which is disposed of afterwards.

    Parameters
    ----------
    data, settings, strategy, is_stopped, label, stops_on_error
        As of :func:`replayed`.
    gate : PriceGate, optional
        What :func:`price_gate` made of the strategy, before any other observer of it.

    Raises
    ------
    BacktestError, ConfigError
        As :func:`replayed`.

    """
    run = settings.backtest
    presences = data.presences()
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
        has_lines = bool(label)  # a run of another program's has none of its own
        with ProgressBar(
            data.start_ns, data.end_ns, run.chunk_rows, label, has_lines=has_lines
        ) as bar:

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
    # Not after a failure: Nautilus refuses to dispose of a running strategy.
    try:
        yield EndedRun(engine=engine, run=replay, elapsed_s=elapsed_s, presences=presences)
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
