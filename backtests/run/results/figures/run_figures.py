"""Figures: the results of a backtest in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.reading.market.presence.market_gaps import MarketPresence
from backtests.engine.backtest_run import BacktestRun
from backtests.run.results.accounting.books import EVERY_DAY, Books, books_of
from backtests.run.results.accounting.contract import never_closes
from backtests.run.results.accounting.order_prices import PricesSeen
from backtests.run.results.accounting.reconciliation import unexplained
from backtests.run.results.figures.account_figures import AccountFigures, account_figures
from backtests.run.results.figures.instrument_figures import InstrumentFigures, instrument_figures
from backtests.run.results.figures.market_figures import MarketFigures, market_figures
from backtests.run.results.figures.refusals import (
    REFUSED,
    Refusal,
    refusals,
    without_repeats,
)

if TYPE_CHECKING:
    from nautilus_trader.backtest import BacktestEngine

    from backtests.inputs.backtest_data import BacktestData

DAYS_OF_EXCHANGES: Final = 252
"""Trading days of a year of a market that closes at night and at weekends."""


@dataclass(frozen=True, kw_only=True)
class ReplayFigures:
    """The figures of the replay.

    Attributes
    ----------
    rows : int
        Records replayed.
    elapsed_s : float
        The duration of the replay, seconds.
    is_whole : bool
        Whether the end of the window was reached.
    ties : int
        Records of factors with the same instant as market data; the factors came first.
    start_ns, end_ns : int
        The window, UNIX nanoseconds.
    delay : str
        The delay after recording with which the factors were seen, as text.
    decisions : int
        The number of orders submitted, modified and cancelled.
    funding_rates : dict of str to dict
        By perpetual: where its funding rates are from, how many settlements the window has, and
        the spans without.
    funding_notes : list of str
        The same in words.

    """

    rows: int
    elapsed_s: float
    is_whole: bool
    ties: int
    start_ns: int
    end_ns: int
    delay: str
    decisions: int
    funding_rates: dict[str, dict[str, Any]] = field(default_factory=dict)
    funding_notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class TradingFigures:
    """The figures of the trading.

    Attributes
    ----------
    orders, refused : int
        Orders submitted, and those of them that were denied or rejected; a refused exit that
        Nautilus repeats counts once.
    refusals : list of Refusal
        Why, the most frequent reason first.
    fills, buys, sells : int
        Fills, and those of them that bought and sold.
    positions, open_positions : int
        Positions in all, and those open at the end.
    pnl, price_pnl, funding, fees : dict of str to float
        By currency: what was gained in all, of the price alone, of funding, and fees paid:
        ``pnl`` is ``price_pnl + funding - fees``. Open positions count at their last price.
    accounts : dict of str to AccountFigures
        By currency.
    instruments : dict of str to InstrumentFigures
        By instrument: its part of the result, and the benchmark.
    equity_step_ns : int
        Between two instants at which equity is stated, nanoseconds; 0: every bar.

    """

    orders: int
    refused: int
    refusals: list[Refusal]
    fills: int
    buys: int
    sells: int
    positions: int
    open_positions: int
    pnl: dict[str, float]
    price_pnl: dict[str, float]
    funding: dict[str, float]
    fees: dict[str, float]
    accounts: dict[str, AccountFigures]
    instruments: dict[str, InstrumentFigures]
    equity_step_ns: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A backtest in numbers, and the books from which they are made."""

    replay: ReplayFigures
    trading: TradingFigures
    books: Books
    markets: list[MarketFigures] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return every figure by its name."""
        markets = [asdict(market) for market in self.markets]
        return asdict(self.replay) | asdict(self.trading) | {"markets": markets}


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a run leaves behind besides its engine.

    Attributes
    ----------
    run : BacktestRun
        The run of the engine.
    elapsed_s : float
        The duration of the run, seconds.
    decisions : int
        The number of the strategy's decisions.
    seen : PricesSeen
        The prices when orders were sent.
    days_per_year : int, optional
        The trading days of a year; None: 365 if an instrument never closes, else 252.
    presences : sequence of MarketPresence
        When the markets were there.

    """

    run: BacktestRun
    elapsed_s: float
    decisions: int
    seen: PricesSeen
    days_per_year: int | None = None
    presences: Sequence[MarketPresence] = ()


def figures_of(engine: BacktestEngine, data: BacktestData, facts: RunFacts) -> Figures:
    """Read the figures of an engine that has ended.

    Parameters
    ----------
    engine : BacktestEngine
        The engine, not disposed of yet.
    data : BacktestData
        What was replayed.
    facts : RunFacts
        What the run leaves behind.

    Raises
    ------
    ConfigError
        If market data cannot be read again.

    """
    run = facts.run
    replay = ReplayFigures(
        rows=run.rows,
        elapsed_s=facts.elapsed_s,
        is_whole=run.is_whole,
        ties=run.ties,
        start_ns=data.start_ns,
        end_ns=data.end_ns,
        delay=str(data.delay),
        decisions=facts.decisions,
        funding_rates=data.funding.as_dict(),
        funding_notes=data.funding.lines(),
    )
    days = facts.days_per_year or _days_per_year(data.instruments)
    end_ns = data.end_ns if run.is_whole else (engine.backtest_end or data.start_ns) + 1
    books = books_of(engine, data, end_ns, facts.seen, days)
    return Figures(
        replay=replay,
        trading=_trading(engine, books, days),
        books=books,
        markets=market_figures(engine, facts.presences, data.start_ns),
    )


def _days_per_year(instruments: Sequence[Any]) -> int:
    return EVERY_DAY if any(map(never_closes, instruments)) else DAYS_OF_EXCHANGES


def _trading(engine: BacktestEngine, books: Books, days_per_year: int) -> TradingFigures:
    orders = without_repeats(engine.cache.orders())
    refused = [o for o in orders if o.status in REFUSED]
    buys = sum(len(o.trade_ids) for o in orders if o.is_buy)
    by_instrument: Counter[str] = Counter()
    for order in orders:
        by_instrument[str(order.instrument_id)] += len(order.trade_ids)
    fills = by_instrument.total()
    accounts = {code: account_figures(books, code, days_per_year) for code in books.accounts}
    accounts = {code: a for code, a in accounts.items() if a.start or a.exposure.traded or a.fees}
    rests = unexplained(engine, books, {code: a.pnl for code, a in accounts.items()})
    accounts = {code: replace(a, unexplained=rests[code]) for code, a in accounts.items()}
    return TradingFigures(
        orders=len(orders),
        refused=len(refused),
        refusals=refusals(refused),
        fills=fills,
        buys=buys,
        sells=fills - buys,
        positions=len(books.positions),
        open_positions=int(books.positions["is_open"].sum()),
        pnl={code: a.pnl for code, a in accounts.items()},
        price_pnl={code: a.price_pnl for code, a in accounts.items()},
        funding={code: a.funding for code, a in accounts.items()},
        fees={code: a.fees for code, a in accounts.items()},
        accounts=accounts,
        instruments=instrument_figures(books, by_instrument),
        equity_step_ns=books.step_ns,
    )


def gross_results(engine: BacktestEngine) -> list[float]:
    """Return the profit of each position before fees, whatever its currency."""
    report = engine.generate_positions_report()
    if report.empty:
        return []
    rows = zip(report["realized_pnl"], report["commissions"], strict=True)
    return [_amount(pnl) + sum(map(_amount, fees)) for pnl, fees in rows if isinstance(pnl, str)]


def _amount(text: str) -> float:
    return float(text.split(maxsplit=1)[0])
