"""The files of a run: tables as CSV, every figure as JSON, and one HTML page."""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

from pyarrow import csv

from adapters.process.whole_files import write_private
from backtests.run.results.accounting.funding_list import funding_list
from backtests.run.results.accounting.trade_list import equity_table, trade_list
from backtests.run.results.page.html_report import write_report

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from nautilus_trader.backtest import BacktestEngine

    from adapters.command.user_code.strategy_class import StrategySettings
    from backtests.inputs.backtest_data import BacktestData
    from backtests.run.drills.effects.outcome import DrillOutcome
    from backtests.run.results.figures.run_figures import Figures


def write_results(  # noqa: PLR0913 - everything about a run
    folder: Path,
    engine: BacktestEngine,
    data: BacktestData,
    strategy: StrategySettings,
    figures: Figures,
    *,
    outcome: DrillOutcome | None = None,
) -> None:
    """Write everything about one run into a folder, which is made if it is missing.

    Parameters
    ----------
    folder : Path
        The folder of trades.csv, equity.csv, funding.csv, orders.csv, fills.csv,
        positions.csv, account.csv, result.json and report.html.
    engine : BacktestEngine
        The engine after its run, not disposed of yet.
    data : BacktestData
        The replayed data.
    strategy : StrategySettings
        The strategy of the run.
    figures : Figures
        The figures of the run.
    outcome : DrillOutcome, optional
        What came of the drills in the data.

    Raises
    ------
    ConfigError
        If market data cannot be read again.
    UnusableFileError
        If a file is a link, belongs to another user, or cannot be written.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_columns(trade_list(figures.books), folder / "trades.csv")
    _write_columns(equity_table(figures.books), folder / "equity.csv")
    _write_columns(funding_list(engine, data), folder / "funding.csv")
    _write_tables(engine, folder)
    named: dict[str, Any] = {
        "strategy": strategy.path,
        "config": _plain(strategy.config),
        "catalog": str(data.path),
    }
    if outcome is not None:
        named["drills"] = outcome.as_dict()
    document = json.dumps(_finite({**named, **figures.as_dict()}), indent=2)
    write_private(folder / "result.json", document + "\n")
    name = strategy.path.rpartition(":")[2]
    title = f"{name} on {data.path.name}"
    write_report(folder / "report.html", engine, data, figures, title, outcome=outcome)


def _write_tables(engine: BacktestEngine, folder: Path) -> None:
    """Write Nautilus's reports as orders.csv, fills.csv, positions.csv and account.csv."""
    _write_table(engine.generate_orders_report(), folder / "orders.csv")
    _write_table(engine.generate_fills_report(), folder / "fills.csv")
    positions = engine.generate_positions_report()
    # Repeats in each row what fills.csv has anyway.
    positions = positions.drop(columns=["events", "adjustments"], errors="ignore")
    _write_table(positions, folder / "positions.csv")
    for i, venue in enumerate(engine.list_venues()):
        name = "account.csv" if i == 0 else f"account-{venue}.csv"
        _write_table(engine.generate_account_report(venue=venue), folder / name)


def _write_table(report: Any, path: Path) -> None:
    write_private(path, report.to_csv(lineterminator="\n"))


def _write_columns(table: pa.Table, path: Path) -> None:
    content = io.BytesIO()
    csv.write_csv(table, content, csv.WriteOptions(quoting_style="needed"))
    write_private(path, content.getvalue())


def _plain(value: Any) -> Any:
    """Return a TOML value as JSON has it; times as text."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def _finite(value: Any) -> Any:
    """Return a document of JSON; a number that is not finite becomes null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
