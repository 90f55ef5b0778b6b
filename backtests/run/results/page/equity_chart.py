"""The drawing of the equity of each currency, with its drawdown, under one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backtests.run.results.page.chart_lines import ChartLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backtests.run.results.accounting.books import Books

_NS_PER_MS: Final = 1e6


def equity_chart(books: Books) -> go.Figure:
    """Draw equity, drawdown and notional value of each currency, one under the other.

    Parameters
    ----------
    books : Books
        The books of a run.

    """
    ts = books.stated_ts
    rows: list[tuple[str, NDArray[np.float64], str, float]] = []
    for code, account in sorted(books.accounts.items()):
        notional = account.notional[books.is_stated]
        rows += [
            (f"equity {code}", books.stated_equity(code), "#1b7837", 3.0),
            (f"drawdown {code}", books.stated_drawdown(code), "#b2182b", 1.0),
            (f"notional {code}", notional, "#555555", 1.0),
        ]
    drawn = make_subplots(
        rows=len(rows),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.02,
        row_heights=[height for *_, height in rows],
    )
    for row, (name, values, colour, _) in enumerate(rows, start=1):
        line = ChartLine(int(ts[0]), int(ts[-1]))
        line.add(ts, values)
        x, y = line.drawn()
        drawn.add_trace(
            go.Scatter(
                x=x / _NS_PER_MS,
                y=y,
                name=name,
                mode="lines",
                line={"width": 1, "color": colour, "shape": "hv"},
                fill="tozeroy" if name.startswith("drawdown") else None,
            ),
            row=row,
            col=1,
        )
        drawn.update_yaxes(title_text=name, title_font_size=11, row=row, col=1)
    drawn.update_xaxes(type="date", range=[ts[0] / _NS_PER_MS, ts[-1] / _NS_PER_MS])
    drawn.update_layout(
        height=140 + 120 * len(rows),
        template="plotly_white",
        showlegend=False,
        hovermode="x",
        margin={"t": 10, "b": 40, "l": 80, "r": 50},
    )
    return drawn
