"""Figures as text on the terminal: the summary of a run, and the table of several delays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adapters.command.instants import iso_instant
from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.run.results.figures import Figures


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
        f"  fills     {t.fills:,} ({t.buys:,} buys, {t.sells:,} sells), "
        f"{t.positions:,} positions, {t.open_positions} open at the end",
        f"  fees      {_money(t.fees)}",
        f"  PnL       {_money(t.pnl, sign=True)} after fees",
    ]
    if r.ties:
        lines.append(
            f"  ties      {r.ties:,} records of factors at an instant of market data came before "
            "it: their orders met the market as it was (docs/backtest.md)"
        )
    for group, values in t.statistics.items():
        known = [(n, f"{v:,.4f}") for n, v in sorted(values.items()) if not math.isnan(v)]
        if known:
            lines += [f"  {group}", text_table(known, indent="    ")]
    return "\n".join(lines)


def delay_table(figures: Sequence[Figures]) -> str:
    """Return the table of the value of freshness: one line for each delay."""
    head = ("factors later by", "PnL", "fees", "fills", "orders", "decisions")
    rows = [
        (f.replay.delay, _money(f.trading.pnl, sign=True), _money(f.trading.fees),
         f"{f.trading.fills:,}", f"{f.trading.orders:,}", f"{f.replay.decisions:,}")
        for f in figures
    ]  # fmt: skip
    return text_table([head, *rows], right=range(len(head)))


def _money(amounts: dict[str, float], *, sign: bool = False) -> str:
    shown = [f"{v:{'+' if sign else ''},.2f} {code}" for code, v in sorted(amounts.items())]
    return ", ".join(shown) or "none"
