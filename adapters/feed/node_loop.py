"""NodeLoop: the asyncio loop of a node, which other threads wake only when it sleeps."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Final

from adapters.feed.busy_time import BusyTime

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context
    from selectors import SelectorKey


class NodeLoop(asyncio.SelectorEventLoop):
    """The loop to run a node in: ``asyncio.run(main(), loop_factory=NodeLoop)``.

    Nautilus's threads call ``call_soon_threadsafe`` for each piece of market data. In a loop of
    asyncio's own each call writes a byte into a socket and gives the interpreter's lock away
    meanwhile, and the node's thread reads it back: 20 to 50 µs in which no factor is read, also
    when the loop is not asleep. This loop is woken by a byte only when it sleeps; a spinning feed
    never lets it sleep.

    Attributes
    ----------
    busy : BusyTime
        When the loop's thread was last busy.

    """

    def __init__(self) -> None:
        self.busy: Final = BusyTime()
        self._selector_of_node: Final = _Selector(self.busy)
        super().__init__(self._selector_of_node)

    def call_soon_threadsafe[*Ts](
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call a function on the loop's thread; for every thread."""
        if self.get_debug():
            return super().call_soon_threadsafe(callback, *args, context=context)
        handle = self.call_soon(callback, *args, context=context)
        selector = self._selector_of_node
        # The loop says that it sleeps before it looks at this, so that one sees the other.
        selector.has_calls = True
        if selector.sleeps:
            super().call_soon_threadsafe(_nothing)
        return handle


class _Selector(selectors.EpollSelector):
    """Waits only if no thread has left a call meanwhile, and notes when it waits."""

    def __init__(self, busy: BusyTime) -> None:
        super().__init__()
        self._busy: Final = busy
        self.sleeps = False
        self.has_calls = False

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self._busy.begin_free()
        if timeout is None or timeout > 0:
            self.sleeps = True
            if self.has_calls:
                timeout = 0
        self.has_calls = False
        ready = super().select(timeout)
        self.sleeps = False
        self._busy.end_free()
        return ready


def busy_time_of(loop: asyncio.AbstractEventLoop) -> BusyTime:
    """Return when a loop's thread was last busy; never, as far as is known of another loop."""
    return loop.busy if isinstance(loop, NodeLoop) else BusyTime()


def _nothing() -> None:
    """Do nothing: the call has woken the loop."""
