"""The gate of a strategy's orders: refused or waiting while the price is too old."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from nautilus_trader.model import OrderSide, OrderStatus

from dolphin_strategies.testing import StrategyHarness
from tests.support.strategies.stepwise import Stepwise, StepwiseConfig, buy, close, sell, submit

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND: Final = timedelta(seconds=1)
TOO_OLD: Final = "PRICE_TOO_OLD: BTCUSDT-PERP.BINANCE has no price younger than 5 s"
LOT: Final = Decimal("0.01")


class Driven:
    """A harness whose strategy does one action for each call."""

    def __init__(self, stale_price: Any, **options: Any) -> None:
        self.strategy = Stepwise(StepwiseConfig(**options))
        self.actions: list[Any] = []
        self.strategy.actions = self.actions
        self.harness = StrategyHarness(
            self.strategy, max_price_age=5 * SECOND, stale_price=stale_price
        )

    def do(self, action: Any) -> None:
        """Let the strategy act at a record of factors."""
        self.actions.append(action)
        self.harness.factors(step=len(self.actions) - 1)

    def lose_price(self) -> None:
        """Let the newest price become too old."""
        self.harness.wait(6 * SECOND)

    @property
    def statuses(self) -> list[str]:
        """The states of all orders, in the order in which they were made."""
        return [order.status.name for order in self.harness.orders]

    @property
    def reasons(self) -> list[str]:
        """The reasons of all denials and rejections."""
        return [reason for _, _, reason in self.strategy.events if reason]


@pytest.fixture(params=["refuse"])
def driven(request: pytest.FixtureRequest) -> Iterator[Driven]:
    """Return a harness with a fresh quote; the parameter is what happens without one."""
    found = Driven(request.param)
    with found.harness:
        found.harness.quote(100.0)
        yield found


waits: Final = pytest.mark.parametrize("driven", ["wait"], indirect=True)


def test_a_price_is_young_enough_to_its_last_nanosecond(driven: Driven) -> None:
    """At exactly the limit an order passes, after it none does."""
    driven.harness.wait(5 * SECOND - timedelta(milliseconds=1))
    driven.do(buy)
    driven.do(buy)
    assert driven.statuses == ["FILLED", "DENIED"]
    assert driven.reasons == [TOO_OLD]


def test_closing_is_refused_as_an_order_that_reduces(driven: Driven) -> None:
    """A denied closing is an order like others; with a new price it closes."""
    driven.do(buy)
    driven.lose_price()
    driven.do(close)
    driven.do(lambda s: s.close_position(s.cache.positions_open()[0], reduce_only=False))
    first, second = driven.harness.orders[1:]
    assert [(o.status, o.side, o.is_reduce_only) for o in (first, second)] == [
        (OrderStatus.DENIED, OrderSide.SELL, True),
        (OrderStatus.DENIED, OrderSide.SELL, False),
    ]
    assert driven.harness.position() == LOT
    driven.harness.quote(90.0)
    driven.do(close)
    assert driven.harness.position() == 0


def test_all_orders_of_a_list_are_refused(driven: Driven) -> None:
    """A bracket has three orders, each with its denial."""
    driven.lose_price()

    def bracket(s: Stepwise) -> None:
        instrument = s.instrument(s.config.instrument_id)
        s.submit_order_list(
            s.order_factory.bracket(
                s.config.instrument_id,
                OrderSide.BUY,
                instrument.make_qty(0.01),
                tp_price=instrument.make_price(120),
                sl_trigger_price=instrument.make_price(80),
            )
        )

    driven.do(bracket)
    assert driven.statuses == ["DENIED"] * 3
    assert driven.reasons == [TOO_OLD] * 3


@pytest.mark.parametrize("driven", ["refuse", "wait"], indirect=True)
def test_a_resting_order_cannot_be_modified_into_an_old_price(driven: Driven) -> None:
    """Nautilus would fill it there; it stays as it is, and meets the next price."""
    driven.do(lambda s: submit(s, "limit", OrderSide.BUY, 90))
    driven.lose_price()

    def modify(s: Stepwise) -> None:
        (order,) = s.cache.orders_open()
        s.modify_order(
            order.client_order_id, price=s.instrument(order.instrument_id).make_price(101)
        )
        s.modify_orders(
            [
                (
                    order.client_order_id,
                    None,
                    s.instrument(order.instrument_id).make_price(102),
                    None,
                )
            ]
        )

    driven.do(modify)
    assert driven.statuses == ["ACCEPTED"]
    assert driven.reasons == [TOO_OLD] * 2
    assert [name for _, name, _ in driven.strategy.events][-1] == "ModifyRejected"
    driven.harness.quote(85.0)
    assert driven.statuses == ["FILLED"]
    assert driven.harness.orders[0].price == 90


def test_cancellations_pass(driven: Driven) -> None:
    """They need no price."""
    driven.do(lambda s: submit(s, "limit", OrderSide.BUY, 90))
    driven.lose_price()
    driven.do(lambda s: s.cancel_order(s.cache.orders_open()[0].client_order_id))
    assert driven.statuses == ["CANCELED"]


def test_before_the_first_price_an_order_is_refused() -> None:
    """The reason states that there is none yet."""
    driven = Driven("refuse")
    with driven.harness:
        driven.do(buy)
        assert driven.reasons == ["PRICE_MISSING: BTCUSDT-PERP.BINANCE has no price yet"]


@waits
def test_orders_of_one_instant_wait_together_and_later_ones_replace_them(driven: Driven) -> None:
    """A strategy that asks at each record for what it lacks gets it once."""

    def both(s: Stepwise) -> None:
        buy(s)
        buy(s)

    driven.do(buy)
    driven.lose_price()
    driven.do(sell)
    driven.do(both)
    driven.do(both)
    assert (
        driven.reasons
        == ["REPLACED: a later order of the strategy took its place while it waited"] * 3
    )
    driven.harness.quote(95.0)
    assert driven.harness.position() == 3 * LOT
    assert [
        float(order.avg_px) for order in driven.harness.orders if order.avg_px
    ] == pytest.approx([100.1, 95.1, 95.1])


@waits
def test_a_waiting_order_can_be_cancelled(driven: Driven) -> None:
    """By its id, in a list, and with all of its side."""
    driven.lose_price()
    driven.do(buy)
    order: list[Any] = []
    driven.do(lambda s: order.append(submit(s, "market", OrderSide.BUY)))
    driven.do(lambda s: s.cancel_order(order[-1].client_order_id))
    driven.do(lambda s: order.append(submit(s, "market", OrderSide.BUY)))
    driven.do(lambda s: s.cancel_orders([order[-1].client_order_id]))
    driven.do(lambda s: order.append(submit(s, "market", OrderSide.BUY)))
    driven.do(lambda s: s.cancel_all_orders(s.config.instrument_id, OrderSide.SELL))
    driven.do(lambda s: s.cancel_all_orders(s.config.instrument_id))
    driven.harness.quote(95.0)
    assert driven.statuses == ["DENIED"] * 4
    assert [why.partition(":")[0] for why in driven.reasons] == ["REPLACED", *["CANCELED"] * 3]


@waits
def test_what_still_waits_when_the_strategy_stops_is_denied(driven: Driven) -> None:
    """It is not sent by a price that comes later."""
    driven.lose_price()
    driven.do(buy)
    driven.harness.stop()
    driven.harness.quote(95.0)
    assert driven.statuses == ["DENIED"]
    assert driven.reasons[0].startswith("STOPPED")


@waits
def test_a_closing_waits_and_then_closes(driven: Driven) -> None:
    """At the next price, whatever it is."""
    driven.do(buy)
    driven.lose_price()
    driven.do(close)
    assert driven.harness.position() == LOT
    driven.harness.trade(50.0)
    assert driven.harness.position() == 0
    assert float(driven.harness.orders[-1].avg_px) == 50


def test_without_the_option_a_harness_has_prices_of_any_age() -> None:
    """One price serves a test of an hour."""
    strategy = Stepwise(StepwiseConfig())
    strategy.actions = [buy]
    with StrategyHarness(strategy) as harness:
        harness.quote(100.0)
        harness.wait(timedelta(hours=1))
        harness.factors(step=0)
        assert harness.position() == LOT
