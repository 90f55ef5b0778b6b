"""Orders that make no sense: quantities, prices, types, instruments, storms, at wrong times."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from nautilus_trader.model import (
    ClientOrderId,
    InstrumentId,
    OrderSide,
    Price,
    Quantity,
    TimeInForce,
)

from tests.proof.misuse.case import Case, add, misuse, reached

PERP: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
NONE: Final = InstrumentId.from_str("NOTHING.NOWHERE")


def market(s: Any, quantity: Any, instrument: Any = PERP, side: Any = OrderSide.BUY) -> Any:
    """Send a market order of a quantity."""
    order = s.order_factory.market(instrument, side, quantity)
    s.submit_order(order)
    return order


@misuse("orders")
def zero(s: Any) -> None:
    market(s, Quantity(0.0, 3))


@misuse("orders")
def negative(s: Any) -> None:
    market(s, Quantity(-1.0, 3))


@misuse("orders")
def nan(s: Any) -> None:
    market(s, Quantity(float("nan"), 3))


@misuse("orders")
def infinite_price(s: Any) -> None:
    s.submit_order(
        s.order_factory.limit(PERP, OrderSide.BUY, Quantity(0.01, 3), Price(float("inf"), 1))
    )


@misuse("orders")
def precision(s: Any) -> None:
    market(s, Quantity(0.0123456789, 9))


@misuse("orders")
def enormous(s: Any) -> None:
    market(s, Quantity(1e9, 3))


@misuse("orders")
def negative_price(s: Any) -> None:
    s.rest(-1.0)


@misuse("orders")
def float_quantity(s: Any) -> None:
    market(s, 0.01)


@misuse("orders")
def decimal_quantity(s: Any) -> None:
    market(s, Decimal("0.01"))


@misuse("orders")
def none_order(s: Any) -> None:
    s.submit_order(None)


@misuse("orders")
def text_order(s: Any) -> None:
    s.submit_order("buy")


@misuse("orders")
def text_instrument(s: Any) -> None:
    market(s, Quantity(0.01, 3), "BTCUSDT-PERP.BINANCE")


@misuse("orders")
def unknown_instrument(s: Any) -> None:
    market(s, Quantity(0.01, 3), NONE)


@misuse("orders")
def no_side(s: Any) -> None:
    market(s, Quantity(0.01, 3), side=OrderSide.NO_ORDER_SIDE)


@misuse("orders")
def twice(s: Any) -> None:
    s.submit_order(s.resting)


@misuse("orders")
def same_id(s: Any) -> None:
    for _ in range(2):
        s.rest(client_order_id=ClientOrderId("O-planted"))


@misuse("orders")
def cancel_twice(s: Any) -> None:
    s.cancel_order(s.resting.client_order_id)
    s.cancel_order(s.resting.client_order_id)


@misuse("orders")
def cancel_an_order_object(s: Any) -> None:
    s.cancel_order(s.resting)


@misuse("orders")
def cancel_filled(s: Any) -> None:
    order = s.buy()
    s.soon(lambda: s.cancel_order(order.client_order_id), after_s=0.3)


@misuse("orders")
def cancel_never_sent(s: Any) -> None:
    s.cancel_order(ClientOrderId("O-never"))


@misuse("orders")
def modify_to_nothing(s: Any) -> None:
    s.modify_order(s.resting.client_order_id)


@misuse("orders")
def modify_to_zero(s: Any) -> None:
    s.modify_order(s.resting.client_order_id, quantity=Quantity(0.0, 3))


@misuse("orders")
def reduce_only_of_nothing(s: Any) -> None:
    s.submit_order(
        s.order_factory.market(PERP, OrderSide.BUY, Quantity(0.01, 3), reduce_only=True)
    )


@misuse("orders")
def expired_before(s: Any) -> None:
    past = s.clock.timestamp_ns() - 86_400_000_000_000
    s.rest(time_in_force=TimeInForce.GTD, expire_time=past)


@misuse("orders")
def empty_list(s: Any) -> None:
    s.submit_order_list(None)


@misuse("orders")
def list_as_list(s: Any) -> None:
    s.submit_order_list([s.resting])


@misuse("orders")
def close_what_is_not(s: Any) -> None:
    s.close_position(None)


@misuse("orders")
def market_exit_in_on_factors(s: Any) -> None:
    s.market_exit()
    s.market_exit()


@misuse("orders")
def market_exit_then_buy(s: Any) -> None:
    s.market_exit()
    s.buy()


@misuse("orders")
def storm_at_once(s: Any) -> None:
    for _ in range(2_000):
        s.rest()


@misuse("orders")
def storm_of_market_orders(s: Any) -> None:
    for _ in range(500):
        s.buy(0.001)


@misuse("orders")
def storm_of_denied(s: Any) -> None:
    for _ in range(500):
        s.buy(1e9)


@misuse("orders")
def storm_of_cancels(s: Any) -> None:
    for _ in range(1_000):
        s.cancel_order(s.resting.client_order_id)
        s.cancel_all_orders(PERP)


@misuse("orders")
def order_factory_reset(s: Any) -> None:
    s.order_factory.reset()
    s.buy()


@misuse("orders")
def events_rewritten(s: Any) -> None:
    s.resting.apply(s.resting.init_event)


@misuse("orders")
def cache_reset(s: Any) -> None:
    s.cache.reset()


@misuse("orders")
def cache_disposed(s: Any) -> None:
    s.cache.dispose()


@misuse("orders")
def position_purged(s: Any) -> None:
    for position in s.cache.positions_open():
        s.cache.purge_position(position.id)


@misuse("orders")
def order_purged(s: Any) -> None:
    s.cache.purge_order(s.resting.client_order_id)


def _reacting(callback: str) -> Any:
    """Return a maker of a strategy that sends an order in a callback, each time."""

    def make() -> Any:
        from tests.proof.misuse.holder import Holder

        class Mine(Holder):
            sent = 0

            def misbehave(self) -> None:
                reached()
                self.buy(0.001)

        def react(self: Any, *arguments: Any) -> None:
            getattr(Holder, callback)(self, *arguments)
            if self.is_armed or callback in {"on_stop", "on_market_exit", "post_market_exit"}:
                self.buy(0.001)

        setattr(Mine, callback, react)
        return Mine

    return make


for _callback in (
    "on_factors",
    "on_quote",
    "on_order_initialized",
    "on_order_submitted",
    "on_order_accepted",
    "on_order_filled",
    "on_order_canceled",
    "on_position_opened",
    "on_position_changed",
    "on_position_closed",
    "on_stop",
    "on_market_exit",
    "post_market_exit",
):
    add(Case(name=f"orders/again_in_{_callback}", make=_reacting(_callback)))
