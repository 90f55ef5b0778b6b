"""The file of a run's state: two slots, of which a writer killed at any instruction leaves one."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from pathlib import Path

SUPERVISOR_NAME: Final = "supervisor.status"
"""In the run folder of a fleet."""
STATE_ENDING: Final = ".state"
"""Of the states of a fleet's services, in its run folder."""
STATE_NAME: Final = "state"
"""The file in the folder of a run that was given no other."""
SLOT_BYTES: Final = 1 << 16
_SLOTS: Final = 2
_LAST_COUNTER: Final = 1 << 62
_HEADER: Final = struct.Struct("<8sQII")
_MAGIC: Final = b"DOLPHRS1"
MOST_BYTES: Final = SLOT_BYTES - _HEADER.size
"""The longest content."""
_CHECKED: Final = struct.Struct("<8sQI")
_FLOCK: Final = struct.Struct("hhqqi4x")


def service_of(path: Path) -> str:
    """Return the name of the service of a fleet whose state lies at a path; empty: of none."""
    if path.suffix != STATE_ENDING or not (path.parent / SUPERVISOR_NAME).exists():
        return ""
    return path.stem


class StateHeldError(DolphinError):
    """Another process writes the same state."""

    def __init__(self, path: Path, pid: int) -> None:
        self.pid = pid
        who = pid if pid > 0 else "unknown"
        super().__init__(
            f"{path} is the state of process {who}, which runs: end that process, or choose "
            "another --state"
        )


class Written(NamedTuple):
    """What a slot holds.

    Attributes
    ----------
    counter : int
        Grows with each write, over restarts too.
    content : bytes
        As it was written.

    """

    counter: int
    content: bytes


class StateWriter:
    """The one writer of a state, whose lock proves to others which process it is.

    Parameters
    ----------
    fd : int
        The file, open to read and write; the writer closes it. What an earlier run wrote stays
        until the first write.
    path : Path
        Its path, for messages.

    Attributes
    ----------
    earlier : Written or None
        What an earlier run wrote last.

    Raises
    ------
    StateHeldError
        If another process writes it.
    OSError
        If it cannot be locked or read, or there is no room for it.

    Notes
    -----
    The lock is a POSIX record lock: the kernel gives its holder's pid to whoever asks, frees it
    with the process, and hands it to no forked child. A process that opens and closes the same
    file once more would lose it.

    """

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        try:
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EAGAIN}:
                    raise
                raise StateHeldError(path, _holder(self._fd)) from None
            self.earlier: Final = self._prepare()
        except BaseException:
            self.close()
            raise
        self._counter = 0 if self.earlier is None else self.earlier.counter

    def _prepare(self) -> Written | None:
        """Take the room for both slots now, so that no write finds a full disk later."""
        found = _newest(self._fd)
        if found is not None and found.counter >= _LAST_COUNTER:
            # No run counts so far: somebody made it up, and would have the last word for ever.
            found = None
            os.ftruncate(self._fd, 0)
        os.posix_fallocate(self._fd, 0, _SLOTS * SLOT_BYTES)
        return found

    def write(self, content: bytes) -> None:
        """Replace what readers find; one system call.

        Raises
        ------
        ValueError
            If the content is longer than ``MOST_BYTES``.
        OSError
            If it cannot be written; readers find the previous content.

        """
        if len(content) > MOST_BYTES:
            msg = f"content: expected at most {MOST_BYTES} bytes, found {len(content)}"
            raise ValueError(msg)
        counter = self._counter + 1
        os.pwrite(self._fd, _header(counter, content) + content, counter % _SLOTS * SLOT_BYTES)
        self._counter = counter

    def close(self) -> None:
        """Release the lock and leave the file; safe to call again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class StateReader:
    """Reads a state that another process writes, also after the file was removed.

    Parameters
    ----------
    fd : int
        The file, open to read; the reader closes it.
    path : Path
        Its path.

    """

    def __init__(self, fd: int, path: Path) -> None:
        self.path: Final = path
        self._fd = fd

    def newest(self) -> Written | None:
        """Return the newest whole content, or None if there is none."""
        return _newest(self._fd)

    def holder(self) -> int:
        """Return the pid of the process that writes the state, as the kernel knows it.

        0: there is none; -1: one without a pid here, as in another container.
        """
        return _holder(self._fd)

    def is_in_place(self) -> bool:
        """Return whether the path still names this file."""
        with suppress(OSError):
            found, ours = self.path.lstat(), os.fstat(self._fd)
            return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)
        return False

    def close(self) -> None:
        """Close the file; safe to call again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _header(counter: int, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(_CHECKED.pack(_MAGIC, counter, len(content))))
    return _HEADER.pack(_MAGIC, counter, len(content), check)


def _newest(fd: int) -> Written | None:
    found = [slot for n in range(_SLOTS) if (slot := _slot(fd, n * SLOT_BYTES)) is not None]
    return max(found, default=None)


def _slot(fd: int, offset: int) -> Written | None:
    """Return a slot's content; None if it is empty, half written or not a state."""
    header = os.pread(fd, _HEADER.size, offset)
    if len(header) < _HEADER.size:
        return None
    magic, counter, length, _ = _HEADER.unpack(header)
    if magic != _MAGIC or length > MOST_BYTES:
        return None
    content = os.pread(fd, length, offset + _HEADER.size)
    return Written(counter, content) if _header(counter, content) == header else None


def _holder(fd: int) -> int:
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    found: tuple[int, ...] = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, request))
    if found[0] == fcntl.F_UNLCK:
        return 0
    return found[4] if found[4] > 0 else -1
