"""Drills in a figure: shaded windows, and the position that there would have been without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import plotly.graph_objects as go

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.run.drills.drill import Drill
    from backtests.run.drills.effects.outcome import DrillOutcome

_NS_PER_MS: Final = 1e6
_SHADE: Final = "#fdae61"
_MARKET_SHADE: Final = "#abd9e9"


def add_drills(drawn: go.Figure, outcome: DrillOutcome, instrument: str) -> None:
    """Shade each drill's window in the rows that it concerns, and add the position without drills.

    Parameters
    ----------
    drawn : Figure
        The figure, one row under the other, named on the y axes; price first, position last.
    outcome : DrillOutcome
        What came of the drills.
    instrument : str
        The instrument of the price and the position.

    """
    rows = [axis.title.text for axis in drawn.select_yaxes()]
    for number, one in enumerate(outcome.results, start=1):
        drill = one.drill
        if drill.is_of_market and not drill.hits_market(instrument):
            continue
        first, last = drill.start / _NS_PER_MS, drill.end_ns / _NS_PER_MS
        colour = _MARKET_SHADE if drill.is_of_market else _SHADE
        for row in _rows(drill, rows):
            drawn.add_vrect(
                x0=first, x1=last, row=row, col=1, fillcolor=colour, opacity=0.35, line_width=0,
                layer="below",
            )  # fmt: skip
        drawn.add_annotation(
            x=first, y=1, xref="x", yref="y domain", text=f"{number} {drill.kind}",
            showarrow=False, xanchor="left", yanchor="bottom", font={"size": 10}, textangle=0,
        )  # fmt: skip
    ts, held = outcome.positions.get(instrument, ([], []))
    drawn.add_trace(
        go.Scatter(
            x=np.array(ts, np.int64) / _NS_PER_MS,
            y=held,
            name="position without drills",
            mode="lines",
            line={"width": 1, "color": "#999999", "dash": "dot", "shape": "hv"},
        ),
        row=len(rows),
        col=1,
    )


def _rows(drill: Drill, rows: Sequence[str]) -> list[int]:
    """Return the rows of a drill: price and position, and of factors those that it hits."""
    inner = range(2, len(rows))
    return [1, *(row for row in inner if drill.hits(rows[row - 1])), len(rows)]
