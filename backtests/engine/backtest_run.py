"""The wiring of a backtest: NautilusTrader's engine, its venues, its data, and the strategy."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.model import (
    AccountType,
    CustomData,
    DataType,
    Money,
    OmsType,
    TraderId,
)
from nautilus_trader.persistence import DataCatalogConfig

from backtests.engine.strategy_errors import EscapedErrors, sentence
from backtests.inputs.chunks import Piece, chunks
from dolphin_strategies.errors import ConfigError, DolphinError
from dolphin_strategies.factors.external_factors import EXTERNAL_FACTORS, ExternalFactors
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from adapters.command.strategy_class import AnyFactorStrategy
    from backtests.inputs.backtest_settings import VenueSettings
    from dolphin_strategies.factors.batch import FactorBatch

CLOCK_MARK: Final = DataType("DolphinBacktestClock")
"""Nobody subscribes to it: a record of it moves the engine's clocks, and nothing else."""
_NS_PER_MS: Final = 1_000_000
_MARK_SCHEMA: Final = FactorSchema(["mark"])


class BacktestError(DolphinError):
    """A backtest did not come to its end."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is: rows replayed, and the instant reached, UNIX nanoseconds."""

    rows: int
    at_ns: int


def build_engine(  # noqa: PLR0913 - the parts of a backtest by name
    *,
    venue: VenueSettings,
    instruments: Sequence[Any],
    fill_on: str,
    strategy: AnyFactorStrategy,
    catalog: Path | None,
    log_level: str = "ERROR",
) -> BacktestEngine:
    """Build the engine of a run; it has no data yet.

    Parameters
    ----------
    venue : VenueSettings
        The account of every venue, and how orders are filled.
    instruments : sequence of Nautilus's instruments
        What can be traded.
    fill_on : "quotes", "trades" or "bars"
        What moves the market that orders are matched against.
    strategy : FactorStrategy
        What trades.
    catalog : Path, optional
        What the strategy's requests for history are answered from.
    log_level : str
        Nautilus's log level on the terminal.

    Raises
    ------
    ConfigError
        If a balance or an instrument is not one.

    """
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("DOLPHIN-001"),
            shutdown_on_error=True,
            logging=LoggerConfig(stdout_level=LogLevel.from_str(log_level.upper())),
            catalogs=[] if catalog is None else [DataCatalogConfig(str(catalog), read_only=True)],
        )
    )
    for name in dict.fromkeys(i.id.venue for i in instruments):
        engine.add_venue(
            name,
            OmsType.NETTING if venue.oms == "netting" else OmsType.HEDGING,
            AccountType.MARGIN if venue.account == "margin" else AccountType.CASH,
            [_money(balance) for balance in venue.balances],
            default_leverage=venue.leverage if venue.account == "margin" else None,
            fee_model=MakerTakerFeeModel(venue.maker_fee, venue.taker_fee),
            latency_model=_latency(venue.latency_ms),
            bar_execution=fill_on == "bars",
            trade_execution=fill_on == "trades",
        )
    for instrument in instruments:
        engine.add_instrument(instrument)
    engine.add_strategy(strategy)
    return engine


