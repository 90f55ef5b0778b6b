"""ImbalanceTaker: takes with market orders in the direction of book imbalance and basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig, OrderRateLimit

if TYPE_CHECKING:
    from nautilus_trader.model import ClientOrderId

    from dolphin_strategies import ExternalFactors, FactorSchema


@dataclass(frozen=True, kw_only=True)
class ImbalanceTakerConfig(FactorStrategyConfig):
    """Configuration of ImbalanceTaker.

    Attributes
    ----------
    instrument_id : InstrumentId
        What to trade.
    trade_size : Decimal
        Base currency per order; less if the touch offers less.
    max_position : Decimal
        Largest position either way, base currency.
    max_orders_per_second : int
        Largest order rate.
    enter_imbalance : float
        Smoothed ``imbal_btc`` (0 to 1) from which to enter.
    basis_weight : float
        Imbalance that one basis point of ``basis`` above its own average is worth.
    smoothing : float
        Weight of a new record in the averages (0 to 1).

    """

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
    trade_size: Decimal = Decimal("0.010")
    max_position: Decimal = Decimal("0.050")
    max_orders_per_second: int = 5
    enter_imbalance: float = 0.5
    basis_weight: float = 0.05
    smoothing: float = 0.02


class ImbalanceTaker(FactorStrategy[ImbalanceTakerConfig]):
    """Buy while bids outweigh asks and the perpetual is rich, sell in the opposite case."""

    required_factors = ("imbal_btc", "basis")
    max_age = timedelta(seconds=1.5)

    def on_start(self) -> None:
        super().on_start()
        self.limit = OrderRateLimit(self.config.max_orders_per_second)
        self.imbalance = 0.0
        self.average_basis: float | None = None
        instrument = self.instrument(self.config.instrument_id)
        self.size = instrument.make_qty(float(self.config.trade_size))
        self.last_order: ClientOrderId | None = None
        self.subscribe_quotes(self.config.instrument_id)

    def on_schema(self, schema: FactorSchema) -> None:
        self.imbalance_at = schema.index("imbal_btc")
        self.basis_at = schema.index("basis")

    def on_factors(self, f: ExternalFactors) -> None:
        weight, basis = self.config.smoothing, f.value_at(self.basis_at)
        if self.average_basis is None:
            self.average_basis = basis
        self.average_basis += weight * 0.1 * (basis - self.average_basis)
        pressure = f.value_at(self.imbalance_at)
        pressure += self.config.basis_weight * (basis - self.average_basis)
        self.imbalance += weight * (pressure - self.imbalance)
        if abs(self.imbalance) > self.config.enter_imbalance:
            # The record's time, not the clock's: a replay then decides the same.
            self.trade(OrderSide.BUY if self.imbalance > 0 else OrderSide.SELL, f.ts_init)

    def trade(self, side: OrderSide, now_ns: int) -> None:
        """Submit one order if none is in flight and both limits allow it."""
        instrument_id = self.config.instrument_id
        touch = self.cache.quote(instrument_id)
        is_busy = self.last_order and not self.cache.is_order_closed(self.last_order)
        if is_busy or touch is None or self.is_exiting():
            return
        is_buy = side == OrderSide.BUY
        size = min(self.size, touch.ask_size if is_buy else touch.bid_size)
        position = self.portfolio.net_position(instrument_id)
        target = position + (size.as_decimal() if is_buy else -size.as_decimal())
        if abs(target) > self.config.max_position and abs(target) > abs(position):
            return
        if self.limit.allow(now_ns):
            order = self.order_factory.market(instrument_id, side, size)
            self.last_order = order.client_order_id
            self.submit_order(order)
