"""A strategy that trades on the imbalance that one venue streams."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors

MARKET = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
FULL = 0.5
"""Above this imbalance it is long, below the negative one short."""


class TradesTheStream(FactorStrategy[FactorStrategyConfig]):
    """Print ``LONG``, ``SHORT``, ``FILLED``, ``STALE`` and ``RECOVERED``."""

    required_factors: ClassVar[tuple[str, ...]] = ("touch_btc_bybit", "touch_btc_okx")
    max_age = timedelta(seconds=1.5)
    signal: ClassVar[str] = "touch_btc_bybit"
    side: OrderSide | None = None

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(MARKET)

    def on_factors(self, f: ExternalFactors) -> None:
        touch = f[self.signal]
        if abs(touch) <= FULL or self.cache.quote(MARKET) is None or self.is_exiting():
            return
        side = OrderSide.BUY if touch > 0 else OrderSide.SELL
        if side != self.side:
            lots = 0.010 if self.side is None else 0.020
            self.side = side
            size = self.instrument(MARKET).make_qty(lots)
            self.submit_order(self.order_factory.market(MARKET, side, size))
            print("LONG" if touch > 0 else "SHORT", flush=True)

    def on_order_filled(self, event: object) -> None:
        print("FILLED", flush=True)

    def on_factors_stale(self) -> None:
        print("STALE", flush=True)

    def on_factors_recovered(self) -> None:
        print("RECOVERED", flush=True)


class TradesOneVenue(TradesTheStream):
    """As above without the other venue's factor, of which it prints that it is NaN."""

    required_factors: ClassVar[tuple[str, ...]] = ("touch_btc_bybit",)

    def on_factors(self, f: ExternalFactors) -> None:
        if self.side is None and f["touch_btc_okx"] != f["touch_btc_okx"]:
            print("OKX IS NAN", flush=True)
        super().on_factors(f)


class TradesSpotAndPerpetual(TradesTheStream):
    """As above, of Binance's spot market and with its perpetual's factor."""

    required_factors: ClassVar[tuple[str, ...]] = ("touch_btc_binance", "touch_btc_binance_spot")
    signal: ClassVar[str] = "touch_btc_binance_spot"
