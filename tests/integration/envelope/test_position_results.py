"""What is measured of a strategy's positions, in an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nautilus_trader.model import OrderSide

from adapters.session.envelope.position_results import PositionResults
from dolphin_strategies.observation import observe
from dolphin_strategies.testing import StrategyHarness
from tests.support.strategies.stepwise import Stepwise, StepwiseConfig, buy, sell

if TYPE_CHECKING:
    from dolphin_strategies.envelope.watch_rules import TradeResult
    from tests.support.strategies.stepwise import Action


def buy_too_much(strategy: Stepwise) -> None:
    """Send an order that is denied."""
    strategy.submit_order(
        strategy.order_factory.market(
            strategy.config.instrument_id,
            OrderSide.BUY,
            strategy.instrument(strategy.config.instrument_id).make_qty(900),
        )
    )


def test_a_closed_position_is_measured_and_no_ended_order_is_kept() -> None:
    """An order is forgotten when it is filled or denied: a node may send millions."""
    strategy = Stepwise(StepwiseConfig())
    actions: list[Action | None] = [buy, buy_too_much, sell]
    strategy.actions = actions
    trades: list[TradeResult] = []
    errors: list[str] = []
    results = PositionResults(strategy, trades.append, errors.append)
    observe(strategy, results)
    with StrategyHarness(strategy) as harness:
        for step, price in enumerate((60_000.0, 61_000.0, 63_000.0)):
            harness.quote(price, price + 2)
            harness.factors(step=step)
        states = [order.status.name for order in harness.orders]
    assert not errors
    (trade,) = trades
    assert trade.result == pytest.approx(63_000 / 60_002 - 1, abs=0.002)
    assert trade.slippage == pytest.approx(2 / 60_000, rel=0.05)
    assert states == ["FILLED", "DENIED", "FILLED"]
    assert not results.sent_at
