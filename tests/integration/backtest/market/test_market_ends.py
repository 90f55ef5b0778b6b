"""The end of an instrument's data, and the default window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from nautilus_trader.model import InstrumentId
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.command.market_settings import MarketSettings
from adapters.market.btcusdt_instruments import BTCUSDT_PERP
from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.one_backtest import replayed
from dolphin_strategies import ConfigError
from dolphin_strategies.testing import perpetual
from tests.support.catalogs.backtests.market_with_holes import add_prices, at_ns, make_market
from tests.support.strategies.stepwise import Stepwise, StepwiseConfig, buy, sell
from tests.support.strategies.stepwise_run import KINDS, run_steps

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.inputs.backtest_data import BacktestData

PRICES: Final[dict[float, int]] = {float(s): 100 + s for s in range(1, 11)}


@pytest.mark.parametrize("kind", KINDS)
def test_by_default_the_window_ends_with_the_market(tmp_path: Path, kind: str) -> None:
    """The strategy closes its position itself, at a price that is young enough; the rest of the
    factors is named.
    """
    steps = {2.5: buy, 30.0: sell, 300.0: sell}
    ran = run_steps(tmp_path / "catalog", kind, steps, prices=PRICES)
    assert (ran.data.start_ns, ran.data.end_ns) == (at_ns(1), at_ns(15))
    assert ran.data.left_out == (
        "factor step from 2026-01-01T00:00:15.000000Z to 2026-01-01T00:05:00.000000Z: "
        "the market ends earlier",
    )
    assert [fill[:2] for fill in ran.fills] == [(2.5, "BUY"), (15.0, "SELL")]
    assert not ran.market.ending
    assert not ran.market.holes


@pytest.mark.parametrize("stale_price", ["refuse", "wait"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_the_data_closes_an_open_position_and_says_so(
    tmp_path: Path, kind: str, stale_price: str
) -> None:
    """At the last price, when it is too old; orders after it are denied, whatever the setting."""
    ran = run_steps(
        tmp_path / "catalog",
        kind,
        {2.5: buy, 30.0: sell, 40.0: sell},
        prices=PRICES,
        window=(None, 60.0),
        stale_price=stale_price,
    )
    assert [fill[:2] for fill in ran.fills] == [(2.5, "BUY"), (15.000000001, "SELL")]
    assert ran.fills[-1][2] == pytest.approx(110, abs=0.1)
    assert ran.market.ending == "closed"
    assert (ran.market.closed_quantity, ran.market.close_price) == (0.01, ran.fills[-1][2])
    assert len(ran.reasons()) == 2
    assert "the end of the data, not the strategy, closed +0.01 at the last price" in ran.text


def test_a_window_that_ends_in_a_hole_leaves_the_position_unresolved(tmp_path: Path) -> None:
    """The data go on after the window: nobody knows the price of that instant."""
    ran = run_steps(tmp_path / "catalog", "quotes", {2.5: buy}, window=(None, 40.0))
    assert [fill[:2] for fill in ran.fills] == [(2.5, "BUY")]
    assert ran.market.ending == "unresolved"
    assert "A POSITION IS UNRESOLVED" in ran.text


def test_without_a_position_the_end_is_named_too(tmp_path: Path) -> None:
    """It closes nothing."""
    ran = run_steps(tmp_path / "catalog", "bars", {2.5: None}, prices=PRICES, window=(None, 60.0))
    assert ran.market.ending == "flat"
    assert not ran.fills


def test_the_window_begins_where_both_have_begun(tmp_path: Path) -> None:
    """A record before the first price, and a price before the first record, are left out."""
    data = found(make_market(tmp_path / "early", "quotes", PRICES, [-60.0, 3.0]))
    assert data.start_ns == at_ns(1)
    assert "the market begins later" in data.left_out[0]
    data = found(make_market(tmp_path / "late", "quotes", PRICES, [4.0, 6.0]))
    assert data.start_ns == at_ns(4)
    assert data.left_out == (
        "the market from 2026-01-01T00:00:01.000000Z to 2026-01-01T00:00:04.000000Z: "
        "factor step begins later",
    )


def test_without_any_overlap_the_backtest_is_refused(tmp_path: Path) -> None:
    """With both spans, from which a window of one's own can be chosen."""
    path = make_market(tmp_path / "catalog", "quotes", PRICES, [100.0, 101.0])
    settings = BacktestSettings(market=MarketSettings(max_price_age="5s"))
    with pytest.raises(ConfigError, match="do not overlap in the catalog: the market from"):
        found(path, settings)


def test_each_instrument_has_its_own_end_and_age(tmp_path: Path) -> None:
    """The window goes on with the other one; what ended is closed at its own end."""
    path = make_market(tmp_path / "catalog", "quotes", PRICES, [1.0, 2.5, 90.0])
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([perpetual("ETHUSDT-PERP.BINANCE", base="ETH")])
    other = InstrumentId.from_str("ETHUSDT-PERP.BINANCE")
    add_prices(catalog, "quotes", {float(s): 50 for s in range(1, 100)}, other)
    names = [str(BTCUSDT_PERP), str(other)]
    settings = BacktestSettings(
        backtest=RunSettings(instruments=names),
        market=MarketSettings(max_price_age={names[0]: "5s"}),
    )
    strategy = Stepwise(StepwiseConfig())
    strategy.actions = [None, buy]
    data = find_data(path, settings, strategy)
    assert data.price_ages == {names[0]: 5_000_000_000, names[1]: 1_000_000_000_000}
    with replayed(data, settings, strategy) as (_, figures, _):
        ended, other_one = figures.markets
    assert (ended.ending, ended.closed_quantity) == ("closed", 0.01)
    assert ended.last_price_ns == at_ns(10)
    assert (other_one.ending, other_one.holes) == ("", [])


def test_an_age_of_an_unknown_instrument_is_refused(tmp_path: Path) -> None:
    """With the nearest name."""
    path = make_market(tmp_path / "catalog", "quotes", PRICES, [1.0])
    settings = BacktestSettings(market=MarketSettings(max_price_age={"BTCUSDT.BINANCE": "30s"}))
    with pytest.raises(ConfigError, match=r"did you mean 'BTCUSDT-PERP\.BINANCE'"):
        found(path, settings)


def found(path: Path, settings: BacktestSettings | None = None) -> BacktestData:
    """Return what a backtest of a catalog would replay."""
    strategy = Stepwise(StepwiseConfig())
    return find_data(path, settings or BacktestSettings(), strategy)
