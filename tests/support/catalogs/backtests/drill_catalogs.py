"""Catalogs for drills: a price that rises by one each step, and a factor that turns each ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import OrderStatus
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.command.instants import Instant
from adapters.command.market_settings import MarketSettings
from adapters.market.btcusdt_instruments import btcusdt_perp
from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.drills.drill import Drill
from backtests.run.drills.failures.drilled_data import DrilledData
from backtests.run.one_backtest import replayed
from tests.support.catalogs.backtests.backtest_catalogs import (
    START_NS,
    STEP_NS,
    quote,
    write_factors,
)
from tests.support.strategies.backtest_strategies import Follower, FollowerConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS: Final = 300
REFUSED: Final = (OrderStatus.DENIED, OrderStatus.REJECTED)
DEFAULT_MARKET: Final = MarketSettings()


def make_square_catalog(path: Path) -> Path:
    """Write 300 steps: the mid is 60,000 plus the step; ``momentum`` is 1 in steps 0 to 9, -1 in
    steps 10 to 19, and so on.
    """
    steps = np.arange(ROWS)
    momentum = np.where(steps // 10 % 2 == 0, 1.0, -1.0)
    values = np.column_stack([momentum, np.ones(ROWS), 60_000.0 + steps])
    write_factors(path, "square", START_NS + STEP_NS * steps, values)
    catalog = ParquetDataCatalog(str(path))
    catalog.write_instruments([btcusdt_perp()])
    quotes = [quote(60_000 + int(i), START_NS + STEP_NS * int(i)) for i in steps]
    catalog.write_quote_ticks(quotes)
    return path


def drill(kind: str, first: int, end: int, **given: Any) -> Drill:
    """Make a drill from a step to before another."""
    start, stop = (Instant(START_NS + STEP_NS * step) for step in (first, end))
    return Drill(kind=kind, start=start, end=stop, **given)  # type: ignore[arg-type]


class DrilledRun:
    """A run of the Follower with drills.

    Attributes
    ----------
    steps : list of int
        The steps of its decisions; two for a turn are one order.
    told : list of tuple
        What it was told, with the time in steps.
    prices : list of float
        The price of each fill, less 60,000.
    refused : list of int
        The steps of the orders that were denied or rejected.
    hits : list of int
        What each drill has hit.

    """

    def __init__(
        self,
        catalog: Path,
        drills: Sequence[Drill],
        rows: int = 50_000,
        market: MarketSettings = DEFAULT_MARKET,
    ) -> None:
        settings = BacktestSettings(backtest=RunSettings(chunk_rows=rows), market=market)
        strategy = Follower(FollowerConfig())
        data = DrilledData.of(find_data(catalog, settings, strategy), drills)
        with replayed(data, settings, strategy, stops_on_error=False) as (engine, _, decisions):
            self.decisions = [(d.ns, d.content) for d in decisions]
            self.steps = [(d.ns - START_NS) // STEP_NS for d in decisions]
            fills = engine.generate_fills_report().sort_values("ts_event")
            self.prices = [float(price) - 60_000 for price in fills["last_px"]]
            self.refused = [
                (int(order.ts_init) - START_NS) // STEP_NS
                for order in sorted(engine.cache.orders(), key=lambda o: int(o.ts_init))
                if order.status in REFUSED
            ]
        self.told = [((ns - START_NS) / STEP_NS, what) for ns, what in strategy.told]
        self.hits = data.hits.tolist()
