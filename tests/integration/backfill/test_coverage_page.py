"""The page of what a catalog covers, and the shares of days behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from adapters.command.durations import NEVER_NS
from backtests.importing.backfilling.coverage.day_shares import DAY_NS, of_factor, of_market
from backtests.importing.content.publication import Publication
from tests.support.catalogs import archives
from tests.support.catalogs.archives import DAY, run_backfill, start_ns

if TYPE_CHECKING:
    from pathlib import Path


def test_the_share_of_a_day_is_the_time_with_a_value() -> None:
    """By hand: a day and a half, then NaN, then a quarter of the third day."""
    hour = DAY_NS // 24
    found = of_factor(
        Publication(
            factor="x",
            known=np.array([0, 36 * hour, 60 * hour]),
            expires=np.array([NEVER_NS, NEVER_NS, 66 * hour]),
            values=np.array([1.0, np.nan, 2.0]),
            every=None,
        )
    )
    assert found is not None
    assert (found.first_day, found.rows) == (0, 2)
    np.testing.assert_allclose(found.shares, [1.0, 0.5, 0.25])


def test_the_page_has_every_factor_and_table_and_the_missing_days(tmp_path: Path) -> None:
    """Names from files are text on it; the file is private."""
    archives.metrics(tmp_path / "data", DAY)
    archives.metrics(tmp_path / "data", DAY + timedelta(days=3))
    archives.trades(tmp_path / "data", DAY, range(86_400))
    (tmp_path / "data" / "<script>.csv").write_text("1,2\n", encoding="utf-8")
    page = tmp_path / "coverage.html"
    catalog = tmp_path / "c"
    assert run_backfill(tmp_path / "data", "--catalog", catalog, "--report", page).returncode == 1
    text = page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o600
    assert "open_interest_btc_binance" in text
    assert "trades/BTCUSDT-PERP.BINANCE" in text
    assert "2 days have no file: 2024-01-02 to 2024-01-03" in text
    assert "<script>" not in text
    (trades,) = of_market(catalog, "backfill_market")
    assert trades.first_day == start_ns(DAY) // DAY_NS
    np.testing.assert_allclose(trades.shares, [1.0], atol=1e-4)
