"""RegionFolder: the folder beside a region, held by the region's one writer."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from adapters.shm._region import lib
from adapters.shm.region import region_files
from adapters.shm.region.mapping import Mapping
from adapters.shm.region.region_errors import RegionError

if TYPE_CHECKING:
    from pathlib import Path


class RegionFolder:
    """The folder beside a region, with the writer's lock taken and the waiters page mapped.

    Parameters
    ----------
    path : Path
        The region; its folder lies beside it.

    Raises
    ------
    WriterLockedError
        If another process writes this region, with its pid.
    RegionError
        If the folder is not to be trusted, or there is no space for it.

    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._is_new: Final = not region_files.folder_of(path).is_dir()
        with ExitStack() as held:
            self.fd: Final = region_files.open_folder(path, create=True)
            held.callback(os.close, self.fd)
            self._lock: Final = region_files.lock_writer(self.fd, path)
            # The pid stays in the lock's file, as when this process is killed.
            held.callback(self._lock.abandon)
            try:
                self.waiters = self._open_waiters()
            except RegionError:
                self._remove_if_new()
                raise
            held.callback(self.waiters.close)
            self._held: Final = held.pop_all()

    @property
    def was_there(self) -> bool:
        """Whether the folder existed before this object, so that an earlier writer made it."""
        return not self._is_new

    def _open_waiters(self) -> Mapping:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = -1
        try:
            fd = os.open("waiters", flags, 0o600, dir_fd=self.fd)
            os.posix_fallocate(fd, 0, lib.REGION_PAGE)
            return Mapping(fd, lib.REGION_PAGE, writable=True)
        except OSError as error:
            msg = (
                f"{region_files.folder_of(self._path)} needs {lib.REGION_PAGE} bytes: "
                f"{error.strerror}; free some space there"
            )
            raise RegionError(msg) from None
        finally:
            if fd >= 0:
                os.close(fd)

    def is_lock_in_place(self) -> bool:
        """Return whether the lock still has its name; if not, another writer may be at work."""
        return self._lock.is_in_place()

    def restore_waiters(self) -> bool:
        """Make a waiters page again that was removed, and a truncated one whole.

        Returns
        -------
        bool
            Whether it was removed, so that a new file must bring its readers to the new one. The
            old one stays mapped until ``close``.

        """
        try:
            found = os.stat("waiters", dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            self.waiters = self._open_waiters()
            self._held.callback(self.waiters.close)
            return True
        if found.st_size < lib.REGION_PAGE:
            # The same file, so that every mapping of it is whole again too.
            self._open_waiters().close()
        return False

    def give_up(self) -> None:
        """Release the folder, and remove it if this object made it."""
        self._remove_if_new()
        self.close()

    def _remove_if_new(self) -> None:
        if self._is_new:
            region_files.remove_folder(self._path)

    def close(self) -> None:
        """Release the folder and the lock; safe to call again."""
        self._held.close()
