"""PipeOutbox: bytes for another process, which wait in memory while its pipe is full."""

from __future__ import annotations

import os
from typing import Final

ROOM_BYTES: Final = 64 << 20
"""Bytes that may wait for a full pipe; further frames are refused."""
_CHUNK_BYTES: Final = 1 << 20


class PipeOutbox:
    """Writes frames to a pipe without ever waiting or raising.

    Parameters
    ----------
    fd : int
        The pipe's writing end; non-blocking.
    room_bytes : int
        How much may wait.

    Attributes
    ----------
    problem : str
        Why the pipe cannot be used any more; empty while it is usable.

    """

    def __init__(self, fd: int, room_bytes: int = ROOM_BYTES) -> None:
        self.problem = ""
        self._fd: Final = fd
        self._room = room_bytes
        self._buffer = bytearray()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the pipe has not accepted yet."""
        return len(self._buffer)

    @property
    def has_room(self) -> bool:
        """Whether :meth:`put` accepts a frame."""
        return len(self._buffer) < self._room

    def put(self, frame: bytes) -> bool:
        """Add a frame if there is room; return whether there was."""
        if len(self._buffer) >= self._room:
            return False
        self._buffer += frame
        return True

    def put_always(self, frame: bytes) -> None:
        """Add a small frame without which the others have no meaning; dropped after a problem."""
        if not self.problem:
            self._buffer += frame

    def flush(self) -> None:
        """Write as much as the pipe accepts without blocking."""
        buffer = self._buffer
        try:
            while buffer:
                # A copy, because a view of the buffer would keep it from growing.
                del buffer[: os.write(self._fd, bytes(buffer[:_CHUNK_BYTES]))]
        except BlockingIOError:
            return
        except OSError as error:
            self.give_up(error.strerror or str(error))

    def give_up(self, problem: str) -> None:
        """Accept no more frames, and forget those that wait."""
        self.problem = self.problem or problem
        self._room = 0
        self._buffer.clear()
