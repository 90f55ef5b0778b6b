"""MediaDriver: Aeron's driver in this process, with the settings of this project."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.aeron_stream.driver.driver_client import aeron_library
from adapters.aeron_stream.driver.driver_folder import LOCK, NoDriverError, driver_folder
from adapters.aeron_stream.driver.driver_settings import REST_US, THREADING, environment
from adapters.process.pid_lock import LockHeldError, PidLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE: Final = 0o077
_PR_SET_TIMERSLACK: Final = 29


@contextmanager
def running_driver(directory: Path, *, rest_us: int = REST_US) -> Iterator[None]:
    """Run the media driver of a folder, in threads of its own, until the context ends.

    Parameters
    ----------
    directory : Path
        Its folder, which is made with mode 0700 if it is missing.
    rest_us : int
        How long it sleeps at most between two looks, in microseconds, up to 1,000; 0: it never
        sleeps, and keeps one core busy.

    Raises
    ------
    NoDriverError
        If another driver runs there, Aeron refuses the settings, or it does not end in order.
    UnusableFileError
        If the folder is of another user, or open to others.
    ConfigError
        If the extra `aeron` is not installed.
    ValueError
        If ``rest_us`` is out of range.

    Notes
    -----
    Aeron's library reads its settings from the environment, so they are put there: this is for a
    process of its own. So are the file mode mask and the slack of timers, which it sets.

    """
    settings = environment(rest_us)
    library = aeron_library()
    folder = driver_folder(directory, create=True)
    try:
        lock = PidLock(directory / LOCK)
    except LockHeldError as error:
        msg = f"a media driver runs at {directory} already, process {error.pid or 'unknown'}"
        raise NoDriverError(msg) from None
    except OSError as error:
        msg = f"{directory / LOCK} cannot be locked: {error.strerror}"
        raise NoDriverError(msg) from None
    try:
        for name in [name for name in os.environ if name.startswith("AERON_")]:
            del os.environ[name]
        os.environ.update(settings)
        os.umask(PRIVATE)
        # Threads made from here on sleep as short as asked, not 50 µs longer.
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
        try:
            driver = library.MediaDriver(
                dir=str(folder),
                threading=THREADING,
                dir_delete_on_start=True,
                dir_delete_on_shutdown=True,
            )
        except library.AeronError as error:
            msg = f"Aeron's media driver does not start at {directory}: {error}"
            raise NoDriverError(msg) from None
        try:
            yield
        finally:
            _close(driver, library.AeronError, folder)
    finally:
        lock.release()


def _close(driver: Any, error_type: type[Exception], folder: Path) -> None:
    try:
        driver.close()
    except error_type as error:
        # It cannot remove what somebody else has removed already; that is no trouble.
        if folder.exists():
            msg = f"Aeron's media driver at {folder} has not ended in order: {error}"
            raise NoDriverError(msg) from None
