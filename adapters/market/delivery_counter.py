"""DeliveryCounter: the number of market events a node has received, for the factors' producer."""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path
from typing import Final, Self

from dolphin_strategies.errors import ConfigError

SIZE: Final = 8


class DeliveryCounter:
    """A counter in an 8-byte file that one process writes and another reads.

    The file holds one little-endian u64. The node calls ``create``, the producer ``open``.

    Parameters
    ----------
    path : Path
        The file.
    fd : int
        Its open descriptor, which is closed here.
    writable : bool
        Whether this process writes the count.

    Notes
    -----
    An aligned 8-byte access is one instruction, so that a reader sees whole numbers; and the
    counter guards no other memory, so that it needs no ordering.

    """

    def __init__(self, path: Path, fd: int, *, writable: bool) -> None:
        self.path: Final = path
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        try:
            self._map: Final = mmap.mmap(fd, SIZE, access=access)
        finally:
            os.close(fd)
        self._view: Final = memoryview(self._map)
        self._count: Final = self._view.cast("Q")

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> Self:
        """Make the file, readable by this user only; the count is 0.

        Raises
        ------
        FileExistsError
            If there is something at the path.

        """
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.posix_fallocate(fd, 0, SIZE)
        except OSError:
            os.close(fd)
            raise
        return cls(Path(path), fd, writable=True)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open the file of another process for reading.

        Raises
        ------
        ConfigError
            If the file is missing or is not a hand-over file.

        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            msg = f"{path}: {error.strerror}; expected the hand-over file that the node makes"
            raise ConfigError(msg) from None
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size != SIZE:
            os.close(fd)
            msg = f"{path}: expected a hand-over file of {SIZE} bytes, found {found.st_size}"
            raise ConfigError(msg)
        return cls(Path(path), fd, writable=False)

    @property
    def events(self) -> int:
        """How many events the node has received."""
        return self._count[0]

    @events.setter
    def events(self, count: int) -> None:
        self._count[0] = count

    def close(self) -> None:
        """Close the file, which stays; safe to call again."""
        self._count.release()
        self._view.release()
        self._map.close()
