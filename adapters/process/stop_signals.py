"""StopSignals: SIGINT, SIGTERM and SIGHUP as requests to stop, each request counted once."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from os import _exit  # at import: a node replaces the one of the module

# Not from typing: importing that, or contextlib, would take longer than all else until a script
# handles its first signal.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable
    from sys import UnraisableHookArgs
    from types import FrameType, TracebackType
    from typing import Final, Self

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COPY_S: Final = 1.0
"""How long after a request further signals are copies of it.

A signal to a whole process group reaches this process twice if ``uv run`` is in the group, because
uv forwards its own copy (SIGTERM at once, SIGINT after 0.2 s); ``timeout`` sends one more.
"""
LEFT_AT_ONCE: Final = 130
"""Exit code of a process that a second request ended."""
SWITCH_SIGNALS: Final = (signal.SIGUSR1, signal.SIGUSR2)
"""Commands to a node: see ``switch_server``."""
_early: Final[set[int]] = set()


class StopRequests:
    """Distinguish a second request to stop from a copy of the first.

    Copies do not prolong the time in which copies are ignored, so that repeated Ctrl-C ends the
    process after a second.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last_s = 0.0

    def add(self, now_s: float) -> bool:
        """Return whether a stop signal is a request of its own, which is then counted.

        Parameters
        ----------
        now_s : float
            When the signal came, in seconds of the monotonic clock.

        """
        if self.count and now_s - self._last_s < COPY_S:
            return False
        self.count += 1
        self._last_s = now_s
        return True


class StopSignals:
    """Handle the stop signals of a process; a context that restores the previous handlers.

    Parameters
    ----------
    on_first : callable
        Called with the signal's name at the first request.
    on_second : callable
        Called with the signal's name at each later request.

    Notes
    -----
    On the main thread only. Both callables run there between two bytecodes of other code, so they
    must do as little as a signal handler: see :func:`call_soon`.

    """

    def __init__(
        self, on_first: Callable[[str], object], on_second: Callable[[str], object]
    ) -> None:
        self._on_first: Final = on_first
        self._on_second: Final = on_second
        self.requests: Final = StopRequests()
        self._previous: dict[int, object] = {}

    def take_over(self) -> None:
        """Handle the stop signals from now on."""
        for number in STOP_SIGNALS:
            # nohup has the hangup ignored, so that a run outlives its terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._on_signal)

    def take_back(self) -> list[str]:
        """Handle again, and unblock, what is no longer handled here; return the signals' names."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        lost = [
            number
            for number in map(signal.Signals, self._previous)
            if number in blocked or signal.getsignal(number) != self._on_signal
        ]
        for number in lost:
            signal.signal(number, self._on_signal)
        if blocked.intersection(lost):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, lost)
        return [number.name for number in lost]

    def restore(self) -> None:
        """Restore the previous handlers."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # as signal.signal gave it

    def __enter__(self) -> Self:
        self.take_over()
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requests.add(time.monotonic()):
            handle = self._on_first if self.requests.count == 1 else self._on_second
            handle(signal.Signals(number).name)


def call_soon(
    loop: asyncio.AbstractEventLoop, call: Callable[..., object], *arguments: object
) -> None:
    """Schedule a call on a loop from a signal handler; do nothing if the loop is closed.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The loop that calls.
    call : callable
        What is called, on the loop's thread.
    *arguments
        Its arguments.

    """
    if not loop.is_closed():
        loop.call_soon_threadsafe(call, *arguments)


def ignore_stop_signals() -> None:
    """Ignore the stop signals from now on, in this process only."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def leave_at_stop_signals(command: str, code: int) -> None:
    """End the process at a stop signal, until something else handles it.

    For the first lines of a script: its imports take a second, in which nothing is open yet. From
    its end on, while the interpreter is taken down, SIGINT changes nothing: Python has let go of
    its handlers by then, and the kernel's would replace the exit code. The end is the script's
    own too if nobody reads its output any more.

    Parameters
    ----------
    command : str
        The script's name.
    code : int
        The exit code.

    """

    def leave(name: str) -> None:
        try:
            os.write(2, f"{command}: ended by {name}\n".encode())
        finally:
            _exit(code)

    StopSignals(leave, leave).take_over()
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    # After the signals are handled: what it imports takes longer than that.
    from adapters.process.closed_output import end_quietly_without_readers  # noqa: PLC0415

    end_quietly_without_readers()


def keep_early_signals(numbers: Iterable[int]) -> None:
    """Keep these signals for whoever handles them later: see :func:`take_early_signals`.

    For the first lines of a script too: each would end the process.
    """
    for number in numbers:
        signal.signal(number, lambda found, frame: _early.add(found))


def take_early_signals() -> set[int]:
    """Return the signals that were kept since the last call."""
    found = {*_early}
    _early.difference_update(found)
    return found


def interrupt_at_stop_signals() -> StopRequests:
    """Raise KeyboardInterrupt at the first request, so that contexts close; exit at a second.

    Where it comes in the middle of an import, other packages may raise an ImportError or an
    AttributeError for it: nobody handling that after a request, the process ends as the request
    does, and what cannot be raised is not shown.
    """

    def interrupt(name: str) -> None:
        raise KeyboardInterrupt(name)

    def leave(name: str) -> None:
        _exit(LEFT_AT_ONCE)

    signals = StopSignals(interrupt, leave)
    signals.take_over()
    show, show_unraisable = sys.excepthook, sys.unraisablehook

    def show_or_leave(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        # What a broken-off import makes of the interruption; anything else is a fault.
        is_of_it = issubclass(kind, KeyboardInterrupt | ImportError | AttributeError)
        if not signals.requests.count or not is_of_it:
            show(kind, error, trace)
            return
        try:
            os.write(2, f"{sys.argv[0].rpartition('/')[2]}: ended by a signal\n".encode())
            sys.stdout.flush()
        finally:
            _exit(LEFT_AT_ONCE)

    def show_or_omit(unraisable: UnraisableHookArgs) -> None:
        if not signals.requests.count:
            show_unraisable(unraisable)

    sys.excepthook, sys.unraisablehook = show_or_leave, show_or_omit
    return signals.requests
