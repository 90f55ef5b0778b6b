"""ExitOrders: the orders against open positions, one at a time for each."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import OrderSide, OrderType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.exits.holding.held_position import HeldPosition
    from dolphin_strategies.exits.policies.exit_decision import ExitDecision

TAG: Final = "EXIT: "
RETRY_NS: Final = 1_000_000_000
"""After an order that filled nothing (denied, rejected, cancelled), the next one waits so long."""


class ExitOrders:
    """Sends market orders that only reduce, through the strategy's own ``submit_order``.

    So they pass the price gate and whatever else observes the strategy. What the strategy itself
    has sent against a position with market orders, and is not filled yet, is not sent again.

    Parameters
    ----------
    strategy : FactorStrategy
        Whose positions they are.

    Attributes
    ----------
    sent : dict of str to int
        Orders sent, by reason.

    """

    def __init__(self, strategy: Any) -> None:
        self._strategy: Final = strategy
        self.sent: Final[dict[str, int]] = {}
        self._asked: Final[dict[tuple[InstrumentId, OrderSide], Decimal]] = {}
        self._is_sending = False

    def begin(self) -> None:
        """Begin a callback: what was sent in earlier ones is in Nautilus's cache by now."""
        if self._asked:
            self._asked.clear()

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Note what the strategy sends by itself; see StrategyObserver."""
        notes: dict[str, Callable[[Any], None]] = {
            "submit_order": self._note,
            "submit_order_list": self._note_list,
            "close_position": self._note_closing,
            "close_all_positions": self._note_closing_all,
        }
        note = notes.get(name)
        if note is None:
            return call

        def observed(what: Any, *arguments: Any, **keywords: Any) -> Any:
            if not self._is_sending:
                note(what)
            return call(what, *arguments, **keywords)

        return observed

    def _note(self, order: Any) -> None:
        if order.order_type == OrderType.MARKET:
            self._add(order.instrument_id, order.side, order.quantity.as_decimal())

    def _note_list(self, orders: Sequence[Any]) -> None:
        for order in orders:
            self._note(order)

    def _note_closing(self, position: Any) -> None:
        side = OrderSide.SELL if position.is_long else OrderSide.BUY
        self._add(position.instrument_id, side, position.quantity.as_decimal())

    def _note_closing_all(self, instrument_id: InstrumentId) -> None:
        s = self._strategy
        for position in s.cache.positions_open(
            instrument_id=instrument_id, strategy_id=s.strategy_id
        ):
            self._note_closing(position)

    def _add(self, instrument_id: InstrumentId, side: OrderSide, quantity: Decimal) -> None:
        key = instrument_id, side
        self._asked[key] = self._asked.get(key, Decimal(0)) + quantity

    def send(self, held: HeldPosition, decision: ExitDecision, at_ns: int) -> None:
        """Send the order that leads to what a decision leaves, unless one is under way.

        Parameters
        ----------
        held : HeldPosition
            The position.
        decision : ExitDecision
            What is to remain of it.
        at_ns : int
            UNIX nanoseconds.

        """
        strategy = self._strategy
        if strategy.is_exiting() or self._is_under_way(held, at_ns):
            return
        instrument_id = held.view.instrument_id
        position = strategy.cache.position(held.position_id)
        instrument = strategy.cache.instrument(instrument_id)
        if position is None or position.is_closed or instrument is None:
            return
        side = OrderSide.SELL if position.is_long else OrderSide.BUY
        quantity = position.quantity.as_decimal()
        wanted = quantity
        if decision.keep > 0:
            step = instrument.size_increment.as_decimal()
            left = Decimal(str(held.peak)) * Decimal(str(decision.keep))
            wanted = ((quantity - left) / step).to_integral_value(ROUND_DOWN) * step
        wanted -= self._unfilled(instrument_id, side, held)
        if wanted <= 0:
            return
        order = strategy.order_factory.market(
            instrument_id,
            side,
            instrument.make_qty(wanted),
            reduce_only=True,
            tags=[f"{TAG}{decision.reason}"],
        )
        held.order_id = order.client_order_id
        self.sent[decision.reason] = self.sent.get(decision.reason, 0) + 1
        self._is_sending = True
        try:
            strategy.submit_order(order, held.position_id)
        finally:
            self._is_sending = False

    def _is_under_way(self, held: HeldPosition, at_ns: int) -> bool:
        """Return whether an order against a position may still be filled, or was just refused."""
        if held.order_id is None:
            return at_ns < held.retry_ns
        cache = self._strategy.cache
        if not cache.is_order_closed(held.order_id):
            return True
        order = cache.order(held.order_id)
        held.order_id = None
        if order is None or not order.filled_qty.as_decimal():
            held.retry_ns = at_ns + RETRY_NS
            return True
        return False

    def _unfilled(self, instrument_id: InstrumentId, side: OrderSide, held: Any) -> Decimal:
        """Return what the strategy's own market orders will still take of a position."""
        cache = self._strategy.cache
        key = {
            "instrument_id": instrument_id,
            "strategy_id": self._strategy.strategy_id,
            "side": side,
        }
        total = self._asked.get((instrument_id, side), Decimal(0))
        for order in (*cache.orders_inflight(**key), *cache.orders_open(**key)):
            if order.order_type == OrderType.MARKET:
                of = cache.position_id(order.client_order_id)
                if of is None or of == held.position_id:
                    total += order.leaves_qty.as_decimal()
        return total
