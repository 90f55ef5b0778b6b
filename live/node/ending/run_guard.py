"""RunGuard: what would end a running node on the spot, or only be printed, stops it in order."""

from __future__ import annotations

import signal
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say
from adapters.process.hanging.hang_rules import FAILED
from dolphin_strategies.errors import describe_error
from live.node.ending.orderly_exits import orderly_exits

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from types import FrameType

    from adapters.process.stop_signals import StopSignals
    from live.node.ending.run_ending import RunEnding

STRAY: Final = tuple(
    getattr(signal, name)
    for name in ("SIGALRM", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGPROF", "SIGXCPU", "SIGIO")
)
"""Signals that end a process which does not handle them."""


class RunGuard:
    """Guards a run: exits, errors that would only be printed, signals that nothing handles.

    Parameters
    ----------
    ending : RunEnding
        The run's ending, which stops the node.
    signals : StopSignals
        The handlers of the stop signals.

    Notes
    -----
    On the main thread, except for what another thread calls of ``os``.

    """

    def __init__(self, ending: RunEnding, signals: StopSignals) -> None:
        self._ending: Final = ending
        self._signals: Final = signals

    @contextmanager
    def over(self) -> Iterator[None]:
        """Guard until the context is left."""
        stray = [n for n in STRAY if signal.getsignal(n) == signal.SIG_DFL]
        self._signals.take_over()
        for number in stray:
            signal.signal(number, self._on_stray)
        try:
            with orderly_exits(self._on_exit):
                yield
        finally:
            for number in stray:
                signal.signal(number, signal.SIG_DFL)

    def look(self) -> None:
        """Take the stop signals back if something else has taken or blocked them."""
        if names := self._signals.take_back():
            say(
                f"{', '.join(names)} had another handler or were blocked; taken back",
                to=sys.stderr,
            )

    def on_hook_error(self, name: str, error: BaseException) -> None:
        """Fail, also if the run is stopping already: Nautilus only logs the exception."""
        self._ending.code = FAILED
        say(f"{name} raised {describe_error(error)}", to=sys.stderr)

    def on_callback_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stop the node: asyncio itself would only print the error, and trading would continue."""
        error = context.get("exception")
        say(f"Error in a callback: {context.get('message')}", to=sys.stderr)
        if error is not None:
            traceback.print_exception(error)
        what = context.get("message") if error is None else describe_error(error)
        self._ending.fail(f"an error in a callback: {what}")

    def _on_exit(self, call: str) -> None:
        say(f"{call} was called; stopping the node instead", to=sys.stderr)
        self._ending.fail_soon(f"{call} was called")

    def _on_stray(self, number: int, frame: FrameType | None) -> None:
        self._ending.fail_soon(f"{signal.Signals(number).name} came, which nothing handles")
