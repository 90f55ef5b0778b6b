"""ServiceFiles: the pid file and the status of the service that writes a region."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from adapters.process.pid_lock import LockHeldError, PidLock, holder_of
from adapters.process.safe_files import UnusableFileError, open_private_folder
from adapters.process.whole_files import write_private
from dolphin_strategies.errors import DolphinError
from live.metrics.figures.service_figures import figures_of
from live.metrics.snapshot_file import FIGURES_NAME, SnapshotWriter

if TYPE_CHECKING:
    from pathlib import Path

log: Final = logging.getLogger("exf")

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

    The pid file is locked while its process lives; the kernel releases the lock however the
    process ends, so that a stale pid file is never mistaken for a running process.

    Parameters
    ----------
    region : Path
        The region; each region has a service of its own.

    """

    def __init__(self, region: Path) -> None:
        self._region: Final = region.absolute()
        self.folder: Final = self._region.with_name(f"{self._region.name}.service.d")
        self.figures: Final = self.folder / FIGURES_NAME
        self._lock: PidLock | None = None
        self._figures: SnapshotWriter | None = None
        self._is_new = False

    def hold(self) -> Self:
        """Become the one service of the region; use in a ``with`` statement.

        Raises
        ------
        AlreadyRunningError
            If another service writes the region.
        UnusableFileError
            If the folder cannot be made or is not to be trusted.

        """
        while self._lock is None:
            self._is_new = not self.folder.exists()
            folder_fd = open_private_folder(self.folder, create=True)
            try:
                lock = PidLock(_PID, dir_fd=folder_fd)
            except LockHeldError as error:
                raise AlreadyRunningError(self._region, error.pid) from None
            except OSError as error:
                msg = f"{self.folder / _PID} cannot be written: {error.strerror}"
                raise UnusableFileError(msg) from None
            finally:
                os.close(folder_fd)
            # Another service, which could not start, may have removed it meanwhile.
            if lock.is_in_place():
                self._lock = lock
            else:
                lock.release()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._figures is not None:
            self._figures.close()
        if self._lock is not None:
            if self._is_new:
                # Nothing was ever reported: the service did not start.
                (self.folder / _PID).unlink(missing_ok=True)
                with suppress(OSError):
                    self.folder.rmdir()
            self._lock.release()
            self._lock = None

    def running_pid(self) -> int | None:
        """Return the pid of the service that runs, or None.

        Raises
        ------
        UnusableFileError
            If the folder has another owner, who could name the process that ``stop`` ends.

        """
        try:
            folder_fd = open_private_folder(self.folder, create=False)
        except FileNotFoundError:
            return None
        try:
            return holder_of(_PID, dir_fd=folder_fd) or None
        finally:
            os.close(folder_fd)

    def write_status(self, status: dict[str, Any]) -> None:
        """Replace the status at once and whole, and the figures that say the same."""
        write_private(self.folder / _STATUS, orjson.dumps(status))
        self._is_new = False
        if self._figures is None:
            self._figures = SnapshotWriter(self.figures, log.warning)
        self._figures.write(figures_of(status))

    def read_status(self) -> dict[str, Any] | None:
        """Return the status that the service last wrote, or None."""
        with suppress(OSError, orjson.JSONDecodeError):
            status = orjson.loads((self.folder / _STATUS).read_bytes())
            if isinstance(status, dict):
                return status
        return None
