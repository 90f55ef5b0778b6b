"""RunEnding: the reason and the exit code of the end of a node's run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from adapters.process.hanging.hang_rules import FAILED, OK
from adapters.process.stop_signals import call_soon

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nautilus_trader.live import LiveNodeHandle

DRAIN_S: Final = 1.5
"""How long the node's stop waits, for orders that are on their way to the venue say."""
DRAIN_CHECK_S: Final = 0.02


class RunEnding:
    """The first reason to end a run, and the request to the node that follows from it.

    Parameters
    ----------
    on_stop : callable
        Called once, when the node is asked to stop.

    Notes
    -----
    Used on the node's thread; :meth:`request` also in a signal handler there.

    """

    def __init__(self, on_stop: Callable[[], object]) -> None:
        self.reason = ""
        self.code = OK
        self._on_stop: Final = on_stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: LiveNodeHandle | None = None
        self._waits: Final[list[Callable[[], bool]]] = []
        self._drain_until_s = 0.0
        self.is_draining = False

    def attach(
        self,
        loop: asyncio.AbstractEventLoop,
        handle: LiveNodeHandle,
        has_orders_on_their_way: Callable[[], bool],
    ) -> None:
        """Set the node to stop, the loop on which it runs, and what its stop waits for."""
        self._loop, self._handle = loop, handle
        self.wait_for(has_orders_on_their_way)

    def wait_for(self, is_busy: Callable[[], bool]) -> None:
        """Have the stop wait, ``DRAIN_S`` at most, until the function returns False too."""
        self._waits.append(is_busy)

    @property
    def is_running(self) -> bool:
        """Whether the node runs now."""
        return self._handle is not None and self._handle.is_running

    def request(self, name: str) -> None:
        """Stop because of a signal, soon: the loop may be inside the code that it interrupted."""
        if self._loop is None:
            self.stop(f"stopped by {name}")
        else:
            call_soon(self._loop, self.stop, f"stopped by {name}")

    def stop(self, reason: str) -> None:
        """Request the node to stop; only the first reason is kept."""
        if not self.reason:
            self.reason = reason
            self._on_stop()
            self._drain_until_s = time.monotonic() + DRAIN_S
            self.ask_again()

    def ask_again(self) -> None:
        """Repeat an earlier request: a node ignores one made while it started."""
        if not self.reason or self._handle is None or self._loop is None:
            return
        # Orders far back in Nautilus's queue would be filled after it has closed the positions.
        late = time.monotonic() >= self._drain_until_s
        self.is_draining = self.is_running and not late and any(w() for w in self._waits)
        if self.is_draining:
            self._loop.call_later(DRAIN_CHECK_S, self.ask_again)
        else:
            self._handle.stop()

    def fail_soon(self, reason: str) -> None:
        """Stop as failed, soon: from a signal handler, or from another thread."""
        if self._loop is None:
            self.fail(reason)
        else:
            call_soon(self._loop, self.fail, reason)

    def fail(self, reason: str) -> None:
        """Stop, and end with the exit code of a failure."""
        self.code = FAILED
        self.stop(reason)
