"""Holder: a strategy with a position and a resting order, which then misuses what it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import BarType, InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors

INSTRUMENT: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
BARS: Final = BarType.from_str("BTCUSDT-PERP.BINANCE-200-MILLISECOND-MID-INTERNAL")
BUYS_AT: Final = 20
MISBEHAVES_AT: Final = 60


class Holder(FactorStrategy[FactorStrategyConfig]):
    """Buy at the 20th record and rest a limit order far away; at the 60th do ``misbehave``."""

    required_factors = ("imbal_btc",)
    seen = 0
    is_armed = False

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(INSTRUMENT)
        self.subscribe_bars(BARS)

    def on_factors(self, f: ExternalFactors) -> None:
        self.seen += 1
        if self.seen == BUYS_AT:
            self.buy()
            self.resting = self.rest()
        if self.seen == MISBEHAVES_AT:
            print("HOLDING", self.portfolio.net_position(INSTRUMENT), flush=True)
            self.is_armed = True
            self.misbehave()

    def buy(self, amount: float = 0.01) -> Any:
        """Send a market order."""
        size = self.instrument(INSTRUMENT).make_qty(amount)
        order = self.order_factory.market(INSTRUMENT, OrderSide.BUY, size)
        self.submit_order(order)
        return order

    def rest(self, at: float = 30_000.0, **words: Any) -> Any:
        """Send a limit order that does not fill."""
        instrument = self.instrument(INSTRUMENT)
        size, price = instrument.make_qty(0.01), instrument.make_price(at)
        order = self.order_factory.limit(INSTRUMENT, OrderSide.BUY, size, price, **words)
        self.submit_order(order)
        return order

    def soon(self, call: Any, name: str = "misuse-soon", after_s: float = 0.05) -> None:
        """Call a function from a time alert of the strategy's clock."""
        at = self.clock.utc_now() + timedelta(seconds=after_s)
        self.clock.set_time_alert(name, at, lambda event: call())

    def misbehave(self) -> None:
        """Do nothing wrong."""
