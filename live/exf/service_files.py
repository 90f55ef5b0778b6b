"""ServiceFiles: the pid file and the status of the service that writes a region."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from adapters.shm.region import files
from dolphin_strategies.errors import DolphinError, RegionNotReadyError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_PID: Final = "pid"
_STATUS: Final = "status.json"


class AlreadyRunningError(DolphinError):
    """Another service gathers factors for the same region."""

    def __init__(self, region: Path, pid: int | None) -> None:
        self.pid = pid
        super().__init__(
            f"a service for {region} runs already (pid {pid or 'unknown'}): stop it with "
            "'run_exf.py stop', or give this one another --region"
        )


class ServiceFiles:
    """A 0700 folder beside the region.

    The pid file is locked for as long as its process lives; the kernel frees the lock however
    that ends, so that no pid file is ever taken for a process that is not there.

    Parameters
    ----------
    region : Path
        The region; each has a service of its own.

    """

    def __init__(self, region: Path) -> None:
        self._region: Final = region.absolute()
        beside = self._region.with_name(self._region.name + ".service")
        self.folder: Final = files.folder_of(beside)
        self._beside: Final = beside
        self._lock_fd = -1

    def hold(self) -> Self:
        """Become the one service of the region; use in a ``with`` statement.

        Raises
        ------
        AlreadyRunningError
            If there is one.
        RegionError
            If the folder cannot be made or is not to be trusted.

        """
        folder_fd = files.open_folder(self._beside, create=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(_PID, flags, 0o600, dir_fd=folder_fd)
        finally:
            os.close(folder_fd)
        if not files.try_lock(fd):
            os.close(fd)
            raise AlreadyRunningError(self._region, self._written_pid())
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._lock_fd = fd
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.ftruncate(self._lock_fd, 0)
        os.close(self._lock_fd)
        self._lock_fd = -1

    def running_pid(self) -> int | None:
        """Return the pid of the service that runs, or None.

        Raises
        ------
        RegionError
            If the folder is not ours: nobody else may name the process that ``stop`` ends.

        """
        try:
            folder_fd = files.open_folder(self._beside, create=False)
        except RegionNotReadyError:
            return None
        try:
            flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(_PID, flags, dir_fd=folder_fd)
        except OSError:
            return None
        finally:
            os.close(folder_fd)
        try:
            return self._written_pid() if files.is_locked(fd) else None
        finally:
            os.close(fd)

    def write_status(self, status: dict[str, Any]) -> None:
        """Replace the status at once and whole."""
        new = self.folder / f"{_STATUS}.new"
        new.write_bytes(orjson.dumps(status))
        new.rename(self.folder / _STATUS)

    def read_status(self) -> dict[str, Any] | None:
        """Return the status that the service last wrote, or None."""
        with suppress(OSError, orjson.JSONDecodeError):
            status = orjson.loads((self.folder / _STATUS).read_bytes())
            if isinstance(status, dict):
                return status
        return None

    def _written_pid(self) -> int | None:
        with suppress(OSError, ValueError):
            return int((self.folder / _PID).read_text(encoding="ascii"))
        return None
