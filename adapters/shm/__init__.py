"""The shared memory transport: a region with one writer and any number of readers."""

from adapters.shm.reader import FactorReader, RegionMovedError
from adapters.shm.region.layout import DEFAULT_PATH
from adapters.shm.writer import FactorWriter

__all__ = ["DEFAULT_PATH", "FactorReader", "FactorWriter", "RegionMovedError"]
