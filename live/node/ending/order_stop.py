"""OrderStop: no new orders of a strategy that could be filled after its positions are closed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import ClientOrderId

    from live.node.ending.run_ending import RunEnding

_SENDS: Final = {"submit_order": "order", "submit_order_list": "order_list"}
"""What sends, and Nautilus's name of its first argument."""
_CHANGES: Final = {
    "cancel_order": "client_order_id",
    "cancel_orders": "client_order_ids",
    "modify_order": "client_order_id",
    "modify_orders": "updates",
}
"""What changes orders that were sent, likewise."""

FEW_ORDERS: Final = 50
"""Half of what Nautilus's risk engine lets through in a second (``max_order_submit_rate``)."""
RATE_WINDOW_S: Final = 1.05
"""The second of that rate, and a margin, because the engine's clock starts later than ours."""


class OrderStop(StrategyObserver):
    """Drops what a strategy sends while its stop waits for earlier orders, and after ``on_stop``.

    Nautilus closes the positions that it knows of. An order behind many others in its queue would
    be filled after that, and so would one of a timer, which goes on for the half second in which
    the node waits for the last fills.

    Nautilus has never seen such an order, and would raise an error when the strategy cancels or
    modifies it: these calls do nothing either.

    It also has the stop wait, a second at most, until the orders of the last second are few: the
    risk engine denies whatever exceeds its rate, and it does not spare the order that closes.

    Parameters
    ----------
    ending : RunEnding
        The run's ending.

    Attributes
    ----------
    dropped : int
        Calls that sent nothing.

    """

    def __init__(self, ending: RunEnding) -> None:
        self.dropped = 0
        self._dropped_ids: Final[set[ClientOrderId]] = set()
        self._ending: Final = ending
        self._has_stopped = False
        self._sent_s: Final[deque[float]] = deque(maxlen=FEW_ORDERS)
        ending.wait_for(self._has_sent_many)

    def _has_sent_many(self) -> bool:
        """Return whether the last second's orders leave too little room for those that close."""
        sent = self._sent_s
        return len(sent) == FEW_ORDERS and time.monotonic() - sent[0] < RATE_WINDOW_S

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        if name != "on_stop":
            return hook

        def observed() -> None:
            try:
                hook()
            finally:
                self._has_stopped = True

        return observed

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if name in _SENDS:
            return self._sending(call, _SENDS[name])
        return self._changing(call, _CHANGES[name]) if name in _CHANGES else call

    def _sending(self, call: Callable[..., Any], first: str) -> Callable[..., Any]:
        ending = self._ending

        def observed(*arguments: Any, **words: Any) -> Any:
            if ending.is_draining or self._has_stopped:
                self.dropped += 1
                sent = arguments[0] if arguments else words[first]
                orders = sent if isinstance(sent, Sequence) else (sent,)
                self._dropped_ids.update(order.client_order_id for order in orders)
                return None
            self._sent_s.append(time.monotonic())
            return call(*arguments, **words)

        return observed

    def _changing(self, call: Callable[..., Any], first: str) -> Callable[..., Any]:
        dropped = self._dropped_ids

        def observed(*arguments: Any, **words: Any) -> Any:
            if dropped:
                asked = arguments[0] if arguments else words[first]
                left = self._without_dropped(asked)
                if left is None:
                    return None
                arguments = (left, *arguments[1:])
                words.pop(first, None)
            return call(*arguments, **words)

        return observed

    def _without_dropped(self, asked: Any) -> Any:
        """Return what is left of the orders of a cancellation or modification; None: nothing."""
        if not isinstance(asked, Sequence):
            return None if asked in self._dropped_ids else asked
        # A modification is a tuple that begins with its order.
        left = [a for a in asked if (a[0] if isinstance(a, tuple) else a) not in self._dropped_ids]
        return left or None
