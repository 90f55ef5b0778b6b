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

_TOTALS: Final = ("run", "PnL", "fees", "orders", "refused", "fills", "decisions", "open")
_WINDOWS: Final = (
    "drill", "from", "for", "hits", "decisions", "orders", "refused", "fills", "position before",
    "after",
)  # fmt: skip
_ORDERS: Final = ("drill", "sent", "instrument", "order", "status", "price", "reason")
_NOTE: Final = "Figures of a drill's window: without the drills -> with them."


def outcome_text(outcome: DrillOutcome) -> str:
    """Return the outcome for the terminal."""
    lines = [
        "the run without and with the drills:",
        text_table([_TOTALS, *_totals(outcome)], right=range(1, len(_TOTALS)), indent="  "),
        "",
        "in the window of each drill, without -> with:",
        text_table([_WINDOWS, *_windows(outcome)], right=range(2, len(_WINDOWS)), indent="  "),
        *(f"  {remark}" for remark in outcome.remarks()),
    ]
    return "\n".join(lines)


def outcome_html(outcome: DrillOutcome) -> str:
    """Return the outcome as a section of the report."""
    orders = [row for i, one in enumerate(outcome.results, 1) for row in _orders(i, one)]
    parts = [
        "<h2>Drills</h2>",
        _table(_TOTALS, _totals(outcome)),
        f"<p>{_NOTE}</p>",
        _table(_WINDOWS, _windows(outcome)),
        *(f"<p>{html.escape(remark)}</p>" for remark in outcome.remarks()),
        f"<h3>Orders in the drills' windows: {len(orders):,}</h3>",
        _table(_ORDERS, orders),
    ]
    return f'<section class="drills">{"".join(parts)}</section>'


def _totals(outcome: DrillOutcome) -> list[tuple[str, ...]]:
    return [_total("without", outcome.without), _total("with drills", outcome.drilled)]


def _total(name: str, run: RunTotals) -> tuple[str, ...]:
    return (
        name if run.is_whole else f"{name}, stopped before the end",
        _money(run.pnl, sign=True),
        _money(run.fees),
        f"{run.orders:,}",
        f"{run.refused:,}",
        f"{run.fills:,}",
        f"{run.decisions:,}",
        f"{run.open_positions:,}",
    )


def _windows(outcome: DrillOutcome) -> list[tuple[str, ...]]:
    return [_window(number, one) for number, one in enumerate(outcome.results, start=1)]


def _window(number: int, one: DrillResult) -> tuple[str, ...]:
    drill, a, b = one.drill, one.without, one.drilled
    return (
        f"{number} {drill.label}",
        show_instant(drill.start),
        show_duration(drill.end_ns - drill.start),
        f"{one.hits:,}",
        *(_both(getattr(a, name), getattr(b, name)) for name in _COUNTS),
        _both(_position(a.position_before), _position(b.position_before)),
        _both(_position(a.position_after), _position(b.position_after)),
    )


_COUNTS: Final = ("decisions", "orders", "refused", "fills")


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


def _both(one: object, other: object) -> str:
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
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
