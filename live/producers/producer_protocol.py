"""ProducerProcess: the protocol of a producer process and the process that started it.

The child prints ``ready``. The parent writes ``start <T0>`` (UNIX nanoseconds) to the child's
standard input and keeps it open: it is the child's lifeline. At its end the child prints one
line of JSON.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say
from adapters.process.closed_output import end_quietly_without_readers
from adapters.process.stop_signals import StopSignals
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

HEARTBEAT_INTERVAL_S: Final = 0.1
_STDIN: Final = 0


class ProducerProcess:
    """The child's end: waits that a signal or the parent's death cuts short.

    Parameters
    ----------
    heartbeat : callable
        Called about every 100 ms from within the waits, such as ``FactorWriter.heartbeat``.
    has_parent : bool
        Whether standard input is the lifeline to a parent.

    Notes
    -----
    Handles the stop signals and standard input; one for each process, on its main thread.

    """

    def __init__(self, heartbeat: Callable[[], None], *, has_parent: bool = True) -> None:
        self._heartbeat: Final = heartbeat
        self._parent: Final = [_STDIN] if has_parent else []
        self._beat_at_s = time.monotonic()
        self._stopping = False
        self._line = b""
        # A signal just before the select still ends it: its byte is in the pipe.
        self._signal_fd, signal_write_fd = os.pipe()
        os.set_blocking(signal_write_fd, False)
        signal.set_wakeup_fd(signal_write_fd, warn_on_full_buffer=False)
        StopSignals(self._stop, self._stop).take_over()
        # A parent that has ended reads no more of what is said here.
        end_quietly_without_readers()

    def wait_for_start(self) -> int | None:
        """Print ``ready`` and wait for the parent's answer.

        Returns
        -------
        int or None
            T0 in UNIX nanoseconds, or None if the process was asked to stop instead.

        Raises
        ------
        ConfigError
            If the parent writes something else.

        """
        say("ready")
        while b"\n" not in self._line:
            if not self.wait(HEARTBEAT_INTERVAL_S):
                return None
        word, _, start_ns = self._line.partition(b"\n")[0].decode(errors="replace").partition(" ")
        if word != "start" or not start_ns.isdecimal():
            found = f"{word} {start_ns}"
            msg = f"standard input: expected 'start <UNIX nanoseconds>', found {found!r}"
            raise ConfigError(msg)
        return int(start_ns)

    def wait(self, timeout_s: float) -> bool:
        """Sleep, and return whether to continue; 0 or less only checks, within microseconds."""
        end_s = time.monotonic() + timeout_s
        while not self._stopping:
            left_s = end_s - time.monotonic()
            slice_s = min(max(left_s, 0.0), HEARTBEAT_INTERVAL_S)
            readable, _, _ = select.select([*self._parent, self._signal_fd], [], [], slice_s)
            if _STDIN in readable:
                self._read_stdin()
            self._beat()
            if left_s <= HEARTBEAT_INTERVAL_S:
                break
        return not self._stopping

    def wait_until(self, unix_ns: int) -> bool:
        """Sleep until an instant of the wall clock, and return whether to continue."""
        while (left_ns := unix_ns - time.time_ns()) > 0:
            if not self.wait(left_ns / 1e9):
                return False
        return self.wait(0)

    def _read_stdin(self) -> None:
        received = os.read(_STDIN, 4096)
        self._line += received
        if not received:
            self._stopping = True

    def _beat(self) -> None:
        now_s = time.monotonic()
        if now_s - self._beat_at_s >= HEARTBEAT_INTERVAL_S:
            self._beat_at_s = now_s
            self._heartbeat()

    def _stop(self, name: str) -> None:
        self._stopping = True


def report(**figures: Any) -> None:
    """Print the line of JSON with which a producer ends."""
    say(json.dumps(figures))
