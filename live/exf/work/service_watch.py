"""ServiceWatch: a hang of a streaming service's thread is noticed, told and ended."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.process.stop_signals import LEFT_AT_ONCE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adapters.process.hanging.hang_watch import HangWatch


class ServiceWatch:
    """Watch the thread of a service from outside, once it streams.

    Data clients and computed factors run on the same thread as the polls, in C and in Python: what
    does not return there stops every factor.

    Parameters
    ----------
    log_file : Path, optional
        Takes what is told, if the service has no terminal.
    stop_timeout_s : float
        From the request to stop to the forced end, seconds.

    """

    def __init__(self, log_file: Path | None, stop_timeout_s: float) -> None:
        self._log: Final = "" if log_file is None else str(log_file.absolute())
        self._stop_timeout_s: Final = stop_timeout_s
        self._watch: HangWatch | None = None

    @contextmanager
    def over(
        self,
        loop: asyncio.AbstractEventLoop,
        is_stopping: Callable[[], bool],
        on_hang: Callable[[str], object],
    ) -> Iterator[None]:
        """Watch a loop, on the main thread.

        Parameters
        ----------
        loop : asyncio.AbstractEventLoop
            The service's loop.
        is_stopping : callable
            Whether the service was asked to stop.
        on_hang : callable
            Called with the reason once the loop turns again after a hang that was too long.

        """
        from adapters.process.hanging.hang_watch import HangWatch  # noqa: PLC0415 - for streams only

        with HangWatch(lambda text: say(text, to=sys.stderr)) as watch:
            watch.report(
                owner="service",
                has_node=True,
                is_running=True,
                stop_notice="",
                left_open="",
                stop_timeout_s=self._stop_timeout_s,
                log=self._log,
            )
            watch.follow(loop, lambda: {"is_stopping": is_stopping()}, on_hang)
            self._watch = watch
            try:
                yield
            finally:
                watch.report(has_ended=True)
                self._watch = None

    def ending(self, code: int) -> None:
        """Tell that the loop is over: what is left may take its time on the thread."""
        if self._watch is not None:
            self._watch.report(has_ended=True, code=code)

    def second_signal(self, name: str) -> None:
        """End the process at a second request to stop, if no watch does so."""
        if self._watch is None:
            os._exit(LEFT_AT_ONCE)
        self._watch.leave_unwatched(name)
