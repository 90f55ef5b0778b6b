"""TimeAlert: the one clock alert at which the next position's time is up."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.common import Clock

    from dolphin_strategies.exits.holding.held_position import HeldPosition

EXIT_ALERT: Final = "dolphin.exit-time"


class TimeAlert:
    """Calls at the instants that positions are due, also when no data come.

    Parameters
    ----------
    clock : Clock
        The strategy's.
    on_due : callable
        Called with a position and the instant, UNIX nanoseconds.

    """

    def __init__(self, clock: Clock, on_due: Callable[[HeldPosition, int], None]) -> None:
        self._clock: Final = clock
        self._on_due: Final = on_due
        self._waiting: Final[list[tuple[int, int, HeldPosition]]] = []
        self._number = 0
        self._next_ns: int | None = None

    def add(self, due_ns: int, held: HeldPosition) -> None:
        """Call for a position at an instant, or at once if that has passed.

        Parameters
        ----------
        due_ns : int
            UNIX nanoseconds of the strategy's clock.
        held : HeldPosition
            The position.

        """
        self._number += 1
        heapq.heappush(self._waiting, (due_ns, self._number, held))
        self._set()

    def _set(self) -> None:
        """Set the alert for the first position, unless it is set."""
        if not self._waiting:
            return
        due_ns = self._waiting[0][0]
        if self._next_ns is not None and self._next_ns <= due_ns:
            return
        self._next_ns = due_ns
        # A name of its own: the one that is firing may still be in use.
        self._number += 1
        at_ns = max(due_ns, self._clock.timestamp_ns())
        self._clock.set_time_alert_ns(f"{EXIT_ALERT}-{self._number}", at_ns, self._on_alert)

    def _on_alert(self, event: object) -> None:
        self._next_ns = None
        now_ns = self._clock.timestamp_ns()
        while self._waiting and self._waiting[0][0] <= now_ns:
            _, _, held = heapq.heappop(self._waiting)
            self._on_due(held, now_ns)
        self._set()
