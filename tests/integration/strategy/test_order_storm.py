"""A strategy that sends orders without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nautilus_trader.model import InstrumentId, OrderSide, OrderStatus

from dolphin_strategies import ExternalFactors, FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.testing import StrategyHarness

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
STORM = 500
NAUTILUS_PER_SECOND = 100


class Storm(FactorStrategy[FactorStrategyConfig]):
    """Send hundreds of orders for each record."""

    def on_factors(self, f: ExternalFactors) -> None:
        for _ in range(STORM):
            size = self.instrument(BTC).make_qty(0.001)
            self.submit_order(self.order_factory.market(BTC, OrderSide.BUY, size))


def test_an_order_storm_is_denied_from_the_hundredth_on(
    strategy_harness: Callable[..., StrategyHarness],
) -> None:
    """Fault D10: nautilusTrader's risk engine passes a hundred a second, and denies the rest."""
    harness = strategy_harness(Storm(FactorStrategyConfig()))
    harness.quote(60_000.0, 60_000.5)
    harness.factors(basis=1.0)
    states = [order.status for order in harness.orders]
    assert len(states) == STORM
    assert states.count(OrderStatus.FILLED) == NAUTILUS_PER_SECOND
    assert states.count(OrderStatus.DENIED) == STORM - NAUTILUS_PER_SECOND
