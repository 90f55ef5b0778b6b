"""TrialRunner: backtests with given parameters over one catalog, one after the other."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.command.instants import Instant
from adapters.command.strategy_class import make_strategy
from backtests.run.one_backtest import replayed
from backtests.run.preparation import prepare
from backtests.sweeping.trials.resident_data import ResidentData, RowBudget
from backtests.sweeping.trials.trial_job import TrialJob, TrialOutcome
from dolphin_strategies.errors import ConfigError, DolphinError, describe_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.run.results.accounting.books import Books


class TrialRunner:
    """Run the trials of one process, which keeps the catalog's rows between them.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    settings : BacktestSettings
        The settings of the backtest.
    currency : str, optional
        The currency whose equity counts; None: the one that is traded.

    """

    def __init__(self, catalog: Path, settings: BacktestSettings, currency: str | None) -> None:
        self._catalog: Final = catalog
        self._settings: Final = settings
        self._currency: Final = currency
        self._budget: Final = RowBudget()
        self._windows: dict[tuple[int, int], ResidentData] = {}

    def run(self, job: TrialJob, is_stopped: Callable[[], bool] = lambda: False) -> TrialOutcome:
        """Run a backtest; whatever its strategy raises is a problem of the outcome."""
        began_s = time.monotonic()
        try:
            returns, positions = self._run(job, is_stopped)
        except (DolphinError, ArithmeticError, ValueError) as error:
            problem = str(error) if isinstance(error, DolphinError) else describe_error(error)
            return TrialOutcome(fold=job.fold, number=job.number, problem=problem)
        return TrialOutcome(
            fold=job.fold,
            number=job.number,
            returns=returns,
            positions=positions,
            elapsed_s=time.monotonic() - began_s,
        )

    def _run(
        self, job: TrialJob, is_stopped: Callable[[], bool]
    ) -> tuple[NDArray[np.float64], int]:
        settings = with_values(self._settings, job.values)
        data = self._data(job)
        strategy = make_strategy(settings.strategy.path, settings.strategy.config)
        with replayed(data, settings, strategy, is_stopped, logs_decisions=False) as (_, found, _):
            books, positions = found.books, found.trading.positions
            if not positions:
                return np.zeros(_steps(job)), 0
            return equity_returns(books, self._code(books), job), positions

    def _data(self, job: TrialJob) -> ResidentData:
        window = job.start_ns, job.end_ns
        if window not in self._windows:
            run = dataclasses.replace(
                self._settings.backtest, start=Instant(window[0]), end=Instant(window[1])
            )
            settings = dataclasses.replace(self._settings, backtest=run)
            prepared = prepare(self._catalog, settings, None)
            self._windows[window] = ResidentData.of(prepared.data, self._budget)
        return self._windows[window]

    def _code(self, books: Books) -> str:
        traded = sorted({c.currency for c in books.ledger.contracts})
        if self._currency is not None and self._currency in books.accounts:
            return self._currency
        if self._currency is None and len(traded) == 1:
            return traded[0]
        msg = (
            f"currency: expected one of {', '.join(traded)}, which are traded, found "
            f"{self._currency or 'none'}: choose one in [sweep]"
        )
        raise ConfigError(msg)


def with_values(settings: BacktestSettings, values: dict[str, Any]) -> BacktestSettings:
    """Return the settings of a backtest with a trial's values in the strategy's config."""
    config = settings.strategy.config | values
    strategy = dataclasses.replace(settings.strategy, config=config)
    return dataclasses.replace(settings, strategy=strategy)


def equity_returns(books: Books, code: str, job: TrialJob) -> NDArray[np.float64]:
    """Return the returns of the equity of whole steps, from where they count.

    Parameters
    ----------
    books : Books
        The books of the run.
    code : str
        The currency.
    job : TrialJob
        The steps; each begins at a multiple of the step's length in UTC.

    Returns
    -------
    float64 array of shape (steps,)
        After an equity of 0 or less there is nothing to lose: -1 once, then 0.

    """
    edges = _edges(job)
    ts, equity = books.stated_ts, books.stated_equity(code)
    at = np.searchsorted(ts, edges, side="right") - 1
    start = books.accounts[code].start
    values = np.where(at >= 0, equity[np.maximum(at, 0)], start)
    ruined = np.cumsum(values <= 0) > 0
    values = np.where(ruined, 0.0, values)
    before = values[:-1]
    return np.where(before > 0, values[1:] / np.where(before > 0, before, 1.0) - 1, 0.0)


def _edges(job: TrialJob) -> NDArray[np.int64]:
    first = -(-job.from_ns // job.step_ns)
    last = job.end_ns // job.step_ns
    return np.arange(first, last + 1, dtype=np.int64) * job.step_ns


def _steps(job: TrialJob) -> int:
    return max(len(_edges(job)) - 1, 0)
