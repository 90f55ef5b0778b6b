"""What a strategy sends, cancels and modifies while its node stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.model import InstrumentId, OrderSide, OrderStatus

from dolphin_strategies import ExternalFactors, FactorStrategy, FactorStrategyConfig
from dolphin_strategies.observation import observe
from live.node.ending.order_stop import OrderStop
from live.node.ending.run_ending import RunEnding

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.testing import StrategyHarness

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


class Requoter(FactorStrategy[FactorStrategyConfig]):
    """Send two resting orders a record; from the second on change them, and those before."""

    def on_start(self) -> None:
        super().on_start()
        self.before: list[Any] = []
        self.returned = 0

    def on_factors(self, f: ExternalFactors) -> None:
        instrument = self.instrument(BTC)
        size, price = instrument.make_qty(0.001), instrument.make_price(50_000.0)
        sent = []
        for _ in range(2):
            order = self.order_factory.limit(BTC, OrderSide.BUY, size, price)
            self.submit_order(order)
            sent.append(order.client_order_id)
        if self.returned:
            self.modify_order(sent[0], quantity=instrument.make_qty(0.002))
            self.modify_orders([(sent[0], size, None, None)])
            self.cancel_order(client_order_id=sent[0])
            self.cancel_orders([sent[1], *self.before])
            sent = []
        self.before = sent
        self.returned += 1


def test_orders_that_a_stop_dropped_are_canceled_without_an_error(
    strategy_harness: Callable[..., StrategyHarness],
) -> None:
    """Fault D01: Nautilus does not know them and would raise; those it knows are canceled."""
    strategy = Requoter(FactorStrategyConfig())
    ending = RunEnding(lambda: None)
    stop = OrderStop(ending)
    observe(strategy, stop)
    harness = strategy_harness(strategy)
    harness.quote(60_000.0, 60_000.5)
    harness.factors(basis=1.0)
    assert [order.status for order in harness.orders].count(OrderStatus.ACCEPTED) == 2
    ending.is_draining = True
    harness.factors(basis=2.0)
    harness.factors(basis=3.0)
    assert strategy.returned == 3
    assert stop.dropped == 4
    assert [order.status for order in harness.orders] == [OrderStatus.CANCELED] * 2
