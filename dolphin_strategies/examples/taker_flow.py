"""TakerFlow: holds what takers bought more of in the last bar, unless funding is against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from nautilus_trader.model import BarType, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from nautilus_trader.model import Bar

    from dolphin_strategies import ExternalFactors


@dataclass(frozen=True, kw_only=True)
class TakerFlowConfig(FactorStrategyConfig):
    """Configuration of TakerFlow.

    Attributes
    ----------
    bar_type : str
        The bars of the instrument to trade.
    size : Decimal
        Position to hold, base currency.
    threshold : float
        Natural logarithm of ``taker_ratio`` from which to hold a position.
    max_funding : float
        Largest funding rate per 8 h, as a fraction, to be paid for a position.

    """

    bar_type: str = "BTCUSDT.BINANCE-15-MINUTE-LAST-EXTERNAL"
    size: Decimal = Decimal("0.5")
    threshold: float = 0.6
    max_funding: float = 0.001


class TakerFlow(FactorStrategy[TakerFlowConfig]):
    """Be long after takers bought, short after they sold, flat in between."""

    required_factors = ("taker_ratio", "funding")

    def on_start(self) -> None:
        super().on_start()
        bar_type = BarType.from_str(self.config.bar_type)
        self.instrument_id = bar_type.instrument_id
        self.has_price = False
        self.subscribe_bars(bar_type)

    def on_bar(self, bar: Bar) -> None:
        self.has_price = True

    def on_factors(self, f: ExternalFactors) -> None:
        flow, funding = math.log(f["taker_ratio"]), f["funding"]
        side = 0 if abs(flow) < self.config.threshold else math.copysign(1, flow)
        if side * funding > self.config.max_funding:
            side = 0
        if self.has_price:
            self.hold(float(self.config.size) * side)

    def on_factors_stale(self) -> None:
        """Close the position: without fresh factors nothing supports it."""
        self.hold(0.0)

    def hold(self, target: float) -> None:
        """Send the order that leads from the position to the target."""
        missing = target - float(self.portfolio.net_position(self.instrument_id))
        size = self.instrument(self.instrument_id).make_qty(abs(missing))
        if size.as_decimal() == 0:
            return
        side = OrderSide.BUY if missing > 0 else OrderSide.SELL
        self.submit_order(self.order_factory.market(self.instrument_id, side, size))
