"""Waiter: a reader's place in the folder beside a region, through which the writer wakes it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from adapters.process.byte_lock import try_lock
from adapters.shm._region import lib
from adapters.shm.region import region_files
from adapters.shm.region.mapping import Mapping
from adapters.shm.region.region_errors import RegionError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class Waiter:
    """One of the 64 places of a region: a bit in its waiters page, and a FIFO.

    The place is held by a lock that the kernel frees with the process, so a killed reader's
    place is taken by the next one.

    Raises
    ------
    RegionNotReadyError
        If the region's folder does not exist.
    RegionError
        If the folder may not be trusted, or all places are taken.

    """

    def __init__(self, path: Path, trusted_uids: Collection[int] = ()) -> None:
        self._folder_fd = region_files.open_folder(path, create=False, trusted_uids=trusted_uids)
        self._fd = self._fifo_fd = -1
        self._page: Mapping | None = None
        try:
            self._fd = self._open_page(path)
            self._page = Mapping(self._fd, lib.REGION_PAGE, writable=True)
            self.waiters: Any = self._page.pointer("struct region_waiters *")
            self.slot = self._claim(path)
            self._fifo_fd = self._make_fifo()
        except OSError as error:
            self.close()
            msg = f"{region_files.folder_of(path)}: {error.strerror}"
            raise RegionError(msg) from None
        except RegionError:
            self.close()
            raise
        place = self.waiters.waiter[self.slot]
        place.pid = os.getpid()
        # Last: from here on the writer opens the new FIFO, not that of a dead reader.
        place.generation = (place.generation + 1) % 2**64

    def _open_page(self, path: Path) -> int:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open("waiters", flags, dir_fd=self._folder_fd)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size < lib.REGION_PAGE:
            os.close(fd)
            msg = f"{region_files.folder_of(path)}/waiters is not a waiters page"
            raise RegionError(msg)
        return fd

    def _claim(self, path: Path) -> int:
        for slot in range(lib.REGION_MAX_WAITERS):
            if try_lock(self._fd, byte=slot):
                return slot
        msg = (
            f"{path}: all {lib.REGION_MAX_WAITERS} places for sleeping readers are taken; "
            "read with wait='spin', or stop a reader"
        )
        raise RegionError(msg)

    def _make_fifo(self) -> int:
        name = f"{self.slot}.fifo"
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder_fd)
        os.mkfifo(name, 0o600, dir_fd=self._folder_fd)
        # Read and write, so that the FIFO never reports a hang-up when a writer leaves.
        flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=self._folder_fd)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the writer wakes this reader."""
        return self._fifo_fd

    def drain(self) -> None:
        """Empty the FIFO."""
        with suppress(BlockingIOError):
            os.read(self._fifo_fd, 4096)

    def close(self) -> None:
        """Release the place; safe to call again."""
        if self._fifo_fd >= 0:
            lib.region_awake(self.waiters, self.slot)
            with suppress(BlockingIOError):
                # Another thread of this process may wait for it.
                os.write(self._fifo_fd, b"\0")
            with suppress(OSError):
                os.unlink(f"{self.slot}.fifo", dir_fd=self._folder_fd)
        self.abandon()

    def abandon(self) -> None:
        """Release the descriptors without touching what the parent process still uses."""
        if self._page is not None:
            self._page.close()
            self._page = None
        for fd in (self._fifo_fd, self._fd, self._folder_fd):
            if fd >= 0:
                os.close(fd)
        self._fifo_fd = self._fd = self._folder_fd = -1
