"""Forks of a proof's process that do one thing until they are killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable


_SET_DEATH_SIGNAL: Final = 1


class Fork:
    """A running fork, ended by ``kill`` or the end of a ``with`` block."""

    def __init__(self, pid: int) -> None:
        self.pid: Final = pid
        self._is_there = True

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for its own end; return its exit code."""
        _, status = os.waitpid(self.pid, 0)
        self._is_there = False
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """End it with SIGKILL and wait for it; safe to call again."""
        if self._is_there:
            self._is_there = False
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def forked(act: Callable[[], object]) -> Fork:
    """Run ``act`` in a fork of this process."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            # Ended with this process, however that ends.
            ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
            act()
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return Fork(pid)
