"""Locks on single bytes of a file, which the kernel frees with the process that holds them."""

from __future__ import annotations

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
