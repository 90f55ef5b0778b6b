"""TrialRunner: backtests with given parameters over one catalog, one after the other."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.command.instants import Instant
from adapters.command.user_code.strategy_class import make_strategy
from backtests.run.one_backtest import price_gate, ran
from backtests.run.preparation import prepare
from backtests.sweeping.trials.resident_data import ResidentData, RowBudget
from backtests.sweeping.trials.trial_equity import TrialEquity
from backtests.sweeping.trials.trial_job import TrialJob, TrialOutcome
from dolphin_strategies.errors import DolphinError, describe_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from backtests.inputs.backtest_settings import BacktestSettings


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
        self._windows: dict[tuple[int, int, int, int], _Window] = {}

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
        window = self._window(job)
        strategy = make_strategy(settings.strategy.path, settings.strategy.config)
        gate = price_gate(strategy, window.data, settings)
        with ran(window.data, settings, strategy, gate, is_stopped=is_stopped) as done:
            return window.equity.returns(done.engine)

    def _window(self, job: TrialJob) -> _Window:
        name = job.start_ns, job.end_ns, job.from_ns, job.step_ns
        if name not in self._windows:
            run = dataclasses.replace(
                self._settings.backtest, start=Instant(job.start_ns), end=Instant(job.end_ns)
            )
            settings = dataclasses.replace(self._settings, backtest=run)
            prepared = prepare(self._catalog, settings, None)
            data = ResidentData.of(prepared.data, self._budget)
            self._windows[name] = _Window(data, TrialEquity(data, job, self._currency))
        return self._windows[name]


class _Window(NamedTuple):
    """What trials of one window share."""

    data: ResidentData
    equity: TrialEquity


def with_values(settings: BacktestSettings, values: dict[str, Any]) -> BacktestSettings:
    """Return the settings of a backtest with a trial's values in the strategy's config."""
    config = settings.strategy.config | values
    strategy = dataclasses.replace(settings.strategy, config=config)
    return dataclasses.replace(settings, strategy=strategy)
