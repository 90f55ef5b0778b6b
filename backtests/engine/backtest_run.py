"""BacktestRun: streams of data replayed through an engine, chunk after chunk, to the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import CustomData

from backtests.engine.hidden_bookings import hide_bookings
from backtests.engine.merged_chunks import StreamPiece, chunks
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS
from dolphin_strategies.simulation.clock_mark import clock_mark
from dolphin_strategies.simulation.strategy_errors import EscapedErrors, sentence
from dolphin_strategies.simulation.strategy_stop import stop_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nautilus_trader.backtest import BacktestEngine

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from dolphin_strategies.factors.batch import FactorBatch


class BacktestError(DolphinError):
    """A backtest did not reach its end."""


@dataclass(frozen=True, kw_only=True)
class ReplayProgress:
    """The progress of a run.

    Attributes
    ----------
    rows : int
        Records replayed.
    at_ns : int
        ``ts_init`` of the newest of them, UNIX nanoseconds.

    """

    rows: int
    at_ns: int


class BacktestRun:
    """Replay streams of data through an engine, in bounded memory.

    Parameters
    ----------
    engine : BacktestEngine
        The engine, without data; the strategy is added to it.
    strategy : FactorStrategy
        The strategy to run.
    factors : iterator of StreamPiece
        The factors, which come first at equal ``ts_init``.
    market : sequence of iterators of StreamPiece
        The market data, which follows at equal ``ts_init`` in this order.
    funding : sequence of iterators of StreamPiece
        What books funding, and what a strategy hears of it: after the market data of an instant.
    computed : iterator of StreamPiece
        The factors that are made from market data and come last at equal ``ts_init``.
    start_ns : int
        The start of the window: the clock's time in ``on_start``, UNIX nanoseconds.
    end_ns : int
        Its end, UNIX nanoseconds: alerts fire before it, and the strategy is stopped at it.
    rows : callable
        Returns the largest number of records of the next chunk.
    on_progress : callable, optional
        Called after each chunk; returns whether to continue.

    Attributes
    ----------
    rows : int
        Records replayed.
    ties : int
        Records of ``factors`` with the same instant as market data, delivered before it.
    is_whole : bool
        Whether the end of the window was reached.

    Notes
    -----
    Owned by the thread that calls :meth:`run`, on which the strategy also runs.

    """

    def __init__(  # noqa: PLR0913 - as above
        self,
        engine: BacktestEngine,
        strategy: AnyFactorStrategy,
        *,
        factors: Iterator[StreamPiece],
        market: Sequence[Iterator[StreamPiece]],
        funding: Sequence[Iterator[StreamPiece]] = (),
        computed: Iterator[StreamPiece],
        start_ns: int,
        end_ns: int,
        rows: Callable[[], int],
        on_progress: Callable[[ReplayProgress], bool] = lambda _: True,
    ) -> None:
        engine.add_strategy(strategy)
        self._engine = engine
        self._strategy = strategy
        hide_bookings(strategy)
        streams = [factors, *market, *funding, computed]
        self._chunks = chunks(streams, rows, tied=1 + len(market))
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._on_progress = on_progress
        self.rows = 0
        self.ties = 0
        self.is_whole = False

    def run(self) -> None:
        """Run to the end of the window, or until ``on_progress`` returns False.

        Raises
        ------
        BacktestError
            If the strategy raised an exception, or Nautilus stopped the engine.
        ConfigError
            If an input turns out to be damaged.

        """
        # The functions that call into Nautilus, which calls the strategy.
        with EscapedErrors(stop_strategy, BacktestRun._replay) as escaped:  # type: ignore[arg-type]
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
        self._move_clock(last_ns)
        for chunk in self._chunks:
            self._replay(chunk.items)
            last_ns = chunk.last_ns
            self.rows += chunk.rows
            self.ties += chunk.ties
            goes_on = self._on_progress(ReplayProgress(rows=self.rows, at_ns=last_ns))
            if not goes_on:
                break
        self.is_whole = goes_on
        end_ns = self._end_ns if goes_on else last_ns
        self._move_clock(end_ns)
        stop_strategy(self._strategy, end_ns, self._move_clock)
        self._engine.end()

    def _move_clock(self, at_ns: int) -> None:
        self._replay(([clock_mark(at_ns)],))

    def _replay(self, streams: Sequence[list[Any]]) -> None:
        engine = self._engine
        engine.clear_data()
        for items in streams:
            if items:
                engine.add_data(items)
        # No end: the data determines it.
        engine.run(streaming=True)
        if engine.run_finished is not None:
            msg = "NautilusTrader stopped the backtest at an error that it logged; see above"
            raise BacktestError(msg)


def factor_pieces(batches: Iterator[FactorBatch]) -> Iterator[StreamPiece]:
    """Yield batches of factors as data of an engine, which is made on demand."""
    for batch in batches:
        yield StreamPiece(batch.ts_init, lambda i, j, batch=batch: _wrapped(batch[i:j]))  # type: ignore[misc]


def _wrapped(batch: FactorBatch) -> list[CustomData]:
    return [CustomData(EXTERNAL_FACTORS, f) for f in batch.records()]
