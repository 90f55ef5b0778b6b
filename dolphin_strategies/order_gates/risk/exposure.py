"""Exposure: what is held of an instrument, and what the orders on their way could make of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import OrderStatus, PositionSide

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.common import Cache
    from nautilus_trader.model import ClientOrderId, InstrumentId

_ZERO: Final = Decimal()
FEW: Final = 64
"""So many orders are remembered before it is looked which of them the cache shows."""
_NOT_SENT_YET: Final = (OrderStatus.INITIALIZED, OrderStatus.EMULATED, OrderStatus.RELEASED)


class Exposure:
    """Reads positions and orders of all strategies from Nautilus's cache, and remembers more.

    In a node an order that was submitted a moment ago is neither open nor on its way in the cache.

    Parameters
    ----------
    cache : Cache
        Of the node or engine.

    """

    def __init__(self, cache: Cache) -> None:
        self._cache: Final = cache
        self._sent: Final[dict[ClientOrderId, Any]] = {}
        self._look_at = FEW

    def sent(self, order: Any) -> None:
        """Take an order that goes to Nautilus now."""
        self._sent[order.client_order_id] = order
        if len(self._sent) >= self._look_at:
            self._forget_known()
            self._look_at = 2 * len(self._sent) + FEW

    def _forget_known(self) -> None:
        """Forget the orders that the cache shows by now."""
        for name in [*self._sent]:
            known = self._cache.order(name)
            if known is not None and known.status not in _NOT_SENT_YET:
                del self._sent[name]

    def held(self, instrument_id: InstrumentId) -> Decimal:
        """Return the net position, below 0 if it is short."""
        found = self._cache.positions_open(None, instrument_id)
        return sum(map(signed_quantity, found), _ZERO)

    def pending(self, instrument_id: InstrumentId | None = None) -> list[Any]:
        """Return the orders that can still be filled; of one instrument, or of all."""
        cache = self._cache
        open_orders = cache.orders_open(None, instrument_id)
        found = {o.client_order_id: o for o in open_orders}
        found |= {o.client_order_id: o for o in cache.orders_inflight(None, instrument_id)}
        self._forget_known()
        for name, order in self._sent.items():
            if instrument_id is None or order.instrument_id == instrument_id:
                found[name] = order
        return [*found.values()]

    def instruments(self) -> set[InstrumentId]:
        """Return the instruments of which something is held, or could be."""
        held = {p.instrument_id for p in self._cache.positions_open()}
        return held | {o.instrument_id for o in self.pending()}

    def is_exit(self, order: Any) -> bool:
        """Return whether an order reduces what is held, whatever other orders do before it."""
        if order.is_reduce_only:
            return True
        held = self.held(order.instrument_id)
        if order.is_buy == (held >= 0):
            return False
        others = (
            o.leaves_qty.as_decimal()
            for o in self.pending(order.instrument_id)
            if o.is_buy == order.is_buy and o.client_order_id != order.client_order_id
        )
        left: Decimal = order.leaves_qty.as_decimal()
        return left <= abs(held) - sum(others, _ZERO)

    def largest(self, instrument_id: InstrumentId, more: Iterable[Any] = ()) -> Decimal:
        """Return the largest position, long or short, that orders could make, with more of them.

        Orders that only reduce make none larger.
        """
        held = self.held(instrument_id)
        bought = sold = _ZERO
        for order in (*self.pending(instrument_id), *more):
            if order.is_reduce_only:
                continue
            if order.is_buy:
                bought += order.leaves_qty.as_decimal()
            else:
                sold += order.leaves_qty.as_decimal()
        return max(abs(held + bought) if held + bought > 0 else _ZERO,
                   abs(held - sold) if held - sold < 0 else _ZERO, abs(held))  # fmt: skip


def signed_quantity(position: Any) -> Decimal:
    """Return a position's quantity, below 0 if it is short."""
    quantity: Decimal = position.quantity.as_decimal()
    return -quantity if position.side == PositionSide.SHORT else quantity
