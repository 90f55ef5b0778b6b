"""One strategy gets the same computed factors at the same places, whoever computes them when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.recorded_source import RecordedSource
from adapters.computing.computed_source import ComputedSource
from adapters.computing.computing_actor import ComputingActor
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.errors import ConfigError
from tests.integration.computing.commands import compute
from tests.integration.computing.market import SECOND, engine, market, specs
from tests.support.catalogs.backtests.backtest_catalogs import START_NS, make_catalog
from tests.support.strategies.computed_strategies import Flipper, FlipperConfig

if TYPE_CHECKING:
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

pytestmark = pytest.mark.timeout(300)


def run(made: BacktestEngine) -> list[str]:
    """Run the strategy in an engine and return what it wrote."""
    strategy = Flipper(FlipperConfig())
    made.add_strategy(strategy)
    quotes, trades = market(7)
    made.run(end=max(quotes[-1].ts_init, trades[-1].ts_init) + 10 * SECOND)
    made.dispose()
    return strategy.lines


def test_an_actor_a_recording_and_its_feed_give_the_same(catalog: Path, factors: Path) -> None:
    """Quotes, records, orders and fills, each with the clock at its time, in one order."""
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    streams = market(7)
    recorded = engine(*streams, FactorCatalog(catalog).engine_data())
    expected = run(recorded)
    assert sum(" filled " in line for line in expected) > 20

    fed = engine(*streams)
    source = RecordedSource.of_catalog(FactorCatalog(catalog))
    fed.add_actor(FactorFeed(source, FactorFeedConfig(delivery="every")))
    assert run(fed) == expected

    computing = engine(*streams)
    computed = ComputedFactors(specs())
    into = ComputedSource(computed.schema)
    computing.add_actor(FactorFeed(into, FactorFeedConfig(delivery="every")))
    computing.add_actor(ComputingActor(computed, into.take))
    assert run(computing) == expected


def test_recordings_of_both_kinds_are_not_one_source(tmp_path: Path, factors: Path) -> None:
    """Some come before market data and some after: they have to be named."""
    catalog = make_catalog(tmp_path / "walk", 100)
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    found = FactorCatalog(catalog)
    with pytest.raises(ConfigError, match=r"made from market data \(computed\)"):
        RecordedSource.of_catalog(found)
    assert RecordedSource.of_catalog(found, recordings=["computed"]).is_after_market
    before = RecordedSource.of_catalog(found, START_NS, recordings=["walk"])
    assert not before.is_after_market
