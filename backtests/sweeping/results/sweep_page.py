"""The page of a sweep: verdict, equity out of sample, folds and surfaces of the parameters."""

from __future__ import annotations

import html
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from adapters.process.whole_files import write_private
from backtests.sweeping.results.sweep_text import HEAD, fold_rows
from backtests.sweeping.results.verdict import EDGE, OVERFITTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from backtests.sweeping.results.sweep_result import SweepResult
    from backtests.sweeping.search.fold_search import TrialResult
    from backtests.sweeping.setup.parameters import Parameter

MOST_SURFACES: Final = 10
"""Pairs of parameters that are drawn."""
_COLOURS: Final = {EDGE: "#1b7837", OVERFITTED: "#b35806"}
_STYLE: Final = """\
body { margin: 16px 50px; font-family: sans-serif; font-size: 14px; }
h1 { font-size: 22px; font-weight: 600; margin-bottom: 4px; }
h2 { font-size: 17px; font-weight: 600; margin: 28px 0 6px; }
table { border-collapse: collapse; }
th, td { padding: 2px 14px 2px 0; text-align: left; white-space: nowrap; }
th { border-bottom: 1px solid #999; }
.verdict { font-size: 18px; font-weight: 600; padding: 8px 0; }
"""


def write_page(
    path: Path, result: SweepResult, parameters: Sequence[Parameter], title: str, notes: list[str]
) -> None:
    """Write one self-contained HTML file, which needs no network.

    Parameters
    ----------
    path : Path
        The file.
    result : SweepResult
        The figures.
    parameters : sequence of Parameter
        What was searched.
    title : str
        The page's heading.
    notes : list of str
        What it was searched in.

    Raises
    ------
    UnusableFileError
        If the file is a link, or belongs to another user.

    """
    parts = [
        "<!DOCTYPE html>",
        '<html><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
        f"<h1>{html.escape(title)}</h1>",
        *(f"<p>{html.escape(note)}</p>" for note in notes),
        *_sections(result, parameters),
        "</body></html>",
    ]
    write_private(path, "\n".join(parts))


def _sections(result: SweepResult, parameters: Sequence[Parameter]) -> Iterator[str]:
    colour = _COLOURS.get(result.verdict, "#b2182b")
    yield f"<p class='verdict' style='color: {colour}'>{html.escape(result.verdict)}</p>"
    if not result.is_whole:
        yield "<p>NOT ALL TRIALS ARE DONE: the figures are of those that are.</p>"
    yield _table(("", "figure"), [("yes" if c.holds else "no", str(c)) for c in result.checks])
    yield "<h2>Equity out of sample, each fold with what its own search chose</h2>"
    yield _drawn(_equity(result))
    yield "<h2>Folds</h2>" + _table(HEAD, fold_rows(result))
    last = result.trials[-1] if result.trials else []
    if last:
        yield "<h2>What the parameters are worth, in the train window of the last fold</h2>"
        for parameter in parameters:
            yield _drawn(_slice(last, parameter))
        for pair in list(combinations(parameters, 2))[:MOST_SURFACES]:
            yield _drawn(_surface(last, *pair))


def _equity(result: SweepResult) -> go.Figure:
    drawn = go.Figure()
    drawn.add_trace(
        go.Scatter(
            x=result.ts / 1e6, y=np.cumprod(1 + result.returns), mode="lines", name="equity",
            line={"width": 1, "color": "#1b7837", "shape": "hv"},
        )
    )  # fmt: skip
    drawn.update_xaxes(type="date")
    return _laid_out(drawn, "equity, 1 at the start", 340)


def _slice(trials: list[TrialResult], parameter: Parameter) -> go.Figure:
    drawn = go.Figure(
        go.Scatter(
            x=[_shown(t.values[parameter.name]) for t in trials],
            y=[t.score for t in trials],
            mode="markers",
            marker={"color": [t.number for t in trials], "colorscale": "Viridis", "size": 7,
                    "colorbar": {"title": "trial"}},
        )
    )  # fmt: skip
    drawn.update_xaxes(title_text=parameter.name, type="log" if parameter.range.log else None)
    return _laid_out(drawn, "score", 300)


def _surface(trials: list[TrialResult], one: Parameter, other: Parameter) -> go.Figure:
    x, y = ([_shown(t.values[p.name]) for t in trials] for p in (one, other))
    scores = [t.score for t in trials]
    drawn = go.Figure()
    if len({*x}) > 2 and len({*y}) > 2 and "choice" not in (one.kind, other.kind):
        drawn.add_trace(
            go.Contour(x=x, y=y, z=scores, colorscale="Viridis", connectgaps=True, opacity=0.6,
                       showscale=False)
        )  # fmt: skip
    drawn.add_trace(
        go.Scatter(
            x=x, y=y, mode="markers",
            text=[f"score {s:.4g}" for s in scores],
            marker={"color": scores, "colorscale": "Viridis", "size": 9,
                    "line": {"width": 1, "color": "white"}, "colorbar": {"title": "score"}},
        )
    )  # fmt: skip
    drawn.update_xaxes(title_text=one.name, type="log" if one.range.log else None)
    drawn.update_yaxes(type="log" if other.range.log else None)
    return _laid_out(drawn, other.name, 420)


def _shown(value: Any) -> Any:
    try:
        return value if isinstance(value, bool) else float(value)
    except ValueError:
        return value


def _laid_out(drawn: go.Figure, label: str, height: int) -> go.Figure:
    drawn.update_yaxes(title_text=label)
    drawn.update_layout(
        height=height,
        template="plotly_white",
        showlegend=False,
        margin={"t": 10, "b": 40, "l": 80, "r": 50},
    )
    return drawn


def _drawn(figure: Any) -> str:
    return str(figure.to_html(full_html=False, include_plotlyjs=False))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    drawn = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{drawn}</tr>{body}</table>"