class BacktestRun:
    """Replay streams of data through an engine, in bounded memory.

    Parameters
    ----------
    engine : BacktestEngine
        From :func:`build_engine`.
    strategy : FactorStrategy
        The one in it.
    factors : iterator of Piece
        What wins ties of ``ts_init``: factors come first, always.
    market : sequence of iterators of Piece
        What follows them at one instant, in this order.
    start_ns : int
        The start of the window: the clock's time in ``on_start``.
    end_ns : int
        Its end: alerts fire before it, and the strategy is stopped at it.
    rows : callable
        How many records the next chunk may have.
    on_progress : callable, optional
        Told after each chunk; returns whether to go on.

    """

    def __init__(  # noqa: PLR0913 - as above
        self,
        engine: BacktestEngine,
        strategy: AnyFactorStrategy,
        *,
        factors: Iterator[Piece],
        market: Sequence[Iterator[Piece]],
        start_ns: int,
        end_ns: int,
        rows: Callable[[], int],
        on_progress: Callable[[Progress], bool] = lambda _: True,
    ) -> None:
        self._engine = engine
        self._strategy = strategy
        self._chunks = chunks([factors, *market], rows)
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._on_progress = on_progress
        self.rows = 0
        """Rows replayed."""
        self.ties = 0
        """Records of factors at an instant of market data, which they came before."""
        self.is_whole = False
        """Whether the end of the window was reached."""

    def run(self) -> None:
        """Run to the end of the window, or until ``on_progress`` says stop.

        Raises
        ------
        BacktestError
            If the strategy raised an exception, or Nautilus stopped the engine.

        """
        with EscapedErrors(BacktestRun._stop, BacktestRun._replay) as escaped:  # type: ignore[arg-type]
            problem: Exception | None = None
            try:
                self._run()
            except (RuntimeError, BacktestError) as error:
                problem = error
        if escaped.first is not None:
            msg = f"{type(self._strategy).__name__} raised {sentence(escaped.first)}"
            raise BacktestError(msg) from escaped.first
        if problem is not None:
            raise BacktestError(str(problem)) from problem

    def _run(self) -> None:
        last_ns = self._start_ns
        goes_on = True
        self._replay(([_mark(last_ns)],))
        for chunk in self._chunks:
            self._replay(chunk.items)
            last_ns = chunk.last_ns
            self.rows += chunk.rows
            self.ties += chunk.ties
            goes_on = self._on_progress(Progress(rows=self.rows, at_ns=last_ns))
            if not goes_on:
                break
        self.is_whole = goes_on
        self._stop(self._end_ns if goes_on else last_ns)

    def _stop(self, at_ns: int) -> None:
        """Stop the strategy at an instant and let it close what it has open.

        The engine's own end fires what alerts are left, but does not wait for a managed stop.
        """
        self._replay(([_mark(at_ns)],))
        self._strategy.stop()
        config = self._strategy.config
        step_ns = getattr(config, "market_exit_interval_ms", 100) * _NS_PER_MS
        for i in itertools.count():
            if not self._strategy.is_running() or i > config.market_exit_max_attempts + 1:
                break
            self._replay(([_mark(at_ns + i * step_ns + (i > 0))],))
        self._engine.end()

    def _replay(self, streams: Sequence[list[Any]]) -> None:
        engine = self._engine
        engine.clear_data()
        for items in streams:
            if items:
                engine.add_data(items)
        # No end: the data has one.
        engine.run(streaming=True)
        if engine.run_finished is not None:
            msg = "NautilusTrader stopped the backtest at an error that it logged; see above"
            raise BacktestError(msg)


def factor_pieces(batches: Iterator[FactorBatch]) -> Iterator[Piece]:
    """Make engine data of batches of factors, a chunk at a time."""
    for batch in batches:
        yield Piece(batch.ts_init, lambda i, j, batch=batch: _wrapped(batch[i:j]))  # type: ignore[misc]


def _wrapped(batch: FactorBatch) -> list[CustomData]:
    return [CustomData(EXTERNAL_FACTORS, f) for f in batch.records()]


def _mark(at_ns: int) -> CustomData:
    mark = ExternalFactors.from_values(_MARK_SCHEMA, [0.0], ts_event=at_ns, ts_init=at_ns)
    return CustomData(CLOCK_MARK, mark)


def _latency(latency_ms: float) -> StaticLatencyModel | None:
    if not latency_ms:
        return None
    return StaticLatencyModel(base_latency_nanos=round(latency_ms * _NS_PER_MS))


def _money(text: str) -> Money:
    try:
        return Money.from_str(text)
    except ValueError as error:
        msg = f'balances: expected an amount such as "100000 USDT", found {text!r}: {error}'
        raise ConfigError(msg) from None
