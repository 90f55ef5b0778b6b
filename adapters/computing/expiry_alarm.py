"""ExpiryAlarm: the one clock alert for the next instant at which an input becomes too old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dolphin_strategies.computed.computed_factor import NEVER

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nautilus_trader.common import Clock

EXPIRY_ALERT: Final = "dolphin.computing.expiry"


class ExpiryAlarm:
    """Calls at an instant, unless an earlier one is set or it is cancelled.

    Parameters
    ----------
    clock : Clock
        The actor's clock.
    loop : asyncio.AbstractEventLoop, optional
        The loop of a live node, which calls at once for an instant that has passed.
    call : callable
        What to call.

    Attributes
    ----------
    at_ns : int
        The instant, UNIX nanoseconds; ``NEVER`` if none is set.

    """

    __slots__ = ("_alerts", "_call", "_clock", "_loop", "_name", "at_ns")

    def __init__(
        self, clock: Clock, loop: asyncio.AbstractEventLoop | None, call: Callable[[], None]
    ) -> None:
        self._clock: Final = clock
        self._loop: Final = loop
        self._call: Final = call
        self._alerts = 0
        self._name = ""
        self.at_ns = NEVER

    def set(self, at_ns: int) -> None:
        """Call at an instant, UNIX nanoseconds, instead of the one that is set."""
        self.cancel()
        self.at_ns = at_ns
        if self._loop is not None and at_ns <= self._clock.timestamp_ns():
            # In a turn of its own, so that data which is there already comes first.
            self._loop.call_soon(self._ring, None)
            return
        # Numbered: the name of the alert that is firing may still be in use.
        self._alerts += 1
        self._name = f"{EXPIRY_ALERT}-{self._alerts}"
        self._clock.set_time_alert_ns(self._name, at_ns, self._ring)

    def cancel(self) -> None:
        """Call no more; safe to call again."""
        if self._name:
            self._clock.cancel_timer(self._name)
        self.at_ns, self._name = NEVER, ""

    def _ring(self, event: object) -> None:
        if self.at_ns != NEVER:
            self.at_ns, self._name = NEVER, ""
            self._call()
