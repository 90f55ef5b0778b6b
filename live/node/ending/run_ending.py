"""RunEnding: the reason and the exit code of the end of a node's run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.process.hang_rules import FAILED, OK
from adapters.process.stop_signals import call_soon

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nautilus_trader.live import LiveNodeHandle


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

    def attach(self, loop: asyncio.AbstractEventLoop, handle: LiveNodeHandle) -> None:
        """Set the node to stop, and the loop on which it runs."""
        self._loop, self._handle = loop, handle

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
            self.ask_again()

    def ask_again(self) -> None:
        """Repeat an earlier request: a node ignores one made while it started."""
        if self.reason and self._handle is not None:
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
