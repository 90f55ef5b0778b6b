"""A strategy that loses its fees on purpose: it opens and closes a position all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors


@dataclass(frozen=True, kw_only=True)
class LosingFlipperConfig(FactorStrategyConfig):
    """What to trade."""

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


class LosingFlipper(FactorStrategy[LosingFlipperConfig]):
    """Buy, close, and buy again, every twentieth record."""

    required_factors: ClassVar[tuple[str, ...]] = ("basis",)

    def on_start(self) -> None:
        super().on_start()
        self.records = 0
        self.subscribe_quotes(self.config.instrument_id)

    def on_factors(self, f: ExternalFactors) -> None:
        self.records += 1
        name = self.config.instrument_id
        if self.records % 20 or self.is_exiting() or self.cache.quote(name) is None:
            return
        if self.portfolio.net_position(name):
            self.close_all_positions(name)
        else:
            size = self.instrument(name).make_qty(0.01)
            self.submit_order(self.order_factory.market(name, OrderSide.BUY, size))
