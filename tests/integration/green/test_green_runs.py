"""GREEN as a user runs it: a backtest whose factors are computed, and a session and its replay."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from nautilus_trader.model import Price, Quantity, QuoteTick
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

START_NS: Final = 1_700_000_040_000_000_000
STEP_NS: Final = 200_000_000
ROWS: Final = 2_400
"""Eight minutes, of which the first two make the factors warm."""


def make_quotes(path: Path) -> Path:
    """Write quotes whose imbalance says where the mid goes in the same 20 seconds."""
    random = np.random.default_rng(4)
    side = random.choice([-1, 1], ROWS // 100).repeat(100)
    mid = 60_000 + np.cumsum(random.integers(-4, 5, ROWS) + side)
    path.mkdir()
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([btcusdt_perp()])
    catalog.write_quote_ticks([
        QuoteTick(
            BTCUSDT_PERP, Price.from_str(f"{at}.0"), Price.from_str(f"{at}.1"),
            Quantity.from_str("9.000" if up > 0 else "1.000"),
            Quantity.from_str("1.000" if up > 0 else "9.000"),
            START_NS + STEP_NS * i, START_NS + STEP_NS * i,
        )
        for i, (at, up) in enumerate(zip(mid.tolist(), side.tolist(), strict=True))
    ])  # fmt: skip
    return path


@pytest.mark.timeout(300)
def test_a_backtest_of_green_earns_what_is_planted(tmp_path: Path) -> None:
    """With the files that come with the project: it trades both ways, exits, and ends flat."""
    folder = tmp_path / "results"
    done = run_forked(
        str(ROOT / "backtests" / "run_backtest.py"),
        "--catalog", str(make_quotes(tmp_path / "catalog")),
        "--config", str(ROOT / "docs" / "examples" / "green" / "session.toml"),
        "--compute", str(ROOT / "docs" / "examples" / "green" / "factors.toml"),
        "--out", str(folder), timeout_s=280, is_merged=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    result = json.loads((folder / "result.json").read_text())
    assert result["is_whole"]
    trades = (folder / "trades.csv").read_text().splitlines()
    assert {"LONG", "SHORT"} <= {word for row in trades for word in re.findall("LONG|SHORT", row)}
    assert len(trades) > 10
    assert not any('"open"' in row for row in trades)
    assert "EXIT: " in (folder / "orders.csv").read_text()
    first, last = _equity(folder)
    assert last > first


def _equity(folder: Path) -> tuple[float, float]:
    head, *rows = (folder / "equity.csv").read_text().splitlines()
    place = [name.strip('"') for name in head.split(",")].index("equity_USDT")
    values = [float(row.split(",")[place]) for row in rows]
    return values[0], values[-1]


@pytest.mark.first
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_recorded_paper_session_of_green_is_repeated_by_its_replay(tmp_path: Path) -> None:
    """Every input and every decision of four minutes in the demo market."""
    session = tmp_path / "paper"
    done = run_forked(
        str(ROOT / "live" / "run_node.py"), "--config", "docs/examples/green/paper.toml",
        "--seconds", "240", "--record", str(session), cwd=ROOT, timeout_s=400, is_merged=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "left open nothing" in done.stdout
    done = run_forked(
        str(ROOT / "backtests" / "check_parity.py"), str(session), timeout_s=180, is_merged=True
    )
    assert done.returncode == 0, done.stdout
    assert ": PARITY" in done.stdout
    found = re.search(r"decisions +([\d,]+) of ([\d,]+) identical", done.stdout)
    assert found is not None
    assert found[1] == found[2] != "0"
