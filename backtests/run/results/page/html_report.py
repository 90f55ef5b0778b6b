"""The report: figures, equity, markets, trades and refused orders of a run on one page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

from plotly.offline import get_plotlyjs

from adapters.command.instants import iso_instant
from adapters.process.whole_files import write_private
from backtests.run.drills.effects.drawn_drills import add_drills
from backtests.run.drills.effects.outcome_text import outcome_html
from backtests.run.results.page.equity_chart import equity_chart
from backtests.run.results.page.hole_table import market_table
from backtests.run.results.page.market_chart import market_chart
from backtests.run.results.page.report_tables import (
    drawdown_table,
    equity_note,
    figure_table,
    hold_table,
    instrument_table,
    refusal_table,
    trade_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

    from backtests.inputs.backtest_data import BacktestData
    from backtests.run.drills.effects.outcome import DrillOutcome
    from backtests.run.results.figures.run_figures import Figures

_STYLE: Final = """\
body { margin: 16px 50px; font-family: sans-serif; font-size: 14px; }
h1 { font-size: 22px; font-weight: 600; margin-bottom: 4px; }
h2 { font-size: 17px; font-weight: 600; margin: 28px 0 6px; }
table { border-collapse: collapse; }
th, td { padding: 2px 14px 2px 0; text-align: left; white-space: nowrap; }
th { border-bottom: 1px solid #999; position: sticky; top: 0; background: white; }
tr:nth-child(odd) td { background: #f6f6f6; }
.wide { max-height: 640px; overflow: auto; }
"""


def write_report(  # noqa: PLR0913 - everything about a run
    path: Path,
    engine: BacktestEngine,
    data: BacktestData,
    figures: Figures,
    title: str,
    *,
    outcome: DrillOutcome | None = None,
) -> None:
    """Write one self-contained HTML file, which needs no network.

    Parameters
    ----------
    path : Path
        The file.
    engine : BacktestEngine
        The engine after its run, not disposed of yet.
    data : BacktestData
        The replayed data.
    figures : Figures
        The figures of the run.
    title : str
        The page's heading.
    outcome : DrillOutcome, optional
        What came of the drills in the data.

    Raises
    ------
    ConfigError
        If market data cannot be read again.

    """
    page = [
        "<!DOCTYPE html>",
        '<html><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f"<script>{get_plotlyjs()}</script></head><body>",
        f"<h1>{html.escape(title)}</h1>",
        *_sections(engine, data, figures, outcome),
        "</body></html>",
    ]
    write_private(path, "\n".join(page))


def _sections(
    engine: BacktestEngine, data: BacktestData, figures: Figures, outcome: DrillOutcome | None
) -> Iterator[str]:
    replay, trading = figures.replay, figures.trading
    yield (
        f"<p>{iso_instant(replay.start_ns)} to {iso_instant(replay.end_ns)}"
        f"{'' if replay.is_whole else ', STOPPED BEFORE THE END'}; {trading.orders:,} orders, "
        f"{trading.fills:,} fills, {trading.positions:,} positions, "
        f"{trading.open_positions:,} open at the end</p>"
    )
    for note in replay.funding_notes:
        yield f"<p>funding: {html.escape(note)}</p>"
    for instrument in data.instruments:
        chart = market_chart(engine, data, instrument.id)
        if outcome is not None:
            add_drills(chart, outcome, str(instrument.id))
        yield _section("Market", _drawn(chart))
    if outcome is not None:
        yield _section("Drills", outcome_html(outcome))
    if figures.books.accounts:
        drawn = _drawn(equity_chart(figures.books))
        yield _section("Equity and drawdown", drawn + equity_note(figures))
    if figures.markets:
        yield _section("Where the market was not there", market_table(figures.markets))
    yield _section("Figures", figure_table(figures))
    yield _section("Instruments", instrument_table(figures))
    yield _section("Benchmark: buy and hold, without fees and funding", hold_table(figures))
    yield _section("Drawdowns", drawdown_table(figures))
    yield _section("Denied and rejected orders", refusal_table(figures))
    yield _section("Trades", trade_table(figures))


def _section(title: str, content: str) -> str:
    return f"<section><h2>{html.escape(title)}</h2>{content}</section>"


def _drawn(figure: Any) -> str:
    return str(figure.to_html(full_html=False, include_plotlyjs=False))
