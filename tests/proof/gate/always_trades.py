"""AlwaysTrades: a strategy that sends an order whenever it has factors to trade on."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick

    from dolphin_strategies import ExternalFactors

INSTRUMENT: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
MAX_AGE: Final = timedelta(seconds=0.3)
REQUIRED: Final = ("imbal_btc", "basis")


class AlwaysTrades(FactorStrategy[FactorStrategyConfig]):
    """Send orders on factors, quotes and a timer, each time that there are factors."""

    required_factors = REQUIRED
    max_age = MAX_AGE

    def on_start(self) -> None:
        super().on_start()
        self.sent = 0
        self.subscribe_quotes(INSTRUMENT)
        self.clock.set_timer("trade", timedelta(milliseconds=20), callback=self.on_timer)

    def on_factors(self, f: ExternalFactors) -> None:
        self.trade(f.ts_init)

    def on_quote(self, quote: QuoteTick) -> None:
        self.trade_if_open()

    def on_timer(self, event: Any) -> None:
        """Send an order between records too."""
        self.trade_if_open()

    def trade_if_open(self) -> None:
        """Send an order if there are factors."""
        asked_ns = time.time_ns()
        if self.factors is not None:
            self.trade(asked_ns)

    def on_factors_stale(self) -> None:
        print("SHUT", flush=True)

    def trade(self, asked_ns: int) -> None:
        """Buy and sell in turn; the order carries the instant at which it was decided."""
        self.sent += 1
        if self.sent == 1:
            print("TRADING", flush=True)
        side = OrderSide.BUY if self.sent % 2 else OrderSide.SELL
        size = self.instrument(INSTRUMENT).make_qty(0.001)
        tags = [str(asked_ns)]
        self.submit_order(self.order_factory.market(INSTRUMENT, side, size, tags=tags))
