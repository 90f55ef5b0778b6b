"""FairPriceMaker: quotes both sides with limit orders around the synthetic fair price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import (
    FactorStrategy,
    FactorStrategyConfig,
    OrderRateLimit,
    synthetic_quote,
)

if TYPE_CHECKING:
    from nautilus_trader.model import ClientOrderId

    from dolphin_strategies import ExternalFactors


@dataclass(frozen=True, kw_only=True)
class FairPriceMakerConfig(FactorStrategyConfig):
    """Configuration of FairPriceMaker.

    Attributes
    ----------
    instrument_id : InstrumentId
        What to quote.
    trade_size : Decimal
        Base currency per order.
    max_position : Decimal
        Largest position either way, base currency.
    max_orders_per_second : int
        Largest rate of new orders.
    requote_bps : float
        How far, in basis points of the price, a quote may be off before it is replaced. With less
        than half the spread, quotes move away before they can be filled.

    """

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
    trade_size: Decimal = Decimal("0.010")
    max_position: Decimal = Decimal("0.030")
    max_orders_per_second: int = 10
    requote_bps: float = 3.0


class FairPriceMaker(FactorStrategy[FairPriceMakerConfig]):
    """Keep one bid and one ask where the synthetic quote puts them."""

    required_factors = ("spread", "imbal_btc")
    max_age = timedelta(seconds=1.5)

    def on_start(self) -> None:
        super().on_start()
        self.limit = OrderRateLimit(self.config.max_orders_per_second)
        self.market = self.instrument(self.config.instrument_id)
        self.size = self.market.make_qty(float(self.config.trade_size))
        self.quoted: dict[OrderSide, tuple[ClientOrderId, float]] = {}
        self.subscribe_quotes(self.config.instrument_id)

    def on_factors(self, f: ExternalFactors) -> None:
        touch = self.cache.quote(self.config.instrument_id)
        if touch is None or self.is_exiting():
            return
        # Not as_double(), which is often one off in the last bit.
        last = float((touch.bid_price.as_decimal() + touch.ask_price.as_decimal()) / 2)
        quote = synthetic_quote(last, f["spread"], f["imbal_btc"])
        if quote is not None:
            # The record's time, not the clock's: a replay then decides the same.
            self._quote_side(OrderSide.BUY, quote.bid, f.ts_init)
            self._quote_side(OrderSide.SELL, quote.ask, f.ts_init)

    def on_factors_stale(self) -> None:
        self.cancel_all_orders(self.config.instrument_id)

    def _quote_side(self, side: OrderSide, price: float, now_ns: int) -> None:
        """Place one side's order, or cancel it if it is off or the position limit is reached."""
        position = self.portfolio.net_position(self.config.instrument_id)
        exposure = position if side == OrderSide.BUY else -position
        has_room = exposure + self.size.as_decimal() <= self.config.max_position
        if side in self.quoted:
            order_id, quoted_price = self.quoted[side]
            off_bps = abs(price / quoted_price - 1) * 10_000
            if self.cache.is_order_closed(order_id):
                del self.quoted[side]
            elif self.cache.is_order_pending_cancel_local(order_id):
                return
            elif not has_room or off_bps > self.config.requote_bps:
                self.cancel_order(order_id)
        elif has_room and self.limit.allow(now_ns):
            limit = self.market.make_price(price)
            order = self.order_factory.limit(
                self.config.instrument_id, side, self.size, limit, post_only=True
            )
            self.quoted[side] = (order.client_order_id, price)
            self.submit_order(order)
