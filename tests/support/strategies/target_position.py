"""A strategy whose position is a factor, and which notes what it hears of funding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from nautilus_trader.model import FundingRateUpdate, MarkPriceUpdate

    from dolphin_strategies import ExternalFactors


@dataclass(frozen=True, kw_only=True)
class TargetPositionConfig(FactorStrategyConfig):
    """Which instrument, and whether a funding rate is answered with one more to sell."""

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.SIM")
    sells_at_funding: bool = False


class TargetPosition(FactorStrategy[TargetPositionConfig]):
    """Hold as many as the factor ``target`` says."""

    required_factors: ClassVar[tuple[str, ...]] = ("target",)

    def on_start(self) -> None:
        super().on_start()
        self.heard: list[tuple[int, Decimal]] = []
        self.marks: list[int] = []
        self.subscribe_funding_rates(self.config.instrument_id)
        self.subscribe_mark_prices(self.config.instrument_id)

    def on_factors(self, f: ExternalFactors) -> None:
        held = self.portfolio.net_position(self.config.instrument_id)
        self.order(Decimal(str(f["target"])) - Decimal(held))

    def on_funding_rate(self, funding_rate: FundingRateUpdate) -> None:
        self.heard.append((funding_rate.ts_init, funding_rate.rate))
        if self.config.sells_at_funding:
            self.order(Decimal(-1))

    def on_mark_price(self, mark_price: MarkPriceUpdate) -> None:
        self.marks.append(mark_price.ts_init)

    def order(self, size: Decimal) -> None:
        """Buy, or sell if the size is negative, at the market."""
        if size:
            side = OrderSide.BUY if size > 0 else OrderSide.SELL
            instrument = self.instrument(self.config.instrument_id)
            quantity = instrument.make_qty(abs(float(size)))
            self.submit_order(self.order_factory.market(self.config.instrument_id, side, quantity))


class HearsQuotes(TargetPosition):
    """Holds nothing, and hears quotes and funding rates."""

    required_factors = ()

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(self.config.instrument_id)
