"""OrderStop: no new orders of a strategy that could be filled after its positions are closed."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.node.ending.run_ending import RunEnding

_SENDS: Final = ("submit_order", "submit_order_list")

FEW_ORDERS: Final = 50
"""Half of what Nautilus's risk engine lets through in a second (``max_order_submit_rate``)."""
RATE_WINDOW_S: Final = 1.05
"""The second of that rate, and a margin, because the engine's clock starts later than ours."""


class OrderStop(StrategyObserver):
    """Drops what a strategy sends while its stop waits for earlier orders, and after ``on_stop``.

    Nautilus closes the positions that it knows of. An order behind many others in its queue would
    be filled after that, and so would one of a timer, which goes on for the half second in which
    the node waits for the last fills.

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
        if name not in _SENDS:
            return call
        ending = self._ending

        def observed(*arguments: Any, **words: Any) -> Any:
            if ending.is_draining or self._has_stopped:
                self.dropped += 1
                return None
            self._sent_s.append(time.monotonic())
            return call(*arguments, **words)

        return observed
