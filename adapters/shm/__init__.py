"""The shared memory transport: a region with one writer and any number of readers."""

from adapters.shm.publishing.writer import FactorWriter
from adapters.shm.reading.reader import FactorReader
from adapters.shm.region.region_errors import (
    RegionError,
    RegionMovedError,
    RegionNotReadyError,
    WriterLockedError,
)
from adapters.shm.region.region_layout import DEFAULT_PATH

__all__ = [
    "DEFAULT_PATH",
    "FactorReader",
    "FactorWriter",
    "RegionError",
    "RegionMovedError",
    "RegionNotReadyError",
    "WriterLockedError",
]
