"""Figures as text on the terminal: the summary of a run, and the table of several delays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from adapters.command.instants import iso_instant
from adapters.command.text_table import text_table
from backtests.run.results.text.figure_text import (
    amount,
    amounts,
    drawdown_text,
    holding_text,
    number,
    percent,
    step_text,
)
from backtests.run.results.text.market_text import market_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backtests.run.results.figures.account_figures import AccountFigures
    from backtests.run.results.figures.instrument_figures import InstrumentFigures
    from backtests.run.results.figures.run_figures import Figures, TradingFigures

MOST_REASONS: Final = 5
"""Reasons of refused orders in the summary; all are in the files."""
_MOST_SHOWN: Final = 5


def summary(strategy: str, figures: Figures) -> str:
    """Return the summary of one run for the terminal.

    Parameters
    ----------
    strategy : str
        The name of the strategy's class.
    figures : Figures
        The figures of the run.

    """
    r, t = figures.replay, figures.trading
    rate = r.rows / r.elapsed_s if r.elapsed_s else math.inf
    lines = [
        "",
        f"{strategy}, {iso_instant(r.start_ns)} to {iso_instant(r.end_ns)}"
        + ("" if r.is_whole else "  STOPPED BEFORE THE END"),
        f"  replayed  {r.rows:,} records in {r.elapsed_s:.1f} s ({rate:,.0f}/s)"
        + (f", factors {r.delay} later" if r.delay != "0" else ""),
        f"  orders    {t.orders:,} sent, {t.refused:,} denied or rejected; "
        f"{r.decisions:,} decisions",
        *_refusals(t),
        f"  fills     {t.fills:,} ({t.buys:,} buys, {t.sells:,} sells), "
        f"{t.positions:,} positions, {t.open_positions} open at the end",
        *market_lines(figures.markets),
    ]
    if r.ties:
        lines.append(
            f"  ties      {r.ties:,} records of factors at an instant of market data came before "
            "it: their orders met the market as it was (docs/backtest.md)"
        )
    lines += [f"  funding: {note}" for note in r.funding_notes]
    for code, account in sorted(t.accounts.items()):
        lines += _account(code, account, t.equity_step_ns)
    lines += _instruments(t.instruments)
    return "\n".join(lines)


def _refusals(t: TradingFigures) -> Iterator[str]:
    for refusal in t.refusals[:MOST_REASONS]:
        yield f"            {refusal.count:,} {refusal.what}: {refusal.reason}"
    others = t.refusals[MOST_REASONS:]
    if others:
        count = sum(refusal.count for refusal in others)
        yield f"            {count:,} for {len(others)} other reasons, which result.json has"


def _account(code: str, a: AccountFigures, step_ns: int) -> Iterator[str]:
    """Yield the lines about one currency."""
    e, t, r = a.exposure, a.trades, a.returns
    yield (
        f"  PnL       {amount(a.pnl, sign=True)} {code} after fees: price "
        f"{amount(a.price_pnl, sign=True)} (slippage {amount(a.slippage)}), funding "
        f"{amount(a.funding, sign=True)}, fees {amount(a.fees)}"
    )
    if a.unexplained:
        yield (
            f"  UNEXPLAINED {amount(a.unexplained, sign=True)} {code}: the balances changed by "
            "more than fills, fees and funding (docs/results.md)"
        )
    yield (
        f"  return    {percent(a.return_on_equity)} on equity, {percent(a.return_on_notional)} on "
        f"the mean notional held, {percent(a.return_on_traded, digits=4)} on what was traded"
    )
    deepest = a.drawdowns[0] if a.drawdowns else None
    yield (
        f"  equity    {amount(a.start)} to {amount(a.end)} {code}, {step_text(step_ns)}; "
        f"drawdown {drawdown_text(deepest)}"
    )
    yield (
        f"  exposure  {percent(e.time_in_market, sign=False)} of the time, notional "
        f"{amount(e.mean_notional)} in the mean and {amount(e.max_notional)} at most, "
        f"{amount(e.traded)} traded, turnover {number(e.turnover)} times the equity"
    )
    held = f", held {holding_text(t.mean_holding_s)} in the mean" if t.closed else ""
    if t.why_none:
        yield f"  positions {t.closed:,} closed{held}; no statistic: {t.why_none}"
    else:
        yield (
            f"  positions {t.closed:,} closed, {percent(t.win_rate, sign=False)} won, "
            f"profit factor {number(t.profit_factor)}, mean {amount(t.mean, sign=True)}, best "
            f"{amount(t.best, sign=True)}, worst {amount(t.worst, sign=True)} {code}{held}"
        )
    if r.why_none:
        yield f"  ratios    no statistic: {r.why_none}"
    else:
        yield (
            f"  ratios    Sharpe {number(r.sharpe)}, Sortino {number(r.sortino)}, volatility "
            f"{percent(r.volatility, sign=False)} a year, annual return "
            f"{percent(r.annual_return)} ({r.days} daily returns, {r.days_per_year} days a year)"
        )


def _instruments(instruments: dict[str, InstrumentFigures]) -> Iterator[str]:
    """Yield the lines about the result by instrument, and about the benchmark."""
    if len(instruments) > 1:
        traded = sorted((i for i in instruments.items() if i[1].fills), key=lambda i: -i[1].traded)
        for name, i in traded[:_MOST_SHOWN]:
            yield (
                f"  of it     {name}: {amount(i.pnl, sign=True)} {i.currency} in {i.fills:,} "
                f"fills, funding {amount(i.funding, sign=True)}, fees {amount(i.fees)}"
            )
        if len(traded) > _MOST_SHOWN:
            yield f"            and {len(traded) - _MOST_SHOWN} more, which result.json has"
    known = [
        (name, i.hold)
        for name, i in sorted(instruments.items())
        if i.hold.total_return is not None
    ]
    for name, h in known[:_MOST_SHOWN]:
        yield (
            f"  hold      {name}: {percent(h.total_return)}, drawdown "
            f"{drawdown_text(h.drawdown, has_amount=False)}, Sharpe {number(h.sharpe)}"
        )
    if len(known) > _MOST_SHOWN:
        yield f"            and {len(known) - _MOST_SHOWN} more instruments, which result.json has"


def delay_table(figures: Sequence[Figures]) -> str:
    """Return the table of the value of freshness: one line for each delay."""
    head = ("factors later by", "PnL", "fees", "fills", "orders", "decisions")
    rows = [
        (f.replay.delay, amounts(f.trading.pnl, sign=True), amounts(f.trading.fees),
         f"{f.trading.fills:,}", f"{f.trading.orders:,}", f"{f.replay.decisions:,}")
        for f in figures
    ]  # fmt: skip
    return text_table([head, *rows], right=range(len(head)))
