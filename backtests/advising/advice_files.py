"""The files of an advice: every figure as JSON, and one HTML page of them."""

from __future__ import annotations

import html
import json
import math
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from adapters.command.instants import show_instant
from adapters.process.whole_files import write_private
from backtests.advising.advice_text import HEAD, filter_text, rows_of, verdict_of, verdict_text

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.advising.calendar_advice import CalendarAdvice
    from backtests.advising.calendar_effects import CalendarEffects, Effect
    from backtests.advising.trade_outcomes import TradeOutcomes

_STYLE: Final = """\
body { margin: 16px 50px; font-family: sans-serif; font-size: 14px; }
h1 { font-size: 22px; font-weight: 600; } h2 { font-size: 17px; font-weight: 600; }
table { border-collapse: collapse; } th, td { padding: 2px 14px 2px 0; text-align: right; }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; }
th { border-bottom: 1px solid #999; } tr:nth-child(odd) td { background: #f6f6f6; }
"""


def document_of(
    outcomes: TradeOutcomes, effects: CalendarEffects, advice: CalendarAdvice
) -> dict[str, Any]:
    """Return everything as JSON values; what is not known is null."""
    return {
        "verdict": verdict_text(effects, advice),
        "stay_out": list(advice.stay_out),
        "trades": advice.trades,
        "days": outcomes.days,
        "kept": advice.kept,
        "mean_bps": _known(advice.mean_bps),
        "kept_bps": _known(advice.kept_bps),
        "asked": effects.asked,
        "block": effects.block,
        "draws": effects.draws,
        "seed": effects.seed,
        "level": effects.level,
        "runs": outcomes.origins,
        "effects": [_effect(effect) for effect in effects.effects],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    numbers = ("mean_bps", "others_bps", "effect_bps", "low_bps", "high_bps", "p", "p_all", "q")
    return {
        "label": effect.question.label,
        "rule": str(effect.question.rule),
        "trades": effect.trades,
        "days": effect.days,
        "others": effect.others,
        **{name: _known(getattr(effect, name)) for name in numbers},
        "verdict": verdict_of(effect),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def write_advice(
    path: Path, outcomes: TradeOutcomes, effects: CalendarEffects, advice: CalendarAdvice
) -> None:
    """Write the JSON, and beside it the page, one file that needs no network.

    Raises
    ------
    UnusableFileError
        If a file cannot be written safely.

    """
    document = document_of(outcomes, effects, advice)
    write_private(path, json.dumps(document, indent=1, allow_nan=False) + "\n")
    write_private(path.with_suffix(".html"), _page(outcomes, effects, advice))


def _page(outcomes: TradeOutcomes, effects: CalendarEffects, advice: CalendarAdvice) -> str:
    strategies = sorted({origin["strategy"].rpartition(":")[2] for origin in outcomes.origins})
    title = f"{', '.join(strategies)} and the calendar"
    runs = "\n".join(
        f"{run['folder']}: {show_instant(run['start_ns'])} to {show_instant(run['end_ns'])}"
        for run in outcomes.origins
    )
    rows = "".join(_row(row, "td") for row in rows_of(effects.effects))
    drawn = _drawing(effects).to_html(full_html=False, include_plotlyjs=False)
    said = f"{verdict_text(effects, advice)}\n\n{filter_text(effects, advice)}".strip()
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html><head><meta charset="utf-8">',
            f"<title>{html.escape(title)}</title><style>{_STYLE}</style>",
            f"<script>{get_plotlyjs()}</script></head><body>",
            f"<h1>{html.escape(title)}</h1><pre>{html.escape(runs)}</pre>",
            f"<pre>{html.escape(said)}</pre>",
            f"<section><h2>What a trade paid more than the others, 95 %</h2>{drawn}</section>",
            f"<section><h2>All questions</h2><table>{_row(list(HEAD), 'th')}{rows}</table>",
            "</section></body></html>",
        ]
    )


def _row(cells: list[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _drawing(effects: CalendarEffects) -> Any:
    shown = [effect for effect in effects.effects if not math.isnan(effect.p)][::-1]
    colours = ["#b2182b" if effect.survives else "#888888" for effect in shown]
    drawn = go.Figure(
        go.Scatter(
            x=[effect.effect_bps for effect in shown],
            y=[effect.question.label for effect in shown],
            mode="markers",
            marker={"color": colours, "size": 8},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [effect.high_bps - effect.effect_bps for effect in shown],
                "arrayminus": [effect.effect_bps - effect.low_bps for effect in shown],
                "color": "#888888",
            },
        )
    )
    drawn.add_vline(x=0, line={"color": "#333333", "width": 1})
    drawn.update_layout(
        height=160 + 22 * len(shown), template="plotly_white", margin={"t": 20, "b": 40},
        xaxis_title="basis points a trade",
    )  # fmt: skip
    return drawn
