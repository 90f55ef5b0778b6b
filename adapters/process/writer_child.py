"""WriterChild: a process that writes files for this one, and the pipe into it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.process.child import Child, ChildError
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

PIPE_BYTES: Final = 1 << 20
READY_TIMEOUT_S: Final = 30.0
END_TIMEOUT_S: Final = 20.0
"""The limit for converting the rest into files, on a slow disk."""
_LOOK_S: Final = 0.1


class RecordingError(DolphinError):
    """Nothing can be recorded; nothing was started."""


class Outbox(Protocol):
    """Frames for a pipe."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the pipe has not accepted yet."""

    def flush(self) -> None:
        """Write as much as the pipe accepts without blocking."""


class WriterChild[Frames: Outbox]:
    """Starts a writer, sends frames without waiting, and reads its status.

    Parameters
    ----------
    command : sequence of str
        The command line of a process that calls
        :func:`~adapters.process.writer_process.write_until_end`.
    name : str
        The writer's name, for errors.
    outbox : callable
        Makes the outbox of the pipe's writing end.

    Attributes
    ----------
    outbox : Outbox
        The frames to be written.
    status : dict
        The last report of the writer: ``recorded``, ``dropped``, ``problem``, and more.

    Raises
    ------
    RecordingError
        If the writer cannot be started, or cannot write.

    """

    def __init__(self, command: Sequence[str], name: str, outbox: Callable[[int], Frames]) -> None:
        self.status: Final[dict[str, Any]] = {"recorded": 0, "dropped": 0, "problem": ""}
        self._is_watching = False
        self._child: Final = Child(command)
        try:
            self._wait_until_ready(name)
        except BaseException:
            self._child.kill()
            raise
        os.set_blocking(self._child.into, False)
        with suppress(OSError):
            fcntl.fcntl(self._child.into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.outbox: Final = outbox(self._child.into)

    def _wait_until_ready(self, name: str) -> None:
        try:
            self._child.wait_for(self._is_answer, READY_TIMEOUT_S, name)
        except ChildError as error:
            raise RecordingError(str(error)) from None
        if "error" in self.status:
            raise RecordingError(str(self.status["error"]))

    def _is_answer(self, line: str) -> bool:
        self.status.update(json.loads(line))
        return bool({"ready", "error"} & self.status.keys())

    @property
    def pid(self) -> int:
        """The writer's process identifier."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether the writer's process runs."""
        return self._child.exit_code is None

    def hand_over(self, loop: asyncio.AbstractEventLoop, again: Callable[[], None]) -> None:
        """Write as much as the pipe accepts without blocking.

        Parameters
        ----------
        loop : asyncio.AbstractEventLoop
            The loop of the caller.
        again : callable
            Called on the loop as soon as the pipe has room for more.

        """
        self.outbox.flush()
        is_waiting = self.outbox.waiting_bytes > 0
        if is_waiting == self._is_watching:
            return
        self._is_watching = is_waiting
        if is_waiting:
            loop.add_writer(self._child.into, again)
        else:
            loop.remove_writer(self._child.into)

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop watching the pipe and the status."""
        with suppress(OSError, ValueError):
            loop.remove_writer(self._child.into)

    def read_status(self) -> bool:
        """Read the writer's reports, without waiting; return whether it is still running."""
        while lines := self._child.lines(0):
            for line in lines:
                self.status.update(json.loads(line))
        return lines is not None

    def end(self) -> None:
        """Send the rest and wait for the files, within a limit."""
        deadline_s = time.monotonic() + END_TIMEOUT_S
        while self.outbox.waiting_bytes and time.monotonic() < deadline_s:
            select.select([], [self._child.into], [], _LOOK_S)
            self.outbox.flush()
        self._child.close_input()
        while (left_s := deadline_s - time.monotonic()) > 0:
            lines = self._child.lines(left_s)
            if lines is None:
                break
            for line in lines:
                self.status.update(json.loads(line))
        self._child.wait(max(deadline_s - time.monotonic(), _LOOK_S))

    def kill(self) -> None:
        """Kill the writer, which loses unwritten frames."""
        self._child.kill()
