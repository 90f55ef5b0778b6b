"""Locks on bytes of a file, which the kernel frees with the process that holds them."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from typing import Final

_FLOCK: Final = struct.Struct("hhqqi4x")


def try_lock(fd: int, byte: int = 0) -> bool:
    """Take the lock on one byte for an open file; return False if another open file holds it.

    Notes
    -----
    An open-file-description lock (``F_OFD_SETLK``): it belongs to the open file, not to the
    process, so it ends when the last descriptor of that open file is closed.

    """
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, request)
    except (BlockingIOError, PermissionError):
        return False
    return True


def is_locked(fd: int, byte: int = 0) -> bool:
    """Return whether another open file holds the lock on a byte."""
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, request)
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)


class RangeLock:
    """A range of bytes that one process holds, beside others' ranges in the same file.

    Parameters
    ----------
    fd : int
        The file, open to read and write; the lock ends when the caller closes it.
    start, length : int
        The range; the file need not be as long.

    Attributes
    ----------
    is_held : bool
        Whether this process holds it.

    Raises
    ------
    OSError
        If the file cannot be locked at all.

    Notes
    -----
    A POSIX record lock (``F_SETLK``, fcntl(2)): it belongs to the process, is not inherited by a
    forked child, and is freed by the kernel however the process ends. It would also end if the
    process opened and closed the same file once more.

    """

    def __init__(self, fd: int, start: int, length: int) -> None:
        self._fd: Final = fd
        self._range: Final = (start, length)
        self.is_held = False
        request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
        try:
            fcntl.fcntl(fd, fcntl.F_SETLK, request)
            self.is_held = True
        except OSError as error:
            if error.errno not in {errno.EACCES, errno.EAGAIN}:
                raise

    def holder(self) -> int:
        """Return the pid of another process that holds a part of the range.

        0: there is none; -1: one without a pid here, as in another container.
        """
        request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, *self._range, 0)
        found: tuple[int, ...] = _FLOCK.unpack(fcntl.fcntl(self._fd, fcntl.F_GETLK, request))
        if found[0] == fcntl.F_UNLCK:
            return 0
        return found[4] if found[4] > 0 else -1
