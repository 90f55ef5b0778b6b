"""Closer: a strategy that cancels a dead node's orders and closes its positions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.model import InstrumentId, OrderSide, PositionSide, StrategyId
from nautilus_trader.trading import Strategy, StrategyConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import ClientOrderId, Position

    from live.guarding.closing.closing_scope import ClosingScope

TAG: Final = "999"
"""In numbers, as Binance's client needs it to mark an order as made by Nautilus."""


class Closer(Strategy):
    """Cancel, wait, close with orders that only reduce, wait; driven by :meth:`step`.

    Parameters
    ----------
    scope : ClosingScope
        What is the dead node's.
    tell : callable
        Takes a line for the user.

    Notes
    -----
    Nautilus starts a strategy after it has read orders and positions back from the exchange, and
    does not start it if that fails.

    """

    def __new__(cls, scope: ClosingScope, tell: Callable[[str], object]) -> Self:
        instruments = [InstrumentId.from_str(text) for text in scope.instruments]
        config = StrategyConfig(
            strategy_id=StrategyId(f"CLOSER-{TAG}"),
            order_id_tag=TAG,
            external_order_instrument_ids=instruments,
        )
        return super().__new__(cls, config)  # type: ignore[call-arg]

    def __init__(self, scope: ClosingScope, tell: Callable[[str], object]) -> None:
        self._scope: Final = scope
        self._tell: Final = tell
        self._asked: Final[set[str]] = set()
        self._left_alone: Final[dict[str, Decimal]] = {}
        self._sent: Final[list[ClientOrderId]] = []
        self.refused: Final[list[str]] = []
        """What the exchange refused."""
        self.has_started = False

    def on_start(self) -> None:
        """Take note that the account is known."""
        self.has_started = True

    def step(self) -> bool:
        """Do the next step, and return whether there is none after it."""
        mine = [o for o in self._open_orders() if self._scope.owns(str(o.client_order_id))]
        for order in mine:
            name = str(order.client_order_id)
            if name not in self._asked:
                self._asked.add(name)
                self._tell(f"cancels {order.side.name} {order.leaves_qty} {order.instrument_id}")
                self.cancel_order(order.client_order_id)
        if mine or self._is_closing():
            return False
        for text in self._scope.instruments:
            if text not in self._left_alone:
                self._close(text)
        return not self._is_closing()

    def _close(self, text: str) -> None:
        position = self.position(text)
        amount = self._scope.to_close(text, position)
        self._left_alone[text] = position - amount
        if amount != position:
            self._tell(
                f"leaves {position - amount:+f} {text}: by its last state it is not the node's"
            )
        if not amount:
            return
        instrument_id = InstrumentId.from_str(text)
        instrument = self.cache.instrument(instrument_id)
        if instrument is None:
            self.refused.append(f"{text} is unknown at the exchange")
            return
        side = OrderSide.SELL if amount > 0 else OrderSide.BUY
        quantity = instrument.make_qty(abs(amount))
        self._tell(f"closes {amount:+f} {text} at the market")
        order = self.order_factory.market(instrument_id, side, quantity, reduce_only=True)
        self._sent.append(order.client_order_id)
        self.submit_order(order)

    def position(self, text: str) -> Decimal:
        """Return the position of an instrument, below 0 if it is short."""
        found = self.cache.positions_open(instrument_id=InstrumentId.from_str(text))
        return sum(map(_signed, found), Decimal())

    def left_open(self) -> list[str]:
        """Return what is still open of what may be the dead node's."""
        left = [
            f"position {amount:+f} {text}"
            for text in self._scope.instruments
            if (amount := self._of_the_node(text))
        ]
        left += [
            f"order {o.client_order_id} {o.instrument_id}"
            for o in self._open_orders()
            if self._scope.owns(str(o.client_order_id))
        ]
        return left

    def _of_the_node(self, text: str) -> Decimal:
        """Return how much of a position is still to be closed."""
        position = self.position(text)
        if text in self._left_alone:
            return position - self._left_alone[text]
        return self._scope.to_close(text, position)

    def _open_orders(self) -> list[Any]:
        return [*self.cache.orders_open(), *self.cache.orders_inflight()]

    def _is_closing(self) -> bool:
        """Return whether an order is not done; at first it is neither open nor on its way."""
        found = (self.cache.order(client_order_id) for client_order_id in self._sent)
        return any(order is None or not order.is_closed for order in found)

    def on_order_rejected(self, event: Any) -> None:
        """Keep the reason."""
        self.refused.append(str(event.reason))

    def on_order_denied(self, event: Any) -> None:
        """Keep the reason."""
        self.refused.append(str(event.reason))

    def on_order_cancel_rejected(self, event: Any) -> None:
        """Keep the reason: the order may have been filled meanwhile."""
        self.refused.append(str(event.reason))


def _signed(position: Position) -> Decimal:
    quantity: Decimal = position.quantity.as_decimal()
    return -quantity if position.side == PositionSide.SHORT else quantity
