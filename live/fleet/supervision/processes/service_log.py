"""ServiceLog: the output of a service in a file of bounded size, and the older one beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.process.safe_files import UnusableFileError, open_file, open_private
from adapters.process.whole_files import write_private
from dolphin_strategies.errors import printable

if TYPE_CHECKING:
    from pathlib import Path

_TAIL_BYTES: Final = 8_192
_NEWER: Final = ".log"
_OLDER: Final = ".log.1"


class ServiceLog:
    """The log of a service, written by its process through a descriptor that it inherits.

    Parameters
    ----------
    folder : Path
        The folder of the logs.
    name : str
        The service.
    most_bytes : int
        The size at which what is in the file moves to the older one.

    Notes
    -----
    The file is copied and then emptied, because its writer goes on with the same descriptor, and
    outlives the supervisor. Lines written between the two, some microseconds, are lost; while no
    supervisor runs, the file grows.

    """

    def __init__(self, folder: Path, name: str, most_bytes: int) -> None:
        self.path: Final = folder / f"{name}{_NEWER}"
        self._older: Final = folder / f"{name}{_OLDER}"
        self._most_bytes: Final = most_bytes

    def open(self) -> int:
        """Open it for a service; return the descriptor, which appends.

        Raises
        ------
        UnusableFileError
            If it cannot be made or is somebody else's.

        """
        return open_private(self.path, appends=True)

    def bound(self) -> None:
        """Move what is in it to the older file if it is too long."""
        with suppress(OSError, UnusableFileError):
            if self.path.stat().st_size < self._most_bytes:
                return
            fd = open_file(self.path, os.O_RDWR)
            try:
                size = os.fstat(fd).st_size
                kept = min(size, self._most_bytes)
                write_private(self._older, os.pread(fd, kept, size - kept))
                os.ftruncate(fd, 0)
            finally:
                os.close(fd)

    def tail(self, lines: int, most_bytes: int = _TAIL_BYTES) -> list[str]:
        """Return its last lines; none without a file."""
        try:
            fd = open_file(self.path, os.O_RDONLY)
        except (OSError, UnusableFileError):
            return []
        try:
            size = os.fstat(fd).st_size
            text = os.pread(fd, most_bytes, max(size - most_bytes, 0)).decode(errors="replace")
        finally:
            os.close(fd)
        return [printable(line) for line in text.splitlines()[-lines:]]

    def last_line(self) -> str:
        """Return the last line that is not empty, for one sentence; empty without one."""
        return next((s[:200] for line in reversed(self.tail(20)) if (s := line.strip())), "")
