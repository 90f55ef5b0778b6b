"""Results: what a backtest came to, in figures, on the terminal and in files."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import OrderStatus

from backtests.inputs.coverage import show_time

if TYPE_CHECKING:
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

    from backtests.engine.backtest_run import BacktestRun
    from backtests.inputs.backtest_inputs import Inputs

_REFUSED: Final = (OrderStatus.DENIED, OrderStatus.REJECTED)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A backtest in numbers; money by currency, PnL with fees and what is open at the end.

    Attributes
    ----------
    rows : int
        Records replayed.
    elapsed_s : float
        What the replay took.
    ties : int
        Records of factors at an instant of market data; the factors came first.
    decisions : int
        Orders submitted, modified, cancelled.

    """

    rows: int
    elapsed_s: float
    is_whole: bool
    ties: int
    start_ns: int
    end_ns: int
    delay: str
    decisions: int
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


def figures_of(
    engine: BacktestEngine, inputs: Inputs, run: BacktestRun, elapsed_s: float, decisions: int
) -> Figures:
    """Read the figures of an engine that has ended."""
    cache = engine.cache
    orders = cache.orders()
    fees: dict[str, float] = {}
    for order in orders:
        for money in order.commissions().values():
            fees[money.currency.code] = fees.get(money.currency.code, 0.0) + money.as_double()
    result = engine.get_result()
    statistics = {f"PnL {currency}": dict(v) for currency, v in result.stats_pnls.items()}
    statistics |= {"returns": dict(result.stats_returns), "general": dict(result.stats_general)}
    buys = sum(len(o.trade_ids) for o in orders if o.is_buy)
    sells = sum(len(o.trade_ids) for o in orders if o.is_sell)
    return Figures(
        rows=run.rows,
        elapsed_s=elapsed_s,
        is_whole=run.is_whole,
        ties=run.ties,
        start_ns=inputs.start_ns,
        end_ns=inputs.end_ns,
        delay=str(inputs.delay),
        decisions=decisions,
        orders=len(orders),
        refused=sum(o.status in _REFUSED for o in orders),
        fills=buys + sells,
        buys=buys,
        sells=sells,
        positions=result.total_positions,
        open_positions=cache.positions_open_count(),
        pnl=_pnl(engine),
        fees=fees,
        statistics=statistics,
    )


def _pnl(engine: BacktestEngine) -> dict[str, float]:
    """Return what each currency's balance gained, and what open positions are worth."""
    gained: dict[str, float] = {}
    for venue in engine.list_venues():
        account = engine.cache.account_for_venue(venue)
        if account is None:
            continue
        for currency, money in account.balances_total().items():
            start = account.starting_balances().get(currency)
            change = money.as_double() - (start.as_double() if start is not None else 0.0)
            gained[currency.code] = gained.get(currency.code, 0.0) + change
        for currency, money in (engine.portfolio.unrealized_pnls(venue) or {}).items():
            gained[currency.code] = gained.get(currency.code, 0.0) + money.as_double()
    return gained


def summary(strategy: str, figures: Figures) -> str:
    """Return what the terminal shows of one run."""
    f = figures
    rate = f.rows / f.elapsed_s if f.elapsed_s else math.inf
    lines = [
        "",
        f"{strategy}, {show_time(f.start_ns)} to {show_time(f.end_ns)}"
        + ("" if f.is_whole else "  STOPPED BEFORE THE END"),
        f"  replayed  {f.rows:,} records in {f.elapsed_s:.1f} s ({rate:,.0f}/s)"
        + (f", factors {f.delay} later" if f.delay != "0" else ""),
        f"  orders    {f.orders:,} sent, {f.refused:,} denied or rejected; "
        f"{f.decisions:,} decisions",
        f"  fills     {f.fills:,} ({f.buys:,} buys, {f.sells:,} sells), "
        f"{f.positions:,} positions, {f.open_positions} open at the end",
        f"  fees      {_money(f.fees)}",
        f"  PnL       {_money(f.pnl, sign=True)} after fees",
    ]
    if f.ties:
        lines.append(
            f"  ties      {f.ties:,} records of factors at an instant of market data came before "
            "it: their orders met the market as it was (docs/backtest.md)"
        )
    for group, values in f.statistics.items():
        told = {n: v for n, v in values.items() if not math.isnan(v)}
        if told:
            lines.append(f"  {group}")
            width = max(map(len, told))
            lines += [f"    {name:<{width}}  {value:,.4f}" for name, value in sorted(told.items())]
    return "\n".join(lines)


def delay_table(figures: list[Figures]) -> str:
    """Return what freshness was worth: one line a delay."""
    heads = ["factors later by", "PnL", "fees", "fills", "orders", "decisions"]
    lines = [
        [f.delay, _money(f.pnl, sign=True), _money(f.fees), f"{f.fills:,}", f"{f.orders:,}",
         f"{f.decisions:,}"]
        for f in figures
    ]  # fmt: skip
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in [heads, *lines]
    )


def write_tables(engine: BacktestEngine, folder: Path) -> None:
    """Write Nautilus's reports as orders.csv, fills.csv, positions.csv and account.csv."""
    engine.generate_orders_report().to_csv(folder / "orders.csv")
    engine.generate_fills_report().to_csv(folder / "fills.csv")
    positions = engine.generate_positions_report()
    # What is in fills.csv anyway, once more in each row.
    positions.drop(columns=["events", "adjustments"], errors="ignore").to_csv(
        folder / "positions.csv"
    )
    for i, venue in enumerate(engine.list_venues()):
        name = "account.csv" if i == 0 else f"account-{venue}.csv"
        engine.generate_account_report(venue=venue).to_csv(folder / name)


def write_result(path: Path, figures: Figures, more: dict[str, Any]) -> None:
    """Write the figures as JSON; what is not a number is null."""
    document = _finite({**more, **asdict(figures)})
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def gross_results(engine: BacktestEngine) -> list[float]:
    """Return what each position earned before fees, whatever its currency."""
    report = engine.generate_positions_report()
    if report.empty:
        return []
    rows = zip(report["realized_pnl"], report["commissions"], strict=True)
    return [_amount(pnl) + sum(map(_amount, fees)) for pnl, fees in rows if isinstance(pnl, str)]


def _amount(text: str) -> float:
    return float(text.split(maxsplit=1)[0])


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _money(amounts: dict[str, float], *, sign: bool = False) -> str:
    shown = [f"{v:{'+' if sign else ''},.2f} {code}" for code, v in sorted(amounts.items())]
    return ", ".join(shown) or "none"
