"""Books: everything about a run that depends on its fills and on the prices around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from backtests.run.results.accounting.currency_account import Accounts, CurrencyAccount
from backtests.run.results.accounting.ledger import Ledger, read_ledger
from backtests.run.results.accounting.measures.drawdowns import underwater
from backtests.run.results.accounting.measures.hold import HoldFigures, hold_figures
from backtests.run.results.accounting.order_prices import fill_orders
from backtests.run.results.accounting.position_table import FillMarks, position_table
from backtests.run.results.accounting.prices.equity_grid import equity_grid
from backtests.run.results.accounting.prices.market_marks import MarketMarks
from backtests.run.results.accounting.prices.price_rows import price_rows, price_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.backtest import BacktestEngine

    from backtests.inputs.backtest_data import BacktestData
    from backtests.run.results.accounting.order_prices import FillOrders, PricesSeen
    from backtests.run.results.accounting.prices.price_rows import PriceRows

EVERY_DAY: Final = 365
"""Trading days of a year of a market that never closes: every day is one."""


@dataclass(frozen=True, kw_only=True)
class Books:
    """The books of a run.

    Attributes
    ----------
    ledger : Ledger
        Fills, fees and fundings.
    positions : structured array of shape (positions,)
        The table of positions, as ``POSITION``.
    ts : int64 array of shape (instants,)
        UNIX nanoseconds, rising: the instants of the accounts.
    accounts : dict of str to CurrencyAccount
        By the code of the currency.
    is_stated : bool array of shape (instants,)
        Which instants of the accounts are those at which equity is stated; the others are fills.
    step_ns : int
        Between two stated instants, nanoseconds; 0: every bar.
    hold : dict of str to HoldFigures
        What holding each instrument had been worth.
    market_days : set of int
        The UTC days since 1970 in which some instrument had a price.

    """

    ledger: Ledger
    positions: NDArray[Any]
    ts: NDArray[np.int64]
    accounts: dict[str, CurrencyAccount]
    is_stated: NDArray[np.bool_]
    step_ns: int
    hold: dict[str, HoldFigures]
    market_days: set[int]

    @property
    def stated_ts(self) -> NDArray[np.int64]:
        """The instants at which equity is stated: int64 array, UNIX nanoseconds."""
        return self.ts[self.is_stated]

    def stated_equity(self, currency: str) -> NDArray[np.float64]:
        """Return the equity in a currency at those instants."""
        return self.accounts[currency].equity[self.is_stated]

    def stated_drawdown(self, currency: str) -> NDArray[np.float64]:
        """Return how far that equity is below its highest value so far: at most 0."""
        return underwater(self.stated_equity(currency))


def books_of(
    engine: BacktestEngine, data: BacktestData, end_ns: int, seen: PricesSeen, days_per_year: int
) -> Books:
    """Make the books of an engine that has ended, reading the market's prices once more.

    Parameters
    ----------
    engine : BacktestEngine
        The engine, not disposed of yet.
    data : BacktestData
        What was replayed.
    end_ns : int
        The end of the run, before which all data lay, UNIX nanoseconds.
    seen : PricesSeen
        The prices when orders were sent.
    days_per_year : int
        The trading days of a year.

    Raises
    ------
    ConfigError
        If market data cannot be read again.

    """
    ledger = read_ledger(engine)
    tables = {c.instrument_id: price_table(data, c.instrument_id) for c in ledger.contracts}
    # A position that is closed at the end may be filled after it.
    last_ns = max(int(rows["ts"].max(initial=end_ns)) for rows in (ledger.fills, ledger.funding))
    grid, step_ns = equity_grid([t for t in tables.values() if t], data.start_ns, last_ns)
    orders = fill_orders(engine.cache, ledger.order_ids, ledger.fills, seen, data.start_ns)
    ts = np.unique(np.concatenate([grid, ledger.fills["ts"], orders.sent_ns]))
    reader = _Reader(ledger, ts, orders, last_ns)
    accounts = Accounts(ledger, ts)
    is_stated = np.isin(ts, grid)
    hold: dict[str, HoldFigures] = {}
    all_days: set[int] = set()
    for index, (instrument_id, table) in enumerate(tables.items()):
        rows = () if table is None else price_rows(table, data.start_ns, end_ns)
        marks = reader.read(index, rows, is_bar=table is not None and table.kind == "bars")
        accounts.add(index, marks.marks)
        days = None if days_per_year == EVERY_DAY else marks.days
        hold[instrument_id] = hold_figures(grid, marks.marks[is_stated], days_per_year, days)
        all_days |= marks.days
    return Books(
        ledger=ledger,
        positions=position_table(ledger, reader.found, last_ns),
        ts=ts,
        accounts=accounts.accounts(),
        is_stated=is_stated,
        step_ns=step_ns,
        hold=hold,
        market_days=all_days,
    )


class _Reader:
    """Reads the prices of one contract after the other, and answers for its fills."""

    def __init__(
        self, ledger: Ledger, ts: NDArray[np.int64], orders: FillOrders, end_ns: int
    ) -> None:
        self._ledger = ledger
        self._ts = ts
        self._end_ns = end_ns
        self._sent_ns = orders.sent_ns
        self.found = FillMarks(
            lows=np.full(len(ledger.fills), np.inf),
            highs=np.full(len(ledger.fills), -np.inf),
            expected=orders.expected,
            last=np.full(len(ledger.contracts), np.nan),
        )
        self._next_ns, self._next_sent_ns = self._next()

    def _next(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return when the next fill of each fill's position came, and when it had been sent."""
        fills = self._ledger.fills
        is_last = np.append(np.diff(fills["position"]) > 0, True)[: len(fills)]
        following = np.minimum(np.arange(len(fills)) + 1, max(len(fills) - 1, 0))
        next_ns = np.where(is_last, self._end_ns, fills["ts"][following])
        return next_ns, np.where(is_last, self._end_ns, self._sent_ns[following])

    def read(self, index: int, pieces: Iterable[PriceRows], *, is_bar: bool) -> MarketMarks:
        """Read all prices of a contract."""
        ledger, found = self._ledger, self.found
        chosen = ledger.of_contract(index)
        spans = chosen[ledger.held()[chosen] != 0]
        # A bar ends at its instant: an order that answers it was held through it, one that was
        # sent before was filled somewhere in it.
        has_end = is_bar & (self._next_sent_ns[spans] == self._next_ns[spans])
        marks = MarketMarks(self._ts, ledger.fills["ts"][spans], self._next_ns[spans], has_end)
        for rows in pieces:
            marks.take(rows)
        marks.finish()
        found.lows[spans], found.highs[spans] = marks.lows, marks.highs
        found.last[index] = marks.marks[-1]
        unseen = chosen[np.isnan(found.expected[chosen])]
        found.expected[unseen] = marks.marks[np.searchsorted(self._ts, self._sent_ns[unseen])]
        return marks
