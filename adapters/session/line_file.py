"""LineFile: lines appended to a file, each whole or not at all, even when the disk is full."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

ROOM_BYTES: Final = 4 << 20
"""Bytes that may wait while the disk is full."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LineFile:
    """Gathers lines and appends them; a failed write is retried.

    Attributes
    ----------
    dropped : int
        Lines for which there was no room while the file could not be written.
    problem : str
        Why the last write failed; empty if it succeeded.

    Raises
    ------
    OSError
        If the file exists or cannot be made.

    """

    def __init__(self, path: Path) -> None:
        self.dropped = 0
        self.problem = ""
        self._path: Final = path
        self._fd: Final = os.open(path, _FLAGS, 0o600)
        self._size = 0
        self._lines: list[bytes] = []
        self._waiting_bytes = 0

    def append(self, line: bytes) -> None:
        """Add a line, given without its newline."""
        if self._waiting_bytes + len(line) > ROOM_BYTES:
            self.dropped += 1
            return
        self._lines.append(line + b"\n")
        self._waiting_bytes += len(line) + 1

    def flush(self) -> None:
        """Write all lines, or none."""
        if not self._lines:
            return
        content = b"".join(self._lines)
        try:
            written = 0
            while written < len(content):
                written += os.pwrite(self._fd, content[written:], self._size + written)
        except OSError as error:
            self.problem = f"{self._path} cannot be written: {error}"
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)
            return
        self.problem = ""
        self._size += len(content)
        self._lines.clear()
        self._waiting_bytes = 0

    def close(self) -> None:
        """Write the remaining lines, and close the file."""
        self.flush()
        os.close(self._fd)
