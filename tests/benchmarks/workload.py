"""What every benchmark publishes: 85 named factors, in a region of its own."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from adapters.shm.region import region_files

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTOR_COUNT: Final = 85
NAMES: Final = tuple(f"factor_{i:02d}_binance" for i in range(FACTOR_COUNT))
REQUIRED: Final = (NAMES[3], NAMES[40])
HEARTBEAT_INTERVAL_S: Final = 0.1
MAX_SLEEPING_RATE_HZ: Final = 2_000
"""A faster pace is kept by a busy loop, because a sleep is too coarse."""


@contextmanager
def own_region() -> Iterator[Path]:
    """Give the path of a region that nobody else uses, and remove what lies there afterwards."""
    path = Path(f"/dev/shm/dolphin_benchmark_{os.getpid()}_{uuid4().hex[:8]}")
    try:
        yield path
    finally:
        region_files.remove(path)


def paced(rate_hz: float, count: int, *, sleeps: bool = False) -> Iterator[int]:
    """Yield 1, 2, ..., count, each when it is due; ``sleeps``: asleep until then at any rate."""
    interval_s = 1 / rate_hz
    sleeps = sleeps or rate_hz <= MAX_SLEEPING_RATE_HZ
    due_s = time.perf_counter()
    for number in range(1, count + 1):
        due_s += interval_s
        while (left_s := due_s - time.perf_counter()) > 0:
            if sleeps:
                time.sleep(left_s)
        yield number
