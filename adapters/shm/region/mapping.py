"""Mapping: a shared mapping of an open file, and pointers into it for C."""

from __future__ import annotations

import mmap
import os
from typing import Any

from adapters.shm._region import ffi, lib
from adapters.shm.region.region_errors import RegionError


class Mapping:
    """The bytes of an open file in this process's memory, until ``close``.

    Parameters
    ----------
    fd : int
        The open file, which may be closed afterwards.
    size : int
        Bytes to map.
    writable : bool
        Whether C may write there.

    Raises
    ------
    RegionError
        If the file is shorter than ``size`` or there is no memory to map it.

    """

    def __init__(self, fd: int, size: int, *, writable: bool) -> None:
        lib.fault_guard_install()
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        # Populated: a page fault on first touch would cost a record tens of microseconds.
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        try:
            self._map: mmap.mmap | None = mmap.mmap(fd, size, flags, protection)
        except (OSError, ValueError) as error:
            msg = f"cannot map {size:,} bytes of a file of {os.fstat(fd).st_size:,}: {error}"
            raise RegionError(msg) from None
        self._map.madvise(mmap.MADV_DONTFORK)
        self._bytes = ffi.from_buffer("uint8_t[]", self._map)

    def pointer(self, kind: str, offset: int = 0) -> Any:
        """Return a C pointer of type ``kind`` to an offset; valid until ``close``."""
        return ffi.cast(kind, self._bytes + offset)

    def close(self) -> None:
        """Unmap; safe to call again."""
        if self._map is not None:
            ffi.release(self._bytes)
            self._map.close()
            self._map = None
