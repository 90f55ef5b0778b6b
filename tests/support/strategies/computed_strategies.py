"""Strategies on computed factors, which write down what they were given and what was filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick

    from dolphin_strategies import ExternalFactors


@dataclass(frozen=True, kw_only=True)
class FlipperConfig(FactorStrategyConfig):
    """What to trade, and the file of what happened."""

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
    log: str = ""


class Flipper(FactorStrategy[FlipperConfig]):
    """Trade whenever the sign of the touch's imbalance changes."""

    required_factors: ClassVar[tuple[str, ...]] = ("imbalance", "mid")
    max_age: ClassVar[timedelta | None] = timedelta(seconds=1)

    def on_start(self) -> None:
        super().on_start()
        self.lines: list[str] = []
        self.side = 0
        self.size = self.instrument(self.config.instrument_id).make_qty(0.01)
        self.subscribe_quotes(self.config.instrument_id)

    def write(self, *what: Any) -> None:
        """Write one line, with the clock's time."""
        self.lines.append(" ".join(map(str, (self.clock.timestamp_ns(), *what))))

    def on_quote(self, quote: QuoteTick) -> None:
        self.write("quote", quote.bid_price, quote.ts_init)

    def on_factors(self, f: ExternalFactors) -> None:
        self.write("factors", f.payload.hex(), f.ts_event, f.ts_init)
        side = 1 if f["imbalance"] > 0 else -1
        if side != self.side:
            self.side = side
            way = OrderSide.BUY if side > 0 else OrderSide.SELL
            self.write("order", way.name, f["mid"])
            self.submit_order(self.order_factory.market(self.config.instrument_id, way, self.size))

    def on_factors_stale(self) -> None:
        self.write("stale")

    def on_order_filled(self, event: Any) -> None:
        self.write("filled", event.last_px)

    def on_stop(self) -> None:
        super().on_stop()
        if self.config.log:
            Path(self.config.log).write_text("\n".join(self.lines), encoding="utf-8")
