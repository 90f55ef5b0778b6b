"""RunFolder: a run's folder in /dev/shm, removed at its end or by the next run."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from adapters.process.pid_lock import LockHeldError, PidLock
from adapters.process.safe_files import UnusableFileError

PARENT: Final = Path("/dev/shm")  # noqa: S108 - shared memory lives here
PREFIX: Final = "dolphin_run_"
START_S: Final = 60.0
"""Longer than a run takes from making its folder to locking it."""
_LOCK: Final = "in_use"


class RunFolder:
    """A new 0700 folder for the files of one run.

    Holds a lock that the kernel releases with the process, so that a folder left by a killed run
    is recognised and removed when the next run starts.

    Raises
    ------
    UnusableFileError
        If the folder cannot be made.

    """

    def __init__(self, parent: Path = PARENT) -> None:
        _remove_abandoned(parent)
        try:
            new = Path(tempfile.mkdtemp(prefix=f".{PREFIX}{os.getpid()}_", dir=parent))
            self._lock: Final = PidLock(new / _LOCK)
            # Locked before another run can find it.
            self.path: Final = new.rename(parent / new.name.removeprefix("."))
        except OSError as error:
            msg = f"cannot make a folder for this run in {parent}: {error.strerror}"
            raise UnusableFileError(msg) from None

    @property
    def region(self) -> Path:
        """The path of this run's region."""
        return self.path / "dolphin_exf"

    @property
    def hand_over(self) -> Path:
        """The file in which a replay counts the events passed to the node."""
        return self.path / "hand_over"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def _remove_abandoned(parent: Path) -> None:
    """Remove this user's folders whose run ended without removing them."""
    for folder in [*parent.glob(f"{PREFIX}*"), *parent.glob(f".{PREFIX}*")]:
        with suppress(OSError, LockHeldError):
            found = folder.lstat()
            if found.st_uid != os.geteuid():
                continue
            if folder.name.startswith(".") and time.time() - found.st_mtime < START_S:
                continue  # its run may be about to lock it
            # Without a lock its removal was cut short.
            lock = PidLock(folder / _LOCK)
            try:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                lock.release()
