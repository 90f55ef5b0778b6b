"""Runs of Stepwise over a market with holes, and what is looked at afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.command.instants import Instant
from adapters.command.market_settings import MarketSettings
from backtests.engine.backtest_venue import BacktestVenue
from backtests.inputs.backtest_data import BacktestData
from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.one_backtest import replayed
from backtests.run.results.figures.market_figures import MarketFigures
from backtests.run.results.text.result_text import summary
from tests.support.catalogs.backtests.market_with_holes import at_ns, make_market
from tests.support.strategies.stepwise import Stepwise, StepwiseConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.strategies.stepwise import Action

KINDS: Final = ("quotes", "trades", "bars")
PRICES: Final[dict[float, int]] = {
    **{s: 100 + s for s in range(1, 11)},
    **{s: 200 + s for s in range(60, 71)},
}
"""A price each second, and none for 50 s."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run that has ended.

    Attributes
    ----------
    strategy : Stepwise
        With the events of its orders.
    fills : list of tuple
        Second, side and price of each fill, in order.
    market : MarketFigures
        Of the one instrument.
    text : str
        The summary.
    data : BacktestData
        What was replayed.

    """

    strategy: Stepwise
    fills: list[tuple[float, str, float]]
    market: MarketFigures
    text: str
    data: BacktestData

    def reasons(self, name: str = "Denied") -> Sequence[str]:
        """Return the reasons of the events of a kind."""
        return [reason for _, what, reason in self.strategy.events if what == name]


def run_steps(
    catalog: Path,
    kind: str,
    actions: Mapping[float, Action | None],
    *,
    prices: Mapping[float, int] | None = None,
    window: tuple[float | None, float | None] = (None, None),
    latency_ms: float = 0.0,
    chunk_rows: int = 50_000,
    **market: Any,
) -> Ran:
    """Make a catalog and run actions at their seconds; records begin with the first price.

    ``window`` is in seconds; ``market`` are fields of MarketSettings, 5 s by default.
    """
    prices = PRICES if prices is None else prices
    actions = {min(prices, default=0.0): None, **actions}
    if window[1] is not None:
        # Required factors must reach to the end of a window that is asked for.
        actions[window[1] - 0.01] = None
    make_market(catalog, kind, prices, [*actions])
    start, end = (None if second is None else Instant(at_ns(second)) for second in window)
    settings = BacktestSettings(
        backtest=RunSettings(start=start, end=end, chunk_rows=chunk_rows),
        venue=BacktestVenue(latency_ms=latency_ms),
        market=MarketSettings(**{"max_price_age": "5s", **market}),
    )
    strategy = Stepwise(StepwiseConfig())
    strategy.actions = [*actions.values()]
    data = find_data(catalog, settings, strategy)
    with replayed(data, settings, strategy) as (engine, figures, _):
        report = engine.generate_fills_report()
        rows = [] if report.empty else report.itertuples()
        fills = [
            ((row.ts_event.value - at_ns(0)) / 1e9, row.order_side, float(row.last_px))
            for row in rows
        ]
        return Ran(
            strategy=strategy,
            fills=sorted(fills),
            market=figures.markets[0],
            text=summary("Stepwise", figures),
            data=data,
        )
