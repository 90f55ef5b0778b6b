"""AlarmTail: the last alarms of a watchdog's alarm file."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Final

import orjson

from adapters.process.safe_files import UnusableFileError, open_file
from dolphin_strategies.errors import printable
from live.monitoring.watching.pictures import AlarmPicture

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = 20
READ_BYTES: Final = 1 << 16


class AlarmTail:
    """Follow a file of lines of JSON, from its last 64 KiB on.

    Parameters
    ----------
    path : Path
        The watchdog's ``--alarm-file``; it may come later.

    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._alarms: Final[deque[AlarmPicture]] = deque(maxlen=KEPT)
        self._seen = (0, 0, 0)
        self.problem = ""

    def look(self) -> tuple[AlarmPicture, ...]:
        """Return the last alarms, newest first."""
        try:
            fd = open_file(self.path, os.O_RDONLY)
        except FileNotFoundError:
            self.problem = ""
            return ()
        except UnusableFileError as error:
            self.problem = printable(str(error))
            return ()
        try:
            found = os.fstat(fd)
            seen = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen != self._seen:
                self._seen = seen
                self._read(os.pread(fd, READ_BYTES, max(0, found.st_size - READ_BYTES)))
        finally:
            os.close(fd)
        return tuple(reversed(self._alarms))

    def _read(self, content: bytes) -> None:
        self._alarms.clear()
        for line in content.split(b"\n"):
            try:
                row = orjson.loads(line)
                self._alarms.append(
                    AlarmPicture(
                        at_ns=int(row["at_ns"]),
                        **{name: _text(row[name]) for name in ("kind", "node", "text")},
                    )
                )
            except (ValueError, TypeError, KeyError):
                continue  # cut at its beginning, empty, or half written


def _text(value: object) -> str:
    return printable(" ".join(str(value)[:500].split()))
