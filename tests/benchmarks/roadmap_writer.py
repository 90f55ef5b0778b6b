"""The pure-Python writer that the project started from, to measure against."""

from __future__ import annotations

import mmap
import os
import struct
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class RoadmapWriter:
    """The roadmap's ``ExFSharedMemory``, line for line; path and clock are parameters."""

    def __init__(
        self, path: Path, size: int = 4096, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.now_ns = now_ns
        self.fd = os.open(path, os.O_CREAT | os.O_RDWR)
        os.ftruncate(self.fd, size)
        self.mm = mmap.mmap(self.fd, size)

    def write(self, indicators: dict[str, Any]) -> None:
        """Write ``[timestamp:8][n_indicators:4]`` and each ``[name_len:2][name][value:8]``."""
        self.mm.seek(0)
        self.mm.write(struct.pack("Q", self.now_ns()))
        n = len([k for k in indicators if not k.startswith("_")])
        self.mm.write(struct.pack("I", n))
        for key, value in indicators.items():
            if key.startswith("_"):
                continue
            if not isinstance(value, (int, float)):
                continue
            name_bytes = key.encode("utf-8")
            self.mm.write(struct.pack("H", len(name_bytes)))
            self.mm.write(name_bytes)
            self.mm.write(struct.pack("d", float(value)))

    def close(self) -> None:
        self.mm.close()
        os.close(self.fd)


def parse(buffer: Any) -> tuple[int, dict[str, float]]:
    """Return the timestamp and the values, as the roadmap's reader does: nothing is checked."""
    timestamp_ns, count = struct.unpack_from("<QI", buffer)
    at = 12
    values = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", buffer, at)
        at += 2
        name = bytes(buffer[at : at + length]).decode("utf-8")
        at += length
        (values[name],) = struct.unpack_from("<d", buffer, at)
        at += 8
    return timestamp_ns, values
