"""The lock that distinguishes a live recording from a dead one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.catalog.files.catalog_layout import LOCK
from adapters.process.pid_lock import LockHeldError, PidLock, holder_of
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def lock_recording(folder: Path) -> PidLock:
    """Become the one writer of the recording in a folder.

    Raises
    ------
    ConfigError
        If another process writes the recording, with its pid.
    OSError
        If the lock's file cannot be opened or written.

    """
    try:
        return PidLock(folder / LOCK)
    except LockHeldError as error:
        msg = (
            f"recording {folder.name} is written by process {error.pid or '?'} already; stop it, "
            "or use another name"
        )
        raise ConfigError(msg) from None


def is_written(folder: Path) -> bool:
    """Return whether a live process writes the recording of a folder."""
    return holder_of(folder / LOCK) is not None
