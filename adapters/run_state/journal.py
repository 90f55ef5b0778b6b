"""Journal: lines of JSON that are only ever appended, each on the disk before the call returns."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

import orjson

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class JournalError(DolphinError):
    """A journal cannot be written or read."""


class Journal:
    """One file, of mode 0600, to which several processes may append.

    Parameters
    ----------
    path : Path
        The file; made if missing.
    open_appending : callable
        Opens a file of this user to append to, and makes a missing one with mode 0600.
    open_reading : callable
        Opens a file of this user with flags as of ``os.open``.

    Notes
    -----
    A line is one write with ``O_APPEND`` and then ``fsync``. What a kill leaves of a line is
    closed by the next one's line break, and skipped on reading.

    """

    def __init__(
        self,
        path: Path,
        open_appending: Callable[[Path], int],
        open_reading: Callable[[Path, int], int],
    ) -> None:
        self.path: Final = path
        self._open_appending: Final = open_appending
        self._open_reading: Final = open_reading

    def append(self, event: str, **entry: Any) -> None:
        """Append what happened, with this process's id and the time.

        Raises
        ------
        JournalError
            If it is not certain to be on the disk.
        DolphinError
            As ``open_appending`` raises it.

        """
        now_ns = time.time_ns()
        row = {"at": _text(now_ns), "at_ns": now_ns, "pid": os.getpid(), "event": event, **entry}
        try:
            fd = self._open_appending(self.path)
            try:
                # The break before it closes what a kill may have left.
                line = b"\n" + orjson.dumps(row) + b"\n"
                if os.write(fd, line) != len(line):
                    msg = f"{self.path}: there is no room for a line"
                    raise JournalError(msg)
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            msg = f"{self.path} cannot be written: {error.strerror}"
            raise JournalError(msg) from None

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries, oldest first; none of a file that is not there.

        Raises
        ------
        JournalError
            If it cannot be read.
        DolphinError
            As ``open_reading`` raises it.

        """
        try:
            fd = self._open_reading(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return []
        with os.fdopen(fd, "rb") as file:
            try:
                return [*_rows(file.read())]
            except OSError as error:
                msg = f"{self.path} cannot be read: {error.strerror}"
                raise JournalError(msg) from None


def _rows(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.split(b"\n"):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # empty, or left by a kill
        if isinstance(row, dict) and "event" in row:
            yield row


def _text(now_ns: int) -> str:
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ns // 1_000_000_000))
    return f"{second}.{now_ns // 1_000_000 % 1000:03d}Z"
