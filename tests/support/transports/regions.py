"""Regions for tests: paths of their own, and records whose values follow from their sequence."""

from __future__ import annotations

import os
import runpy
import select
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import numpy as np

from adapters.shm import FactorWriter
from adapters.shm.region.region_files import folder_of
from adapters.shm.region.region_layout import RegionLayout
from dolphin_strategies import FactorSchema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adapters.shm import FactorReader
    from dolphin_strategies import ExternalFactors

FACTORS: Final = 85
_STEP: Final = 512.0
EXAMPLES: Final = Path(__file__).resolve().parents[3] / "docs" / "examples"
_SNAPSHOT_READER: Final = runpy.run_path(str(EXAMPLES / "read_snapshot.py"))


def new_region_path() -> Path:
    """Return a path that no other test uses."""
    return Path(f"/dev/shm/dolphin_test_{os.getpid()}_{uuid4().hex[:8]}")


def remove_all_of(path: Path) -> None:
    """Remove whatever a test left at a path and beside it."""
    service = path.with_name(path.name + ".service")
    for each in (path, folder_of(path), folder_of(service)):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            with suppress(FileNotFoundError):
                each.unlink()


def factor_names(count: int = FACTORS, first: int = 0) -> list[str]:
    """Return names in order; another ``first`` gives other names."""
    return [f"factor_{i}" for i in range(first, first + count)]


def values_of(sequence: int, count: int = FACTORS) -> NDArray[np.float64]:
    """Return the values that record ``sequence`` must have; no two records share one."""
    return np.arange(count, dtype=np.float64) + sequence * _STEP


def is_whole(f: ExternalFactors) -> bool:
    """Return whether every bit of a record follows from its sequence."""
    return f.payload == values_of(f.sequence, len(f)).tobytes()


def write_records(writer: FactorWriter, n: int) -> None:
    """Publish the next n records."""
    values = values_of(writer.published, len(writer.schema))
    for _ in range(n):
        values += _STEP
        writer.write_values(values)


def values_now(reader: FactorReader) -> ExternalFactors:
    """Return the newest record of a region that has one."""
    latest = reader.latest()
    assert latest is not None
    return latest


def read_snapshot(path: Path) -> tuple[int, dict[str, float]] | None:
    """Read timestamp and values with the program that docs/region.md shows."""
    found: tuple[int, dict[str, float]] | None = _SNAPSHOT_READER["read_snapshot"](path)
    return found


def control_offset(names: list[str]) -> int:
    """Return where the control block of a region with these names lies."""
    return RegionLayout.of(FactorSchema(names)).snapshot_size


def poke(path: Path, offset: int, content: bytes) -> None:
    """Overwrite bytes of a file in place."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(fd, content, offset)
    finally:
        os.close(fd)


def obey(path: str, names: list[str], capacity: int = 4096) -> None:
    """Write as many records as each line of stdin says, with heartbeats in between."""
    with FactorWriter(path, names, capacity=capacity) as writer:
        print(writer.published, flush=True)
        while True:
            writer.heartbeat()
            if not select.select([sys.stdin], [], [], 0.1)[0]:
                continue
            if line := sys.stdin.readline():
                write_records(writer, int(line))
                print(writer.published, flush=True)
            else:
                return
