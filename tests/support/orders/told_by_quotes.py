"""A strategy that does what the bid's size of each quote says, so that a test can order it to."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick

PERP: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
NOTHING, BUY, REST, CANCEL, CLOSE, MODIFY, SELL, BUY_BIG, HANG = (float(n) for n in range(1, 10))
"""What a bid's size asks for, in coins."""
LOT: Final = 0.01


def tell(text: str) -> None:
    """Print a line in one piece: Nautilus's log has a thread of its own."""
    os.write(1, f"\n{text}\n".encode())


class ToldByQuotes(FactorStrategy[FactorStrategyConfig]):
    """Buys, rests, cancels, closes as told; prints each event of its orders."""

    _is_quoted = False

    def on_start(self) -> None:
        super().on_start()
        positions = [f"{p.side.name} {p.quantity}" for p in self.cache.positions_open()]
        orders = [f"{o.side.name} {o.leaves_qty}" for o in self.cache.orders_open()]
        tell(f"STARTS WITH {positions} {orders}")
        self.subscribe_quotes(PERP)

    def on_quote(self, quote: QuoteTick) -> None:
        """Do what the size of the bid says."""
        if not self._is_quoted:
            self._is_quoted = True
            tell(f"HEARS QUOTES {os.getpid()}")
        instrument = self.instrument(PERP)
        asked = quote.bid_size.as_double()
        if asked in {BUY, SELL, BUY_BIG}:
            side = OrderSide.SELL if asked == SELL else OrderSide.BUY
            size = instrument.make_qty(LOT * (10 if asked == BUY_BIG else 1))
            self.submit_order(self.order_factory.market(PERP, side, size))
        elif asked == REST:
            price = instrument.make_price(quote.bid_price.as_double() - 1_000.0)
            size = instrument.make_qty(2 * LOT)
            self.submit_order(self.order_factory.limit(PERP, OrderSide.BUY, size, price))
        elif asked == MODIFY:
            for order in self.cache.orders_open():
                price = instrument.make_price(order.price.as_double() + 1.0)
                self.modify_order(order.client_order_id, order.quantity, price)
        elif asked == HANG:
            time.sleep(600.0)
        elif asked == CANCEL:
            self.cancel_all_orders(PERP)
        elif asked == CLOSE:
            self.close_all_positions(PERP)

    def on_order_event(self, event: Any) -> None:
        """Tell what happened."""
        reason = getattr(event, "reason", None)
        tell(f"{type(event).__name__} {event.client_order_id} {reason or ''}".rstrip())

    def on_position_event(self, event: Any) -> None:
        """Tell what is held."""
        held = self.portfolio.net_position(PERP)
        tell(f"HOLDS {held.normalize():f}")
