"""The orders of exits: prices, partial fills, hedging, latency, a start with open positions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from nautilus_trader.model import OrderStatus

from dolphin_strategies.exits import FixedExit, TimeExit
from dolphin_strategies.testing import StrategyHarness
from tests.support.exits.exit_trader import exit_trader, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable

type Make = Callable[..., StrategyHarness]

MINUTE = timedelta(minutes=1)


def test_an_exit_passes_the_price_gate(strategy_harness: Make) -> None:
    """With a price that is too old it is refused, and sent again when a price has come."""
    harness = strategy_harness(
        exit_trader(TimeExit(limit=MINUTE)), max_price_age=timedelta(seconds=5)
    )
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.wait(MINUTE)
    assert [o.status for o in harness.orders] == [OrderStatus.FILLED, OrderStatus.DENIED]
    assert harness.position() == 1
    harness.quote(101.0)
    harness.wait(timedelta(seconds=1))
    harness.quote(101.0)
    assert harness.position() == 0


def test_an_exit_that_waits_for_a_price_is_sent_once(strategy_harness: Make) -> None:
    """However often the policy says the same meanwhile."""
    harness = strategy_harness(
        exit_trader(TimeExit(limit=MINUTE)), max_price_age=timedelta(seconds=5), stale_price="wait"
    )
    harness.quote(100.0)
    harness.factors(btc=1.0)
    for _ in range(3):
        harness.wait(MINUTE)
        harness.factors(btc=0.0)
    assert harness.position() == 1
    harness.quote(101.0)
    assert harness.position() == 0
    assert reasons_of(harness) == ["time is up"]


def test_what_an_order_leaves_is_closed_by_the_next(strategy_harness: Make) -> None:
    """A touch with less than the position: the rest follows, and nothing is sold twice."""
    harness = strategy_harness(exit_trader(FixedExit(stop=0.01)))
    harness.quote(100.0)
    harness.factors(btc=10.0)
    for _ in range(6):
        harness.quote(98.0, size=4.0)
        harness.wait(timedelta(seconds=1))
    assert harness.position() == 0
    filled = [float(o.filled_qty) for o in harness.orders[1:]]
    assert sum(filled) == 10
    assert set(reasons_of(harness)) == {"stop loss"}
