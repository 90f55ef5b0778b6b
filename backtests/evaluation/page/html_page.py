"""The page of an evaluation, one file that needs no network."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any, Final

from plotly.offline import get_plotlyjs

from adapters.command.durations import show_duration
from adapters.command.instants import show_instant
from backtests.evaluation.page.page_script import SCRIPT, STYLE
from backtests.evaluation.page.summary_text import half_life_text, number, ordered, tests_text
from backtests.evaluation.scoring import verdicts

if TYPE_CHECKING:
    from backtests.evaluation.scoring.figures import Evaluation, FactorFigures

_CLASSES: Final = {
    verdicts.PAYS: "good",
    verdicts.PREDICTS: "fair",
    verdicts.TOO_DEAR: "fair",
    verdicts.UNSTABLE: "poor",
    verdicts.SUSPECT: "bad",
}
_COLUMNS: Final = (
    ("factor", ""),
    ("verdict", ""),
    ("best horizon", "n"),
    ("rank IC", "n"),
    ("± error", "n"),
    ("IC", "n"),
    ("q", "n"),
    ("after cost, bp", "n"),
    ("half-life", "n"),
    ("coverage", "n"),
    ("cluster", "n"),
    ("why", ""),
)
_DRAWINGS: Final = (
    *("decay", "freshness", "quantiles", "spreads"),
    *("months", "hours", "regimes", "turnover"),
)


def html_page(data: dict[str, Any], evaluation: Evaluation) -> str:
    """Return the page.

    Parameters
    ----------
    data : dict
        ``evaluation.json``, which the page draws.
    evaluation : Evaluation
        The same.

    """
    title = f"Factors against {evaluation.facts['instrument']}"
    # A name with "</script>" in it must not end the element.
    inside = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    drawings = "".join(f'<div id="{name}"></div>' for name in _DRAWINGS)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html><head><meta charset="utf-8">',
            f"<title>{html.escape(title)}</title><style>{STYLE}</style>",
            f"<script>{get_plotlyjs()}</script></head><body>",
            f"<h1>{html.escape(title)}</h1>",
            _introduction(evaluation),
            f'<h2>Factors</h2><div class="wide">{_table(evaluation)}</div>',
            '<h2>One factor</h2><p><select id="which"></select> '
            '<select id="horizon"></select> <span id="verdict"></span></p>',
            f'<div class="grid">{drawings}</div>',
            "<h2>All factors</h2>",
            '<div class="grid"><div id="ics"></div><div id="same"></div></div>',
            f"<h2>Verdicts</h2>{_legend()}",
            f'<script type="application/json" id="evaluation">{inside}</script>',
            f"<script>{SCRIPT}</script></body></html>",
        ]
    )


def _introduction(evaluation: Evaluation) -> str:
    sampling, facts = evaluation.sampling, evaluation.facts
    counts = (
        f"{show_instant(sampling.start_ns)} to {show_instant(sampling.end_ns)}, every "
        f"{show_duration(sampling.step_ns)}: {len(sampling.instants):,} instants; "
        f"{len(evaluation.factors):,} factors; {facts['prices']}; "
        f"{evaluation.cost * 1e4:g} bp a trade"
    )
    meaning = (
        "A value counts from the instant at which it was known, and a return begins at the first "
        "price after it. Intervals are of a circular block bootstrap with blocks of at least two "
        f"horizons, {facts['resamples']} resamples. Click a factor to see all of it."
    )
    return (
        f"<p>{html.escape(counts)}</p><p><b>{html.escape(tests_text(evaluation))}</b></p>"
        f'<p class="note">{html.escape(meaning)}</p>'
    )


def _table(evaluation: Evaluation) -> str:
    head = "".join(f'<th class="{kind}">{html.escape(name)}</th>' for name, kind in _COLUMNS)
    rows = "".join(_row(factor, evaluation) for factor in ordered(evaluation))
    return f'<table class="factors"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(factor: FactorFigures, evaluation: Evaluation) -> str:
    best = factor.best
    kind = _CLASSES.get(factor.verdict, "poor")
    name = html.escape(factor.name, quote=True)
    same = f"; says the same as {factor.same_as}" if factor.same_as else ""
    cells = [
        (name, ""),
        (f'<span class="verdict {kind}">{html.escape(factor.verdict)}</span>', ""),
        (show_duration(best.horizon_ns), "n"),
        (number(best.predicted.rank_ic, "+.4f"), "n"),
        (number(best.predicted.rank_ic_error, ".4f"), "n"),
        (number(best.predicted.ic, "+.4f"), "n"),
        (number(best.predicted.q_value, ".2g"), "n"),
        (number(best.spread.net * 1e4, "+.2f"), "n"),
        (html.escape(half_life_text(factor, evaluation)), "n"),
        (f"{factor.coverage:.1%}", "n"),
        (str(factor.cluster), "n"),
        (html.escape(factor.reason + same), ""),
    ]
    inside = "".join(f'<td class="{kind}">{text}</td>' for text, kind in cells)
    return f'<tr data-name="{name}">{inside}</tr>'


def _legend() -> str:
    rows = "".join(
        f'<tr><td><span class="verdict {_CLASSES.get(name, "poor")}">{html.escape(name)}</span>'
        f"</td><td>{html.escape(meaning)}</td></tr>"
        for name, meaning in verdicts.VERDICTS.items()
    )
    return f"<table>{rows}</table>"
