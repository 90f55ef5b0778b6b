"""Figures: the results of a backtest in numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import OrderStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nautilus_trader.backtest import BacktestEngine

    from backtests.engine.backtest_run import BacktestRun
    from backtests.inputs.backtest_data import BacktestData

_REFUSED: Final = (OrderStatus.DENIED, OrderStatus.REJECTED)


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

    """

    rows: int
    elapsed_s: float
    is_whole: bool
    ties: int
    start_ns: int
    end_ns: int
    delay: str
    decisions: int


@dataclass(frozen=True, kw_only=True)
class TradingFigures:
    """The figures of the trading.

    Attributes
    ----------
    orders, refused : int
        Orders submitted, and those of them that were denied or rejected.
    fills, buys, sells : int
        Fills, and those of them that bought and sold.
    positions, open_positions : int
        Positions in all, and those open at the end.
    pnl : dict of str to float
        By currency: the gain of the balance after fees, plus the value of open positions.
    fees : dict of str to float
        Fees by currency.
    statistics : dict of str to dict of str to float
        NautilusTrader's statistics, by group and name.

    """

    orders: int
    refused: int
    fills: int
    buys: int
    sells: int
    positions: int
    open_positions: int
    pnl: dict[str, float]
    fees: dict[str, float]
    statistics: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A backtest in numbers."""

    replay: ReplayFigures
    trading: TradingFigures

    def as_dict(self) -> dict[str, Any]:
        """Return every figure by its name."""
        return asdict(self.replay) | asdict(self.trading)


def figures_of(
    engine: BacktestEngine,
    data: BacktestData,
    run: BacktestRun,
    elapsed_s: float,
    decisions: int,
) -> Figures:
    """Read the figures of an engine that has ended.

    Parameters
    ----------
    engine : BacktestEngine
        The engine, not disposed of yet.
    data : BacktestData
        What was replayed.
    run : BacktestRun
        The run of the engine.
    elapsed_s : float
        The duration of the run, seconds.
    decisions : int
        The number of the strategy's decisions.

    """
    replay = ReplayFigures(
        rows=run.rows,
        elapsed_s=elapsed_s,
        is_whole=run.is_whole,
        ties=run.ties,
        start_ns=data.start_ns,
        end_ns=data.end_ns,
        delay=str(data.delay),
        decisions=decisions,
    )
    return Figures(replay=replay, trading=_trading(engine))


def _trading(engine: BacktestEngine) -> TradingFigures:
    cache = engine.cache
    orders = cache.orders()
    fees: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        for money in order.commissions().values():
            fees[money.currency.code] += money.as_decimal()
    result = engine.get_result()
    statistics = {f"PnL {currency}": dict(v) for currency, v in result.stats_pnls.items()}
    statistics |= {"returns": dict(result.stats_returns), "general": dict(result.stats_general)}
    buys = sum(len(o.trade_ids) for o in orders if o.is_buy)
    sells = sum(len(o.trade_ids) for o in orders if o.is_sell)
    return TradingFigures(
        orders=len(orders),
        refused=sum(o.status in _REFUSED for o in orders),
        fills=buys + sells,
        buys=buys,
        sells=sells,
        positions=result.total_positions,
        open_positions=cache.positions_open_count(),
        pnl=_pnl(engine),
        fees=_floats(fees),
        statistics=statistics,
    )


def _pnl(engine: BacktestEngine) -> dict[str, float]:
    """Return the gain of each currency's balance, plus the value of open positions."""
    gained: defaultdict[str, Decimal] = defaultdict(Decimal)
    for venue in engine.list_venues():
        account = engine.cache.account_for_venue(venue)
        if account is None:
            continue
        for currency, money in account.balances_total().items():
            start = account.starting_balances().get(currency)
            gained[currency.code] += money.as_decimal()
            gained[currency.code] -= start.as_decimal() if start is not None else 0
        for currency, money in (engine.portfolio.unrealized_pnls(venue) or {}).items():
            gained[currency.code] += money.as_decimal()
    return _floats(gained)


def _floats(amounts: Mapping[str, Decimal]) -> dict[str, float]:
    """Return exact sums as the nearest float64, which prints without a rest."""
    return {code: float(amount) for code, amount in amounts.items()}


def gross_results(engine: BacktestEngine) -> list[float]:
    """Return the profit of each position before fees, whatever its currency."""
    report = engine.generate_positions_report()
    if report.empty:
        return []
    rows = zip(report["realized_pnl"], report["commissions"], strict=True)
    return [_amount(pnl) + sum(map(_amount, fees)) for pnl, fees in rows if isinstance(pnl, str)]


def _amount(text: str) -> float:
    return float(text.split(maxsplit=1)[0])
