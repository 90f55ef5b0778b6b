"""TrialEquity: the returns of whole steps of a trial, from the fills of its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.run.results.accounting.currency_account import Accounts
from backtests.run.results.accounting.ledger import read_ledger
from backtests.run.results.accounting.prices.market_marks import MarketMarks
from backtests.run.results.accounting.prices.price_rows import price_rows, price_table
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from nautilus_trader.backtest import BacktestEngine
    from numpy.typing import NDArray

    from backtests.inputs.backtest_data import BacktestData
    from backtests.run.results.accounting.ledger import Ledger
    from backtests.sweeping.trials.trial_job import TrialJob

_NONE: Final = np.empty(0, np.int64)


class TrialEquity:
    """The equity at the edges of the steps of one window, whose prices are read once.

    Parameters
    ----------
    data : BacktestData
        What the trials of the window replay.
    job : TrialJob
        One of them: it tells the steps, each of which begins at a multiple of its length in UTC.
    currency : str, optional
        The currency whose equity counts; None: the one that is traded.

    """

    def __init__(self, data: BacktestData, job: TrialJob, currency: str | None) -> None:
        first = -(-job.from_ns // job.step_ns)
        last = job.end_ns // job.step_ns
        self._edges: Final = np.arange(first, last + 1, dtype=np.int64) * job.step_ns
        self._data: Final = data
        self._currency: Final = currency
        self._marks: Final[dict[str, NDArray[np.float64]]] = {}

    def returns(self, engine: BacktestEngine) -> tuple[NDArray[np.float64], int]:
        """Return the returns of a run's equity, and the number of its positions.

        Parameters
        ----------
        engine : BacktestEngine
            The engine after its run, not disposed of yet.

        Returns
        -------
        tuple of float64 array of shape (steps,) and int
            After an equity of 0 or less there is nothing to lose: -1 once, then 0.

        Raises
        ------
        ConfigError
            If several currencies are traded and none is chosen, or market data cannot be read
            again.

        """
        ledger = read_ledger(engine)
        positions = len(ledger.position_ids)
        if not positions:
            return np.zeros(max(len(self._edges) - 1, 0)), 0
        accounts = Accounts(ledger, self._edges)
        for index, contract in enumerate(ledger.contracts):
            accounts.add(index, self._marks_of(contract.instrument_id))
        return returns_of(accounts.accounts()[self._code(ledger)].equity), positions

    def _marks_of(self, instrument_id: str) -> NDArray[np.float64]:
        """Return the newest price of an instrument at each edge."""
        found = self._marks.get(instrument_id)
        if found is None:
            reader = MarketMarks(self._edges, _NONE, _NONE, np.empty(0, np.bool_))
            table = price_table(self._data, instrument_id)
            if table is not None:
                for rows in price_rows(table, self._data.start_ns, self._data.end_ns):
                    reader.take(rows)
            reader.finish()
            found = self._marks[instrument_id] = reader.marks
        return found

    def _code(self, ledger: Ledger) -> str:
        traded = sorted({c.currency for c in ledger.contracts})
        if self._currency is not None and self._currency in {*traded, *ledger.currencies}:
            return self._currency
        if self._currency is None and len(traded) == 1:
            return traded[0]
        msg = (
            f"currency: expected one of {', '.join(traded)}, which are traded, found "
            f"{self._currency or 'none'}: choose one in [sweep]"
        )
        raise ConfigError(msg)


def returns_of(equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the returns between one equity and the next.

    Parameters
    ----------
    equity : float64 array of shape (edges,)
        The equity at the edges of the steps.

    Returns
    -------
    float64 array of shape (edges - 1,)
        After an equity of 0 or less there is nothing to lose: -1 once, then 0.

    """
    is_ruined = np.cumsum(equity <= 0) > 0
    values = np.where(is_ruined, 0.0, equity)
    before = values[:-1]
    return np.where(before > 0, values[1:] / np.where(before > 0, before, 1.0) - 1, 0.0)
