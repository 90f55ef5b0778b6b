"""AttachedFile: one region file of a reader, checked and mapped read-only."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from adapters.process.byte_lock import is_locked
from adapters.shm._region import ffi
from adapters.shm.region import region_files, region_layout
from adapters.shm.region.mapping import Mapping

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class AttachedFile:
    """The file at a path and its writer's lock, open until ``close``.

    Parameters
    ----------
    path : Path
        Where the region lies.
    trusted_uids : collection of int
        Users besides this process's own whose region is attached.

    Raises
    ------
    RegionNotReadyError
        If there is nothing at the path yet.
    RegionError
        If the file is not a region that may be trusted.

    """

    def __init__(self, path: Path, trusted_uids: Collection[int]) -> None:
        self._path: Final = path
        with ExitStack() as held:
            self._fd: Final = region_files.open_region(path, os.O_RDONLY, trusted_uids)
            held.callback(os.close, self._fd)
            self.found: Final = region_layout.check(self._fd, path)
            self._lock_fd: Final = region_files.open_lock(path, trusted_uids)
            held.callback(os.close, self._lock_fd)
            size = self.found.layout.file_size
            self._mapping: Final = Mapping(self._fd, size, writable=False)
            held.callback(self._mapping.close)
            self._held: Final = held.pop_all()

    def struct(self) -> Any:
        """Return a new ``struct region_reader`` just before the newest record; valid until
        ``close``.
        """
        found, lay = self.found, self.found.layout
        r = ffi.new("struct region_reader *")
        r.control = self._mapping.pointer("struct region_control *", lay.snapshot_size)
        r.ring = self._mapping.pointer("uint8_t *", lay.ring_offset)
        r.factor_count = len(lay.schema)
        r.record_size = lay.record_size
        r.capacity = lay.capacity
        r.position = max(found.published - 1, found.first_sequence - 1)
        return r

    def has_writer(self) -> bool:
        """Return whether a process holds the writer's lock."""
        return is_locked(self._lock_fd)

    def is_current(self) -> bool:
        """Return whether the path still holds this file, whole."""
        try:
            at_path = self._path.lstat()
        except OSError:
            return False
        is_same = os.path.samestat(at_path, os.fstat(self._fd))
        return is_same and at_path.st_size == self.found.layout.file_size

    def close(self) -> None:
        """Release the file; safe to call again."""
        self._held.close()
