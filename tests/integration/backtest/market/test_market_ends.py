"""The end of an instrument's data, and the default window."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import pytest
from nautilus_trader.model import InstrumentId
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from adapters.command.market_settings import MarketSettings
from adapters.market.btcusdt_instruments import BTCUSDT_PERP
from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
from backtests.inputs.catalog_search import find_data
from backtests.inputs.factor_coverage import check_coverage
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
    # Nautilus tries its exit a hundred times; it is one.
    assert [hole.refused for hole in ran.market.holes] == [1]
    assert "2 sent, 1 denied or rejected" in ran.text


@pytest.mark.parametrize(("stale_price", "refused", "waited"), [("refuse", 2, 0), ("wait", 1, 1)])
def test_a_window_that_begins_in_a_hole_lists_it(
    tmp_path: Path, stale_price: str, refused: int, waited: int
) -> None:
    """With the orders that met it: the window's user must know why nothing was traded."""
    ran = run_steps(
        tmp_path / "catalog",
        "bars",
        {15.0: None, 20.0: buy, 30.0: buy},
        window=(15.0, 65.0),
        stale_price=stale_price,
    )
    (hole,) = ran.market.holes
    assert (hole.last_price_ns, hole.from_ns, hole.until_ns) == (None, at_ns(15), at_ns(60))
    assert (hole.refused, hole.waited) == (refused, waited)
    assert "no price for 45s from the window's start" in ran.text


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


@pytest.mark.parametrize(("end_s", "is_covered"), [(97.0, True), (130.0, False)])
def test_a_window_may_end_before_the_next_value_of_a_factor_is_due(
    tmp_path: Path, end_s: float, *, is_covered: bool
) -> None:
    """The last value of every 10 s is 7 s old at its end; 40 s before it the factor has ended."""
    path = make_market(
        tmp_path / "catalog", "bars", {1.0: 100}, [float(s) for s in range(0, 100, 10)]
    )
    refused = contextlib.nullcontext() if is_covered else pytest.raises(ConfigError)
    with refused:
        check_coverage(
            FactorCatalog(path),
            None,
            ["step"],
            (at_ns(0), at_ns(end_s)),
            start_is_asked=True,
            end_is_asked=True,
        )


def found(path: Path, settings: BacktestSettings | None = None) -> BacktestData:
    """Return what a backtest of a catalog would replay."""
    strategy = Stepwise(StepwiseConfig())
    return find_data(path, settings or BacktestSettings(), strategy)
