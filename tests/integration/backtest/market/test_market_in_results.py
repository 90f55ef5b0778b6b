"""run_backtest.py over a market with a hole that ends early: its options, its files, its lines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pytest

from tests.support.catalogs.backtests.market_with_holes import BEGIN_NS, make_market
from tests.support.lengths import long
from tests.support.nodes.forkserver import run_forked

ROOT: Final = Path(__file__).resolve().parents[4]
SCRIPT: Final = ROOT / "backtests" / "run_backtest.py"
PRICES: Final[dict[float, int]] = {
    **{float(s): 100 + s for s in range(1, 11)},
    **{float(s): 200 + s for s in range(60, 71)},
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("stale_price", "fills", "refused", "waited"), [long("refuse", 3, 1, 0), ("wait", 4, 0, 1)]
)
def test_holes_and_the_end_are_in_every_result(
    tmp_path: Path, stale_price: str, fills: int, refused: int, waited: int
) -> None:
    """Orders by turns: before the first price, in the hole, and after the end."""
    steps = [4.5, 5.5, 30.0, 62.0, 80.0, 89.9]
    end_ns = BEGIN_NS + 90 * 10**9
    catalog = make_market(tmp_path / "catalog", "bars", PRICES, steps)
    out = tmp_path / "out"
    words = [
        str(SCRIPT), "--catalog", str(catalog), "--out", str(out), "--end", str(end_ns),
        "--strategy", "tests.support.strategies.stepwise:Alternates",
        "--max-price-age", "BTCUSDT-PERP.BINANCE=5s", "--stale-price", stale_price,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = run_forked(*words, cwd=tmp_path, env=environment, timeout_s=280)
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    (market,) = result["markets"]
    assert result["fills"] == fills
    assert market["max_price_age_ns"] == 5_000_000_000
    hole, end = market["holes"]
    assert (hole["refused"], hole["waited"], end["refused"]) == (refused, waited, 2)
    assert end["until_ns"] is None
    assert market["ending"] == ("closed" if stale_price == "refuse" else "flat")
    assert hole["until_ns"] == BEGIN_NS + 60 * 10**9
    assert "2 holes of more than 5s" in done.stdout
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Where the market was not there" in page
    if stale_price == "refuse":
        assert [trade["side"] for trade in hole["trades"]] == ["SHORT"]
        assert "SHORT 0.01 held since 2026-01-01T00:00:05.500000Z" in page
