"""The files of a run, and its summary: they say the same, and a page needs no network."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.command.user_code.strategy_class import StrategySettings
from backtests.run.results.page.report_tables import MOST_TRADES
from backtests.run.results.result_files import write_results
from backtests.run.results.text.result_text import summary
from tests.support.catalogs.backtests.hand_figures import FLIPS, ROWS
from tests.support.catalogs.backtests.traded_markets import START_NS, Market, linear, traded, walk
from tests.support.strategies.planned_trader import Step

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.run.results.figures.run_figures import Figures

VOID: Final = {"meta", "br", "img", "link", "input"}
MARKET: Final = Market(instrument=linear(), mids=walk(ROWS), rates=((9, "0.0001"), (33, "0.0002")))
CONFIG: Final = {"threshold": 0.6, "size": "0.5", "is_on": True, "names": ["a", "b"]}
SETTINGS: Final = StrategySettings(path="tests.planned:<Trader>", config=CONFIG)
DENIED: Final = (Step(40, "BUY", "5000"), Step(41, "BUY", "6000"))


class Page(HTMLParser):
    """The text of the sections of a page, whose tags must match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sections: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert not any(name in ("src", "href") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.sections.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "section" in self.open and "script" not in self.open:
            self.sections[-1] += data + "\n"


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Figures]:
    """Write the files of a run with reversals, funding, an open position and denied orders."""
    root = tmp_path_factory.mktemp("files")
    with traded(root / "c", [MARKET], [*FLIPS, *DENIED]) as (engine, data, figures):
        write_results(root / "out", engine, data, SETTINGS, figures)
    return root / "out", figures


def test_trades_add_up_to_the_result(written: tuple[Path, Figures]) -> None:
    """Each amount, over the rows, is that of result.json."""
    folder, _ = written
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = rows_of(folder / "trades.csv")
    assert len(rows) == result["positions"] == 4
    for name in ("pnl", "price_pnl", "funding", "fees"):
        assert sum(float(row[name]) for row in rows) == pytest.approx(result[name]["USDT"])
    account = result["accounts"]["USDT"]
    assert result["funding"]["USDT"] == account["funding"] != 0
    assert sum(float(r["slippage"]) for r in rows) == pytest.approx(account["slippage"])
    assert [row["status"] for row in rows] == ["closed", "closed", "closed", "open"]
    assert [row["side"] for row in rows] == ["LONG", "SHORT", "SHORT", "LONG"]
    assert (rows[-1]["exit_time"], rows[-1]["exit_order"]) == ("", "")
    assert float(rows[-1]["mark_price"]) == MARKET.mids[-1]
    assert all(float(r["mae"]) <= 0 <= float(r["mfe"]) for r in rows)
    orders = {row["client_order_id"] for row in rows_of(folder / "orders.csv")}
    assert {r["entry_order"] for r in rows} <= orders


def test_the_settings_keep_their_types(written: tuple[Path, Figures]) -> None:
    """What makes a strategy of result.json again gets the values of the TOML file."""
    folder, _ = written
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["config"] == CONFIG


def test_the_equity_ends_at_the_result(written: tuple[Path, Figures]) -> None:
    """From the balance to the balance and the result, and never above its highest value."""
    folder, figures = written
    rows = rows_of(folder / "equity.csv")
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    account = result["accounts"]["USDT"]
    assert float(rows[0]["equity_USDT"]) == account["start"] == 100_000
    assert float(rows[-1]["equity_USDT"]) == pytest.approx(account["end"])
    lowest = min(float(row["drawdown_USDT"]) for row in rows)
    assert lowest == pytest.approx(account["drawdowns"][0]["amount"])
    assert len(rows) == len(figures.books.stated_ts)
    assert rows[0]["time"].startswith("2026-01-01 00:00:00")
    assert figures.replay.start_ns == START_NS


def test_the_page_has_its_sections_and_needs_no_network(written: tuple[Path, Figures]) -> None:
    """Well-formed, with every trade and every reason, and text from outside escaped."""
    folder, figures = written
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)
    assert "<Trader>" not in text
    assert "&lt;Trader&gt;" in text
    page = Page()
    page.feed(text)
    assert page.open == []
    titles = [section.split("\n")[0] for section in page.sections]
    assert titles == [
        "Market",
        "Equity and drawdown",
        "Figures",
        "Instruments",
        "Benchmark: buy and hold, without fees and funding",
        "Drawdowns",
        "Denied and rejected orders",
        "Trades",
    ]
    assert "MARGIN_EXCEEDS_FREE_BALANCE" in page.sections[6]
    assert "the strategy, USDT" in page.sections[4]
    assert "BTCUSDT-PERP.BINANCE" in page.sections[4]
    assert page.sections[7].count("BTCUSDT-PERP.BINANCE") == figures.trading.positions
    assert "no statistic" in page.sections[2]


@pytest.mark.long
def test_a_page_of_many_trades_shows_the_first_ones(tmp_path: Path) -> None:
    """All are in trades.csv."""
    count = MOST_TRADES + 50
    market = dataclasses.replace(MARKET, mids=walk(2 * count + 2), rates=(), step_ns=1_000_000_000)
    plan = [Step(i + 1, "SELL" if i % 2 else "BUY", "0.1") for i in range(2 * count)]
    with traded(tmp_path / "c", [market], plan) as (engine, data, figures):
        write_results(tmp_path / "out", engine, data, SETTINGS, figures)
    assert len(rows_of(tmp_path / "out" / "trades.csv")) == count
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "and 50 more, which trades.csv has" in text


def test_the_summary_says_why_orders_were_denied_and_why_there_is_no_ratio(
    written: tuple[Path, Figures],
) -> None:
    """And what was gained of the price and of funding, apart from fees."""
    _, figures = written
    lines = {line.split()[0]: line for line in summary("Trader", figures).splitlines() if line}
    assert "2 denied: INITIAL_MARGIN_EXCEEDS_FREE_BALANCE" in summary("Trader", figures)
    assert re.search(r"after fees: price [+-][\d.,]+ .*, funding [+-][\d.,]+, fees", lines["PnL"])
    assert "no statistic: 3 closed positions, 10 needed" in lines["positions"]
    assert "no statistic" in lines["ratios"]
    assert "BTCUSDT-PERP.BINANCE" in lines["hold"]
