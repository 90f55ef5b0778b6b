"""LogLines: what Nautilus logs at WARN and above, read back as it is logged."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from nautilus_trader.common import FileWriterConfig, LoggerConfig, LogLevel, logger_flush

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "warnings"
LOOK_S: Final = 0.05
"""How often to look: the node's own check for errors is made every 0.1 s."""
READ_BYTES: Final = 1 << 18
SHOWN: Final = 200
"""Characters of a message that are kept."""
_LINE: Final = re.compile(
    rb'.*?"level":"(\w+)".*?"component":"([^"]*)","message":"(.*)', re.DOTALL
)
_PUNCH_KEEPING_SIZE: Final = 3
"""``FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE`` of fallocate(2)."""


class LogLine(NamedTuple):
    """A line of Nautilus's log.

    Attributes
    ----------
    is_error : bool
        Whether it is at ERROR; otherwise at WARN.
    component : str
        The component's name, or the path of the Rust module; empty if unknown.
    message : str
        At most ``SHOWN`` characters.

    """

    is_error: bool
    component: str
    message: str


class TakeLine(Protocol):
    """Takes a line."""

    def __call__(self, line: LogLine, /) -> object:
        """Take it."""


class LogLines:
    """Have Nautilus log into a file, and take every line of it at WARN and above.

    Nautilus offers no other way to learn which component had which trouble: its
    ``shutdown_on_error`` ends a node whatever the component. The file is in memory, and what was
    read of it is given back, so that it stays small however much is logged.

    Parameters
    ----------
    folder : Path
        A private folder in /dev/shm, for one node.
    take : callable
        Takes the lines, within ``look``.

    Raises
    ------
    OSError
        If the file cannot be made.

    Notes
    -----
    For the first node of a process, whose log is the process's. Standard error gets the lines at
    ERROR as ever.

    """

    def __init__(self, folder: Path, take: TakeLine) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._fd: Final = os.open(folder / f"{NAME}.jsonl", flags, 0o600)
        self._folder: Final = folder
        self._take: Final = take
        self._at = 0
        self._is_within = False
        self._next: asyncio.TimerHandle | None = None
        libc = ctypes.CDLL(None, use_errno=True)
        self._fallocate: Final = libc.fallocate
        self._fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

    def config(self, stdout_level: LogLevel, *, is_colored: bool) -> LoggerConfig:
        """Return the logger config of a node whose lines are to be read."""
        return LoggerConfig(
            stdout_level=stdout_level,
            is_colored=is_colored,
            fileout_level=LogLevel.WARNING,
            fileout_sync_on_flush=False,
            file_config=FileWriterConfig(str(self._folder), NAME, "json"),
        )

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again and again in a loop, the node's, until ``finish``.

        An error in ``take`` is one of a callback of the loop, and the last look.
        """
        self.look()
        self._next = loop.call_later(LOOK_S, self.follow, loop)

    async def finish(self) -> None:
        """Take the rest of what has been logged by now, without waiting long for it."""
        if self._next is not None:
            self._next.cancel()
        for _ in range(3):
            self.look()
            await asyncio.sleep(LOOK_S / 3)

    def look(self) -> None:
        """Take what has come, at most ``READ_BYTES``, and have Nautilus write what it holds."""
        received = os.pread(self._fd, READ_BYTES, self._at)
        if received:
            self._read(received)
            self._fallocate(self._fd, _PUNCH_KEEPING_SIZE, 0, self._at)
        logger_flush()

    def _read(self, received: bytes) -> None:
        end = received.rfind(b"\n") + 1
        if not end:
            # Part of a line: wait for the rest, but not for one that is longer than this.
            if len(received) < READ_BYTES:
                return
            if not self._is_within:
                self._take(_line_of(received))
            self._is_within = True
            self._at += len(received)
            return
        self._at += end
        lines = received[: end - 1].split(b"\n")
        for line in lines[1:] if self._is_within else lines:
            self._take(_line_of(line))
        self._is_within = False

    def close(self) -> None:
        """Read no more."""
        os.close(self._fd)


def _line_of(text: bytes) -> LogLine:
    found = _LINE.match(text)
    if found is None:
        return LogLine(is_error=True, component="", message=text[:SHOWN].decode(errors="replace"))
    level, component, message = found.groups()
    shown = message.removesuffix(b'"}')[:SHOWN].decode(errors="replace").replace('\\"', '"')
    return LogLine(is_error=level == b"ERROR", component=component.decode(), message=shown)
