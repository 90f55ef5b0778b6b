"""Gaps of markets from recorded prices: over several tables, files and pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog.reading.market.market_tables import MarketTable, market_tables
from adapters.catalog.reading.market.presence import price_instants as instants
from adapters.catalog.reading.market.presence.market_gaps import (
    default_max_age_ns,
    market_presence,
)
from adapters.catalog.reading.market.presence.price_instants import price_tables
from tests.support.catalogs.backtests.market_with_holes import add_prices, at_ns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SECOND_NS: Final = 1_000_000_000
NAME: Final = "BTCUSDT-PERP.BINANCE"


def tables_of(path: Path, **kinds: Iterable[float]) -> list[MarketTable]:
    """Write prices at seconds, by kind, in small row groups; return the tables."""
    path.mkdir(exist_ok=True)
    catalog = ParquetDataCatalog(str(path), max_row_group_size=4)
    for kind, seconds in kinds.items():
        add_prices(catalog, kind, dict.fromkeys(seconds, 100))
    return market_tables(path)


@pytest.mark.parametrize("rows", [1, 3, 1_000])
def test_a_gap_is_found_whatever_is_read_at_once(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly the distances that are longer than the age, also between two pieces."""
    monkeypatch.setattr(instants, "ROWS", rows)
    seconds = [0.0, 1.0, 2.0, 7.0, 12.001, 13.0, 30.0]
    tables = tables_of(tmp_path, quotes=seconds)
    found = market_presence(NAME, tables, (at_ns(0), at_ns(100)), 5 * SECOND_NS)
    gaps = [(g.after_ns, g.until_ns) for g in found.gaps]
    assert gaps == [
        (at_ns(7), at_ns(12.001)),
        (at_ns(13), at_ns(30)),
        (at_ns(30), None),
    ]
    assert (found.first_ns, found.last_ns, found.ended_ns) == (at_ns(0), at_ns(30), at_ns(30))


def test_quotes_and_trades_together_have_the_gaps_of_neither(tmp_path: Path) -> None:
    """Both are prices; bars are none where orders are not filled on them."""
    tables = tables_of(tmp_path, quotes=range(10), trades=range(8, 20), bars=range(100))
    prices = price_tables(tables, has_bars=False)
    assert [t.kind for t in prices] == ["quotes", "trades"]
    found = market_presence(NAME, prices, (at_ns(0), at_ns(40)), 5 * SECOND_NS)
    assert [(g.after_ns, g.until_ns) for g in found.gaps] == [(at_ns(19), None)]
    with_bars = price_tables(tables, has_bars=True)
    assert not market_presence(NAME, with_bars, (at_ns(0), at_ns(40)), 5 * SECOND_NS).gaps


def test_the_window_ends_at_the_greatest_age_without_a_gap(tmp_path: Path) -> None:
    """One nanosecond later there is one."""
    tables = tables_of(tmp_path, trades=[0.0, 1.0])
    for end_ns, count in ((at_ns(6) + 1, 0), (at_ns(6) + 2, 1)):
        found = market_presence(NAME, tables, (at_ns(0), end_ns), 5 * SECOND_NS)
        assert len(found.gaps) == count


def test_without_any_price_there_is_no_gap_and_no_end(tmp_path: Path) -> None:
    """Nobody can hold a position there."""
    tables = tables_of(tmp_path, trades=[0.0, 1.0])
    for used in ([], tables):
        found = market_presence(NAME, used, (at_ns(50), at_ns(90)), 5 * SECOND_NS)
        assert (found.first_ns, found.last_ns, found.gaps) == (None, None, ())


def test_the_default_age_is_of_bars_or_of_distinct_instants(tmp_path: Path) -> None:
    """Prices of one instant count once: a burst makes no market faster."""
    bars = tables_of(tmp_path / "bars", bars=range(0, 600, 60))
    assert default_max_age_ns(bars) == 5 * SECOND_NS
    steps = np.arange(0, 100, 0.25).tolist()
    ticks = tables_of(tmp_path / "ticks", quotes=steps, trades=steps)
    assert default_max_age_ns(ticks) == 250 * SECOND_NS
    assert default_max_age_ns(tables_of(tmp_path / "one", trades=[3.0])) == 5 * SECOND_NS
