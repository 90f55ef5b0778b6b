"""A strategy that sends planned orders, each when it has received a number of prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nautilus_trader.model import BarType, InstrumentId, OrderSide, Price

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from datetime import timedelta

    from nautilus_trader.model import Bar, QuoteTick, TradeTick


@dataclass(frozen=True)
class Step:
    """An order, sent after the price of this number, from 1: a market order without a price."""

    row: int
    side: str
    quantity: str
    instrument: str = ""
    stop: str = ""
    limit: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedConfig(FactorStrategyConfig):
    """What to subscribe to, and what to send."""

    feeds: tuple[str, ...] = ()
    kind: str = "quotes"
    plan: tuple[Step, ...] = ()


class PlannedTrader(FactorStrategy[PlannedConfig]):
    """Send the orders of the plan; the first feed's instrument is the default."""

    required_factors: ClassVar[tuple[str, ...]] = ()
    max_age: ClassVar[timedelta | None] = None

    def on_start(self) -> None:
        super().on_start()
        self.rows = 0
        for feed in self.config.feeds:
            if self.config.kind == "bars":
                self.subscribe_bars(BarType.from_str(feed))
            elif self.config.kind == "trades":
                self.subscribe_trades(InstrumentId.from_str(feed))
            else:
                self.subscribe_quotes(InstrumentId.from_str(feed))

    def on_quote(self, quote: QuoteTick) -> None:
        self.act(quote.instrument_id)

    def on_trade(self, trade: TradeTick) -> None:
        self.act(trade.instrument_id)

    def on_bar(self, bar: Bar) -> None:
        self.act(bar.bar_type.instrument_id)

    def act(self, default: InstrumentId) -> None:
        """Send what the plan has after this price."""
        self.rows += 1
        for step in self.config.plan:
            if step.row == self.rows:
                self.send(step, default)

    def send(self, step: Step, default: InstrumentId) -> None:
        """Send the order of a step."""
        name = InstrumentId.from_str(step.instrument) if step.instrument else default
        quantity = self.instrument(name).make_qty(float(step.quantity))
        side = OrderSide.BUY if step.side == "BUY" else OrderSide.SELL
        if step.stop:
            stop = Price.from_str(step.stop)
            order = self.order_factory.stop_market(name, side, quantity, stop)
        elif step.limit:
            order = self.order_factory.limit(name, side, quantity, Price.from_str(step.limit))
        else:
            order = self.order_factory.market(name, side, quantity)
        self.submit_order(order)
