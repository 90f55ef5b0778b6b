"""The files of an envelope: the sealed document, and a page of what may come."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots

from adapters.process.whole_files import write_private
from backtests.enveloping.envelope_text import SHOWN, rows_of, summary
from dolphin_strategies.envelope.envelope import envelope_from, sealed

if TYPE_CHECKING:
    from pathlib import Path

    from dolphin_strategies.envelope.envelope import Envelope

_STYLE: Final = """\
body { margin: 16px 50px; font-family: sans-serif; font-size: 14px; }
h1 { font-size: 22px; font-weight: 600; } h2 { font-size: 17px; font-weight: 600; }
table { border-collapse: collapse; } th, td { padding: 2px 14px 2px 0; text-align: left; }
th { border-bottom: 1px solid #999; } tr:nth-child(odd) td { background: #f6f6f6; }
"""
_BANDS: Final = (("0.005", "0.995", 0.12), ("0.025", "0.975", 0.2), ("0.25", "0.75", 0.35))


def write_envelope(path: Path, document: dict[str, Any]) -> Envelope:
    """Seal a document with its hash, write it, and return what a watch reads of it.

    Raises
    ------
    UnusableFileError
        If the file cannot be written safely.

    """
    whole = sealed(document)
    envelope = envelope_from(whole)
    write_private(path, json.dumps(whole, indent=1, allow_nan=False) + "\n")
    return envelope


def write_page(path: Path, envelope: Envelope) -> None:
    """Write one self-contained HTML file, which needs no network.

    Parameters
    ----------
    path : Path
        The file.
    envelope : Envelope
        What it shows.

    Raises
    ------
    UnusableFileError
        If the file cannot be written safely.

    """
    title = f"Envelope of {envelope.origin.strategy.rpartition(':')[2]}"
    head, *rows = rows_of(envelope)
    cells = "".join(_row(row, "td") for row in rows)
    first = summary(envelope).partition("\n\n")[0]
    drawn = _drawing(envelope).to_html(full_html=False, include_plotlyjs=False)
    page = [
        "<!DOCTYPE html>",
        '<html><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
        f"<h1>{html.escape(title)}</h1><pre>{html.escape(first)}</pre>",
        f"<section><h2>What may come</h2>{drawn}</section>",
        "<section><h2>2.5 % .. median .. 97.5 %</h2>",
        f"<table>{_row(head, 'th')}{cells}</table></section>",
        f"<pre>{html.escape(summary(envelope).rpartition(chr(10))[2])}</pre>",
        "</body></html>",
    ]
    write_private(path, "\n".join(page))


def _row(cells: list[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _drawing(envelope: Envelope) -> Any:
    horizons = envelope.document["horizons"]
    names = list(horizons)
    titles = [title for title, _ in SHOWN.values()]
    drawn = make_subplots(rows=3, cols=2, subplot_titles=titles, vertical_spacing=0.1)
    for i, measure in enumerate(SHOWN):
        place = {"row": i // 2 + 1, "col": i % 2 + 1}
        scale = 3600.0 if measure.endswith("_s") else 1.0

        def line(q: str, measure: str = measure, scale: float = scale) -> list[float | None]:
            values = [horizons[name][measure][q] for name in names]
            return [None if v is None else v / scale for v in values]

        for low, high, opacity in _BANDS:
            hidden = {"mode": "lines", "line": {"width": 0}, "showlegend": False}
            drawn.add_trace(go.Scatter(x=names, y=line(low), hoverinfo="skip", **hidden), **place)
            drawn.add_trace(
                go.Scatter(
                    x=names,
                    y=line(high),
                    fill="tonexty",
                    fillcolor=f"rgba(33, 102, 172, {opacity})",
                    name=f"{float(low):.1%} to {float(high):.1%}",
                    **hidden,
                ),
                **place,
            )
        drawn.add_trace(
            go.Scatter(x=names, y=line("0.5"), name="median", line={"color": "#2166ac"}), **place
        )
    drawn.update_layout(
        height=860, template="plotly_white", showlegend=False, margin={"t": 40, "b": 40}
    )
    return drawn
