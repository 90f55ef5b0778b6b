"""WaitingOrders: the newest decision on each instrument, kept until there is a price for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.model import ClientOrderId, InstrumentId

ONE_DECISION_NS: Final = 100_000_000
"""What a strategy asks for within this time and on one record is one decision: in a node the clock
goes on while it acts."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a strategy has asked for at a time without a price.

    Attributes
    ----------
    orders : tuple of orders
        The orders; of the closing of a position, the order that would close it.
    since_ns : int
        When it was asked for, UNIX nanoseconds.
    record : ExternalFactors or None
        The newest factors then.
    send : callable
        Sends it, with the arguments of the strategy's call.

    """

    orders: tuple[Any, ...]
    since_ns: int
    record: object
    send: Callable[[], None]

    def is_with(self, other: Waiting) -> bool:
        """Return whether both are of one decision: of one record, within a short time."""
        near = abs(self.since_ns - other.since_ns) <= ONE_DECISION_NS
        return near and self.record is other.record


class WaitingOrders:
    """Orders that wait, by their instruments.

    What a strategy decides later replaces what waits: it did not see the earlier orders filled, so
    that both together would be more than it wants. Orders of one decision stay together.
    """

    def __init__(self) -> None:
        self._of: dict[InstrumentId, list[Waiting]] = {}

    def __bool__(self) -> bool:
        return bool(self._of)

    def __contains__(self, instrument_id: InstrumentId) -> bool:
        return instrument_id in self._of

    def add(self, instrument_id: InstrumentId, waiting: Waiting) -> list[Waiting]:
        """Keep something; return what it replaces."""
        held = self._of.setdefault(instrument_id, [])
        replaced = [w for w in held if not w.is_with(waiting)]
        self._of[instrument_id] = [*(w for w in held if w.is_with(waiting)), waiting]
        return replaced

    def take(self, instrument_id: InstrumentId) -> list[Waiting]:
        """Remove and return what waits for the price of an instrument, in the order of asking."""
        return self._of.pop(instrument_id, [])

    def take_all(self) -> list[Waiting]:
        """Remove and return everything."""
        found = [waiting for held in self._of.values() for waiting in held]
        self._of.clear()
        return found

    def take_orders(self, client_order_ids: Iterable[ClientOrderId]) -> list[Waiting]:
        """Remove and return what any of these orders is part of."""
        wanted = set(client_order_ids)
        return self._take_if(lambda order: order.client_order_id in wanted)

    def take_side(self, instrument_id: InstrumentId, side: Any) -> list[Waiting]:
        """Remove and return what waits of an instrument; with a side, of that side alone."""
        return self._take_if(
            lambda order: (
                order.instrument_id == instrument_id and (side is None or order.side == side)
            )
        )

    def _take_if(self, is_wanted: Callable[[Any], bool]) -> list[Waiting]:
        found: list[Waiting] = []
        for instrument_id, held in list(self._of.items()):
            taken = [w for w in held if any(map(is_wanted, w.orders))]
            kept = [w for w in held if w not in taken]
            found += taken
            if kept:
                self._of[instrument_id] = kept
            else:
                del self._of[instrument_id]
        return found
