"""The lock that distinguishes a live recording from a dead one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from adapters.catalog.files.layout import LOCK
from adapters.shm.region.files import close_in_forked_child, is_locked, try_lock
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class RecordingLock:
    """Held by the one writer of a recording; the kernel frees it when the process ends.

    Raises
    ------
    ConfigError
        If another process holds it, with its pid.
    OSError
        If its file cannot be opened or written.

    """

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / LOCK, _FLAGS, 0o600)
        if not try_lock(self._fd):
            text = os.pread(self._fd, 32, 0).strip().decode(errors="replace")
            os.close(self._fd)
            msg = (
                f"recording {folder.name} is written by process {text or '?'} already; stop it, "
                "or use another name"
            )
            raise ConfigError(msg)
        close_in_forked_child(self)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Give it up; safe to call again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    abandon = release


def is_written(folder: Path) -> bool:
    """Return whether a live process writes the recording of a folder."""
    try:
        fd = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_locked(fd)
    finally:
        os.close(fd)
