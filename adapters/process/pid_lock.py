"""PidLock: a file that one process at a time holds, with that process's id in it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.process.byte_lock import is_locked, try_lock
from adapters.process.close_after_fork import close_in_forked_child
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_PID: Final = 32


class LockHeldError(DolphinError):
    """Another process holds the lock."""

    def __init__(self, file: str | Path, pid: int | None) -> None:
        self.pid = pid
        super().__init__(f"{file} is locked by process {pid or 'unknown'}: stop that process")


class PidLock:
    """The lock on a file; the kernel releases it however the process ends.

    The lock, not the file, shows that a process is alive, so that the pid of a killed process is
    never mistaken for a live one.

    Parameters
    ----------
    file : str or Path
        The lock's file, of mode 0600.
    dir_fd : int, optional
        Descriptor of the open folder that ``file`` is relative to.
    create : bool
        Whether to make a missing file.

    Raises
    ------
    LockHeldError
        If another process holds the lock, with its pid if the file has it yet.
    OSError
        If the file is missing and ``create`` is false, or cannot be opened or written.

    Notes
    -----
    A forked child releases the lock, which stays with its parent.

    """

    def __init__(
        self, file: str | Path, *, dir_fd: int | None = None, create: bool = True
    ) -> None:
        flags = os.O_RDWR | _FLAGS | (os.O_CREAT if create else 0)
        self._fd = os.open(file, flags, 0o600, dir_fd=dir_fd)
        try:
            self._take(file)
        except (OSError, LockHeldError):
            self.abandon()
            raise
        close_in_forked_child(self)

    def _take(self, file: str | Path) -> None:
        if not try_lock(self._fd):
            raise LockHeldError(file, _written_pid(self._fd))
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, b"%d\n" % os.getpid(), 0)

    def is_in_place(self) -> bool:
        """Return whether the file still has a name, so that others find the lock."""
        return os.fstat(self._fd).st_nlink > 0

    def release(self) -> None:
        """Empty the file and release the lock; safe to call again."""
        if self._fd >= 0:
            with suppress(OSError):
                os.ftruncate(self._fd, 0)
        self.abandon()

    def abandon(self) -> None:
        """Release the lock and leave the file as it is, as a killed process would."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def holder_of(file: str | Path, *, dir_fd: int | None = None) -> int | None:
    """Return the pid of the process that holds a lock, or None if no process does.

    Parameters
    ----------
    file : str or Path
        The lock's file.
    dir_fd : int, optional
        Descriptor of the open folder that ``file`` is relative to.

    Returns
    -------
    int or None
        0 if the lock is held by a process whose id is not in the file yet; None also for a file
        that may not be read.

    """
    try:
        fd = os.open(file, os.O_RDONLY | _FLAGS, dir_fd=dir_fd)
    except OSError:
        return None
    try:
        return (_written_pid(fd) or 0) if is_locked(fd) else None
    finally:
        os.close(fd)


def _written_pid(fd: int) -> int | None:
    text = os.pread(fd, _LONGEST_PID, 0).strip()
    return int(text) if text.isdigit() else None
