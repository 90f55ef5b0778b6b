"""Churner: a strategy whose position and resting orders change with every few records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors

INSTRUMENT: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
MOST_RESTING: Final = 4


class Churner(FactorStrategy[FactorStrategyConfig]):
    """Hold a position that grows, shrinks and turns, and orders that rest, move and go."""

    required_factors = ("imbal_btc",)

    def on_start(self) -> None:
        super().on_start()
        self.seen = 0
        self.resting: list[Any] = []
        self.subscribe_quotes(INSTRUMENT)

    def on_factors(self, f: ExternalFactors) -> None:
        self.seen += 1
        instrument = self.instrument(INSTRUMENT)
        if self.seen % 3 == 0:
            side = OrderSide.BUY if self.seen % 30 < 18 else OrderSide.SELL
            size = instrument.make_qty(0.001 * (1 + self.seen % 5))
            self.submit_order(self.order_factory.market(INSTRUMENT, side, size))
        if self.seen % 4 == 0:
            price = instrument.make_price(30_000.0 + self.seen % 100)
            size = instrument.make_qty(0.002)
            order = self.order_factory.limit(INSTRUMENT, OrderSide.BUY, size, price)
            self.submit_order(order)
            self.resting.append(order.client_order_id)
        if len(self.resting) > MOST_RESTING:
            self.cancel_order(self.resting.pop(0))
        if self.seen == 30:
            print("CHURNING", self.portfolio.net_position(INSTRUMENT), flush=True)
