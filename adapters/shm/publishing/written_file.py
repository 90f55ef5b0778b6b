"""WrittenFile: one region file, mapped for its writer."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.shm._region import ffi, lib
from adapters.shm.region.mapping import Mapping
from adapters.shm.region.region_errors import RegionError

if TYPE_CHECKING:
    from adapters.shm.publishing.region_folder import RegionFolder
    from adapters.shm.region.region_layout import RegionLayout


class Stream(NamedTuple):
    """The point at which the next file of a sequence of records begins."""

    stream_id: int
    first_sequence: int
    last_event: int
    """UNIX nanoseconds of the newest record's event; 0: there is none."""
    last_wall_ns: int
    """UNIX nanoseconds at which the newest record was published; 0: there is none."""


class WrittenFile:
    """A mapping of an open file that was checked, until ``close``.

    Parameters
    ----------
    fd : int
        The open file, which belongs to this object from now on.
    region_layout : RegionLayout
        The layout of the file.

    Raises
    ------
    RegionError
        If the file cannot be mapped; the descriptor is closed then.

    """

    def __init__(self, fd: int, region_layout: RegionLayout) -> None:
        self.fd: Final = fd
        self._layout: Final = region_layout
        try:
            self._mapping: Final = Mapping(fd, region_layout.file_size, writable=True)
        except RegionError:
            os.close(fd)
            raise
        # Kept here, because the struct holds a borrowed pointer.
        self._offsets: Final = ffi.new("uint32_t[]", region_layout.value_offsets)

    def struct(self, folder: RegionFolder, stream: Stream) -> Any:
        """Return a new ``struct region_writer`` for this file, ready for ``region_writer_start``;
        valid until ``close``.
        """
        lay, mapping = self._layout, self._mapping
        w = new_struct()
        w.snapshot = mapping.pointer("uint8_t *")
        w.control = mapping.pointer("struct region_control *", lay.snapshot_size)
        w.ring = mapping.pointer("uint8_t *", lay.ring_offset)
        w.waiters = folder.waiters.pointer("struct region_waiters *")
        w.value_offsets = self._offsets
        w.factor_count = len(lay.schema)
        w.record_size = lay.record_size
        w.capacity = lay.capacity
        w.writer_id = secrets.randbits(64)
        w.writer_pid = os.getpid()
        w.folder_fd = folder.fd
        w.last_event, w.last_wall_ns = stream.last_event, stream.last_wall_ns
        return w

    def close(self) -> None:
        """Unmap the file and close it; to be called once."""
        self._mapping.close()
        os.close(self.fd)


def new_struct() -> Any:
    """Return a struct with which every C call reports that the writer is closed."""
    w = ffi.new("struct region_writer *")
    w.fifo_fd = [-1] * lib.REGION_MAX_WAITERS
    return w
