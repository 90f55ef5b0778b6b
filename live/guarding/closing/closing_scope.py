"""ClosingScope: which orders and how much of a position are a dead node's, by its last state."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from adapters.run_state.run_state import RunState

ZERO: Final = Decimal()


class ClosingScope:
    """Tell what is the dead node's from what is somebody else's on the same account.

    Parameters
    ----------
    state : RunState
        The last state of the node.

    Notes
    -----
    A state is up to 0.25 s older than the end, and an account has one position an instrument. So
    a position is the node's as far as its last position and the orders that it had open explain
    it: a long of 2 with an order to sell 3 may have become anything from 2 to -1. What lies
    outside is left alone. A made-up state can therefore do no more than close less.

    """

    def __init__(self, state: RunState) -> None:
        self._listed: Final = {order.id for order in state.open_orders}
        trader, strategy = (_tag(text) for text in (state.trader_id, state.strategy_id))
        self._id: Final = re.compile(
            rf"O-\d{{8}}-\d{{6}}-{re.escape(trader)}-{re.escape(strategy)}-\d+"
            if trader and strategy
            else r"(?!)"
        )
        self._low: Final[dict[str, Decimal]] = {}
        self._high: Final[dict[str, Decimal]] = {}
        for position in state.positions:
            quantity = Decimal(position.quantity)
            self._reach(position.instrument, quantity, quantity)
        for order in state.open_orders:
            left = Decimal(order.left)
            if order.side == "BUY":
                self._reach(order.instrument, ZERO, left)
            else:
                self._reach(order.instrument, -left, ZERO)

    def _reach(self, instrument: str, low: Decimal, high: Decimal) -> None:
        self._low[instrument] = self._low.get(instrument, ZERO) + low
        self._high[instrument] = self._high.get(instrument, ZERO) + high

    @property
    def instruments(self) -> list[str]:
        """The instruments in which something was open."""
        return sorted(self._low)

    def owns(self, client_order_id: str) -> bool:
        """Return whether an order is the node's: it was listed, or has its identifier's tags.

        Nautilus numbers orders ``O-DATE-TIME-TRADER-STRATEGY-N``
        (``ClientOrderIdGenerator``), with the tags at the ends of both identifiers.
        """
        return client_order_id in self._listed or bool(self._id.fullmatch(client_order_id))

    def to_close(self, instrument: str, position: Decimal) -> Decimal:
        """Return how much of a position to close, with the position's sign.

        Parameters
        ----------
        instrument : str
            The instrument's identifier.
        position : Decimal
            The position at the exchange, below 0 if it is short.

        """
        if position > 0:
            return min(position, max(self._high.get(instrument, ZERO), ZERO))
        return max(position, min(self._low.get(instrument, ZERO), ZERO))


def _tag(identifier: str) -> str:
    return identifier.rpartition("-")[2]
