"""DeliveryCounterActor: counts the market events that have reached the actors of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId

from adapters.market.btcusdt_instruments import BTCUSDT_PERP

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick, TradeTick

    from adapters.market.delivery_counter import DeliveryCounter

_CONFIG: Final = DataActorConfig(actor_id=ActorId("DeliveryCounterActor-001"))


class DeliveryCounterActor(DataActor):
    """Write into a DeliveryCounter how many quotes and trades the node's bus has delivered.

    A client's data waits in the node's queue, for some hundred microseconds and sometimes for
    ten milliseconds. Only data that an actor has received can be in the node's book; a factor
    written while its quote is still queued would arrive first, which is look-ahead.

    Parameters
    ----------
    hand_over : DeliveryCounter
        The counter to write.

    Notes
    -----
    Owned by the node's thread. Add it to every node that replays, before its strategies.

    """

    def __new__(cls, hand_over: DeliveryCounter) -> Self:
        return super().__new__(cls, _CONFIG)  # type: ignore[call-arg]

    def __init__(self, hand_over: DeliveryCounter) -> None:
        super().__init__(_CONFIG)
        self._hand_over: Final = hand_over
        self._count = 0

    def on_start(self) -> None:
        self.subscribe_quotes(BTCUSDT_PERP)
        self.subscribe_trades(BTCUSDT_PERP)

    def on_quote(self, quote: QuoteTick) -> None:
        self._add()

    def on_trade(self, trade: TradeTick) -> None:
        self._add()

    def _add(self) -> None:
        self._count += 1
        self._hand_over.events = self._count
