"""The tables of the report as HTML."""

from __future__ import annotations

import html
from datetime import datetime
from typing import TYPE_CHECKING, Final

from backtests.run.results.accounting.trade_list import trade_list
from backtests.run.results.text.figure_text import (
    amount,
    drawdown_text,
    holding_text,
    number,
    percent,
    step_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.run.results.figures.run_figures import Figures

MOST_TRADES: Final = 2_000
"""Trades in the page; all are in trades.csv."""
_SHOWN: Final = (
    ("instrument_id", "instrument"),
    ("side", "side"),
    ("status", "status"),
    ("entry_time", "entry"),
    ("exit_time", "exit"),
    ("holding_s", "held"),
    ("quantity", "quantity"),
    ("entry_price", "entry price"),
    ("exit_price", "exit price"),
    ("price_pnl", "price PnL"),
    ("funding", "funding"),
    ("fees", "fees"),
    ("pnl", "PnL"),
    ("currency", ""),
    ("return", "return"),
    ("mae", "MAE"),
    ("mfe", "MFE"),
    ("slippage", "slippage"),
)
_MONEY: Final = ("price_pnl", "funding", "fees", "pnl", "mae", "mfe", "slippage")


def figure_table(figures: Figures) -> str:
    """Return the figures, a column for each currency."""
    accounts = sorted(figures.trading.accounts.items())
    every = [a for _, a in accounts]
    rows: list[tuple[str, list[str]]] = [
        ("PnL after fees and funding", [amount(a.pnl, sign=True) for a in every]),
        ("… of the price", [amount(a.price_pnl, sign=True) for a in every]),
        ("… of funding", [amount(a.funding, sign=True) for a in every]),
        ("… fees paid", [amount(a.fees) for a in every]),
        ("balances beyond all of these", [_if_any(a.unexplained) for a in every]),
        ("slippage paid, in the price's PnL", [amount(a.slippage) for a in every]),
        ("equity at the start", [amount(a.start) for a in every]),
        ("equity at the end", [amount(a.end) for a in every]),
        ("return on equity", [percent(a.return_on_equity) for a in every]),
        ("return on the mean notional held", [percent(a.return_on_notional) for a in every]),
        ("return on what was traded", [percent(a.return_on_traded, digits=4) for a in every]),
        ("Sharpe ratio", [number(a.returns.sharpe) for a in every]),
        ("Sortino ratio", [number(a.returns.sortino) for a in every]),
        ("volatility of a year", [percent(a.returns.volatility, sign=False) for a in every]),
        ("annual return", [percent(a.returns.annual_return) for a in every]),
        ("daily returns", [f"{a.returns.days:,}" for a in every]),
        ("days of a year", [f"{a.returns.days_per_year}" for a in every]),
        ("time in the market", [percent(a.exposure.time_in_market, sign=False) for a in every]),
        ("mean notional while held", [amount(a.exposure.mean_notional) for a in every]),
        ("largest notional", [amount(a.exposure.max_notional) for a in every]),
        ("largest notional over equity", [number(a.exposure.max_leverage) for a in every]),
        ("traded", [amount(a.exposure.traded) for a in every]),
        ("turnover, times the equity", [number(a.exposure.turnover) for a in every]),
        ("closed positions", [f"{a.trades.closed:,}" for a in every]),
        ("… won", [percent(a.trades.win_rate, sign=False) for a in every]),
        ("profit factor", [number(a.trades.profit_factor) for a in every]),
        ("mean result", [amount(a.trades.mean, sign=True) for a in every]),
        ("mean winner", [amount(a.trades.mean_winner, sign=True) for a in every]),
        ("mean loser", [amount(a.trades.mean_loser, sign=True) for a in every]),
        ("best", [amount(a.trades.best, sign=True) for a in every]),
        ("worst", [amount(a.trades.worst, sign=True) for a in every]),
        ("mean holding time", [holding_text(a.trades.mean_holding_s) for a in every]),
        ("no statistic of positions", [a.trades.why_none for a in every]),
        ("no ratios of returns", [a.returns.why_none for a in every]),
    ]  # fmt: skip
    head = ("", *(code for code, _ in accounts))
    return _table(head, [(name, *cells) for name, cells in rows if any(cells)])


def instrument_table(figures: Figures) -> str:
    """Return the result of each instrument that was traded."""
    rows = [
        (name, f"{i.positions:,}", f"{i.fills:,}", f"{amount(i.pnl, sign=True)} {i.currency}",
         amount(i.price_pnl, sign=True), amount(i.funding, sign=True), amount(i.fees),
         amount(i.slippage), amount(i.traded))
        for name, i in sorted(figures.trading.instruments.items())
        if i.fills
    ]  # fmt: skip
    head = ("", "positions", "fills", "PnL", "price", "funding", "fees", "slippage", "traded")
    return _table(head, rows)


def hold_table(figures: Figures) -> str:
    """Return the benchmark beside the strategy: each instrument, bought at the start and held."""
    rows = [
        (f"the strategy, {code}", "", "", percent(a.return_on_equity),
         drawdown_text(next(iter(a.drawdowns), None), has_amount=False), number(a.returns.sharpe))
        for code, a in sorted(figures.trading.accounts.items())
    ]  # fmt: skip
    rows += [
        (name, f"{i.hold.first_price:,}", f"{i.hold.last_price:,}", percent(i.hold.total_return),
         drawdown_text(i.hold.drawdown, has_amount=False), number(i.hold.sharpe))
        for name, i in sorted(figures.trading.instruments.items())
        if i.hold.total_return is not None
    ]  # fmt: skip
    return _table(("", "first price", "last price", "return", "drawdown", "Sharpe"), rows)


def drawdown_table(figures: Figures) -> str:
    """Return the deepest drawdowns of each currency."""
    rows = [
        (code, drawdown_text(drawdown))
        for code, account in sorted(figures.trading.accounts.items())
        for drawdown in account.drawdowns
    ]
    return _table(("currency", "drawdown"), rows)


def refusal_table(figures: Figures) -> str:
    """Return the reasons of denied and rejected orders."""
    rows = [(f"{r.count:,}", r.what, r.reason) for r in figures.trading.refusals]
    return _table(("orders", "", "reason of the first one"), rows)


def trade_table(figures: Figures) -> str:
    """Return the list of trades, of a long one the first rows."""
    trades = trade_list(figures.books)
    shown = trades.slice(0, MOST_TRADES)
    columns = [shown.column(name).to_pylist() for name, _ in _SHOWN]
    rows = [
        tuple(_cell(name, value) for (name, _), value in zip(_SHOWN, values, strict=True))
        for values in zip(*columns, strict=True)
    ]
    rest = trades.num_rows - len(rows)
    note = f"<p>and {rest:,} more, which trades.csv has</p>" if rest > 0 else ""
    return _table([head for _, head in _SHOWN], rows) + note


def equity_note(figures: Figures) -> str:
    """Return the sentence under the drawing of the equity."""
    return (
        f"<p>Equity with unrealised gains, funding and fees, {step_text(figures.books.step_ns)}; "
        "equity.csv has it.</p>"
    )


def _if_any(value: float) -> str:
    return amount(value, sign=True) if value else ""


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _MONEY:
        return amount(float(value), sign=name not in ("fees", "slippage"))  # type: ignore[arg-type]
    if name == "return":
        return percent(float(value))  # type: ignore[arg-type]
    if name == "holding_s":
        return holding_text(float(value))  # type: ignore[arg-type]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>none</p>"
    drawn = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<div class='wide'><table><tr>{drawn}</tr>{body}</table></div>"
