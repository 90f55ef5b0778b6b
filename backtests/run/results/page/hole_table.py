"""The table of the holes of the markets, as HTML."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from adapters.command.instants import iso_instant
from backtests.run.results.text.market_text import (
    ending_words,
    length_ns,
    market_words,
    show_age,
    trade_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.run.results.figures.market_figures import MarketFigures


def market_table(markets: Sequence[MarketFigures]) -> str:
    """Return the holes of all markets as HTML."""
    parts: list[str] = []
    for m in markets:
        parts.append(f"<p>{html.escape(market_words(m))}</p>")
        if m.holes:
            rows = [
                (iso_instant(h.from_ns), "" if h.until_ns is None else iso_instant(h.until_ns),
                 "" if h.until_ns is None else show_age(length_ns(h)),
                 "; ".join(map(trade_words, h.trades)), f"{h.refused:,}", f"{h.waited:,}")
                for h in m.holes
            ]  # fmt: skip
            head = ("no price from", "to", "for", "trades open in it", "refused", "waited")
            cells = "".join(f"<th>{title}</th>" for title in head)
            body = "".join(
                "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
                for row in rows
            )
            parts.append(f'<div class="wide"><table><tr>{cells}</tr>{body}</table></div>')
        if m.ending:
            parts.append(f"<p>{html.escape(ending_words(m))}</p>")
    return "".join(parts)
