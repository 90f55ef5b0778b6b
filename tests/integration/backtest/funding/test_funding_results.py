"""Funding in what a backtest prints and writes."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from backtests.run_backtest import main
from tests.integration.backtest.funding.test_funding_choice import PAID, made
from tests.support.catalogs.backtests.funding_catalogs import STRATEGY

if TYPE_CHECKING:
    from pathlib import Path


def test_the_command_says_it_in_the_summary_and_in_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`funding: none in the catalog` before and after the run and in the report; result.json has
    what is missing.
    """
    monkeypatch.chdir(tmp_path)
    catalog = made(tmp_path, ())
    words = ["--catalog", str(catalog), "--strategy", STRATEGY, "--out", str(tmp_path / "out")]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert shown.count("funding: none in the catalog") == 2
    assert "funding: none in the catalog" in (tmp_path / "out" / "report.html").read_text()
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    (found,) = result["funding_rates"].values()
    assert found["settlements"] == 0


def test_each_funding_is_in_a_file_and_in_the_figures_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand, 1 held: the close at each settlement, a thousandth of it; the sum is shown beside
    price and fees, and the position's row has it too.
    """
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    words = ["--catalog", str(made(tmp_path)), "--strategy", STRATEGY, "--out", str(out)]
    assert main(words) == 0
    with (out / "funding.csv").open(encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    assert [row["time"][:16] for row in rows] == [
        "2026-01-01 08:00", "2026-01-01 16:00", "2026-01-02 00:00", "2026-01-02 08:00",
        "2026-01-02 16:00",
    ]  # fmt: skip
    assert [Decimal(row["notional"]) for row in rows] == [108, 116, 124, 132, 140]
    assert [Decimal(row["amount"]) for row in rows] == [paid for _, paid in PAID]
    assert {(row["side"], row["rate"], row["currency"]) for row in rows} == {
        ("LONG", "0.001", "USDT")
    }
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["funding"]["USDT"] == pytest.approx(-0.62)
    # Bought at 102, sold at 140; 0.05 % of both are fees.
    assert result["price_pnl"]["USDT"] == pytest.approx(38)
    assert result["fees"]["USDT"] == pytest.approx(0.121)
    with (out / "trades.csv").open(encoding="utf-8") as file:
        (trade,) = csv.DictReader(file)
    assert float(trade["funding"]) == pytest.approx(-0.62)
