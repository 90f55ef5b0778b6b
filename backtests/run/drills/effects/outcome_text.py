"""The outcome of drills as tables: on the terminal, and as a section of the report."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from adapters.command.durations import show_duration
from adapters.command.instants import show_instant
from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backtests.run.drills.effects.outcome import DrillOutcome, DrillResult, RunTotals

_COUNTS: Final = ("decisions", "orders", "refused", "fills")
_TOTALS: Final = ("run", "PnL", "funding", "fees", *_COUNTS, "open")
_ORDERS: Final = ("drill", "sent", "instrument", "order", "status", "price", "reason")
_NOTE: Final = (
    "Figures of a drill's window: without the drills -> with them. PnL is the rise of the equity, "
    "open positions at the market as it was recorded."
)


def outcome_text(outcome: DrillOutcome) -> str:
    """Return the outcome for the terminal."""
    head = _window_head(outcome)
    lines = [
        "the run without and with the drills:",
        text_table([_TOTALS, *_totals(outcome)], right=range(1, len(_TOTALS)), indent="  "),
        "",
        "in the window of each drill, without -> with:",
        text_table([head, *_windows(outcome)], right=range(2, len(head)), indent="  "),
        *(f"  {remark}" for remark in outcome.remarks()),
    ]
    return "\n".join(lines)


def outcome_html(outcome: DrillOutcome) -> str:
    """Return the outcome as the content of a section of the report."""
    orders = [row for i, one in enumerate(outcome.results, 1) for row in _orders(i, one)]
    parts = [
        _table(_TOTALS, _totals(outcome)),
        f"<p>{_NOTE}</p>",
        _table(_window_head(outcome), _windows(outcome)),
        *(f"<p>{html.escape(remark)}</p>" for remark in outcome.remarks()),
        f"<h3>Orders in the drills' windows: {len(orders):,}</h3>",
        _table(_ORDERS, orders),
    ]
    return "".join(parts)


def _totals(outcome: DrillOutcome) -> list[tuple[str, ...]]:
    return [_total("without", outcome.without), _total("with drills", outcome.drilled)]


def _total(name: str, run: RunTotals) -> tuple[str, ...]:
    return (
        name if run.is_whole else f"{name}, stopped before the end",
        _money(run.pnl, sign=True),
        _money(run.funding, sign=True),
        _money(run.fees),
        *(f"{getattr(run, count):,}" for count in _COUNTS),
        f"{run.open_positions:,}",
    )


def _currencies(outcome: DrillOutcome) -> list[str]:
    return sorted(outcome.without.pnl.keys() | outcome.drilled.pnl.keys())


def _window_head(outcome: DrillOutcome) -> tuple[str, ...]:
    profits = [f"PnL {code}" for code in _currencies(outcome)]
    return ("drill", "from", "for", "hits", *_COUNTS, *profits, "position before", "after")


def _windows(outcome: DrillOutcome) -> list[tuple[str, ...]]:
    codes = _currencies(outcome)
    return [_window(number, one, codes) for number, one in enumerate(outcome.results, start=1)]


def _window(number: int, one: DrillResult, codes: Sequence[str]) -> tuple[str, ...]:
    drill, a, b = one.drill, one.without, one.drilled
    return (
        f"{number} {drill.label}",
        show_instant(drill.start),
        show_duration(drill.end_ns - drill.start),
        f"{one.hits:,}",
        *(_both(f"{getattr(a, count):,}", f"{getattr(b, count):,}") for count in _COUNTS),
        *(_both(f"{a.pnl.get(c, 0.0):+,.2f}", f"{b.pnl.get(c, 0.0):+,.2f}") for c in codes),
        _both(_position(a.position_before), _position(b.position_before)),
        _both(_position(a.position_after), _position(b.position_after)),
    )


def _orders(number: int, one: DrillResult) -> list[tuple[str, ...]]:
    return [
        (
            f"{number} {one.drill.label}",
            show_instant(order.ns),
            order.instrument,
            f"{order.side} {order.quantity}",
            order.status,
            "" if order.price is None else f"{order.price:,.10g}",
            order.reason,
        )
        for order in one.drilled.sent
    ]


def _both(one: str, other: str) -> str:
    return f"{one} -> {other}"


def _position(held: dict[str, float]) -> str:
    if len(held) == 1:
        return f"{next(iter(held.values())):g}"
    return ", ".join(f"{name} {size:g}" for name, size in sorted(held.items())) or "0"


def _money(amounts: dict[str, float], *, sign: bool = False) -> str:
    shown = [f"{v:{'+' if sign else ''},.2f} {code}" for code, v in sorted(amounts.items())]
    return ", ".join(shown) or "none"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<div class='wide'><table>{body}</table></div>"
