"""The price gate in a backtest: no order meets a price that is too old."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from nautilus_trader.model import OrderSide

from adapters.command.market_settings import MarketSettings
from backtests.engine.backtest_venue import BacktestVenue
from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.one_backtest import replayed
from tests.support.catalogs.backtests.market_with_holes import at_ns, make_market
from tests.support.strategies.stepwise import Stepwise, StepwiseConfig, buy, close, sell, submit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adapters.command.instants import Instant
    from tests.support.strategies.stepwise import Action

KINDS: Final = ("quotes", "trades", "bars")
PRICES: Final[dict[float, int]] = {
    **{s: 100 + s for s in range(1, 11)},
    **{s: 200 + s for s in range(60, 71)},
}
"""A price each second, and none for 50 s."""
IN_THE_HOLE: Final = "PRICE_TOO_OLD: BTCUSDT-PERP.BINANCE has no price younger than 5 s"


def run(
    path: Path,
    kind: str,
    actions: dict[float, Action | None],
    *,
    prices: dict[float, int] | None = None,
    stale_price: Any = "refuse",
    latency_ms: float = 0.0,
    window: tuple[Instant | None, Instant | None] = (None, None),
    max_price_age: Any = "5s",
) -> tuple[Stepwise, list[tuple[float, str, float]]]:
    """Run actions at their seconds; return the strategy and its fills: second, side, price."""
    actions = {1.0: None, **actions}
    catalog = make_market(path / "catalog", kind, prices or PRICES, [*actions])
    settings = BacktestSettings(
        backtest=RunSettings(start=window[0], end=window[1]),
        venue=BacktestVenue(latency_ms=latency_ms),
        market=MarketSettings(max_price_age=max_price_age, stale_price=stale_price),
    )
    strategy = Stepwise(StepwiseConfig())
    strategy.actions = [*actions.values()]
    data = find_data(catalog, settings, strategy)
    fills: list[tuple[float, str, float]] = []
    with replayed(data, settings, strategy) as (engine, _, _):
        report = engine.generate_fills_report()
        if not report.empty:
            fills = [
                ((row.ts_event.value - at_ns(0)) / 1e9, row.order_side, float(row.last_px))
                for row in report.itertuples()
            ]
    return strategy, sorted(fills)


def reasons(strategy: Stepwise, name: str = "Denied") -> Sequence[str]:
    """Return the reasons of the events of a kind."""
    return [reason for _, what, reason in strategy.events if what == name]


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_without_a_price_is_refused_with_that_reason(tmp_path: Path, kind: str) -> None:
    """Market orders, limits, stops and closings in the hole; after it orders fill again."""
    strategy, fills = run(
        tmp_path,
        kind,
        {
            9.5: buy,
            20.5: buy,
            21.5: partial(submit, kind="limit", side=OrderSide.BUY, price=90),
            22.5: partial(submit, kind="stop_market", side=OrderSide.SELL, price=80),
            23.5: close,
            59.999: sell,
            65.5: sell,
        },
    )
    assert reasons(strategy) == [IN_THE_HOLE] * 5
    assert not reasons(strategy, "Rejected")
    assert [(second, side) for second, side, _ in fills] == [(9.5, "BUY"), (65.5, "SELL")]
    assert fills[-1][2] == pytest.approx(265, abs=0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_waits_for_the_next_price(tmp_path: Path, kind: str) -> None:
    """It is filled at that price, at its instant."""
    strategy, fills = run(tmp_path, kind, {9.5: buy, 20.5: sell}, stale_price="wait")
    assert not reasons(strategy)
    assert [(second, side) for second, side, _ in fills] == [(9.5, "BUY"), (60.0, "SELL")]
    assert fills[-1][2] == pytest.approx(260, abs=0.2)
