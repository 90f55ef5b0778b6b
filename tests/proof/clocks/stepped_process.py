"""A producer or a follower of a region, run by a wall clock that its proof sets."""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import time
from typing import Final

from adapters.shm import FactorWriter
from adapters.shm.source import ShmSource

NAMES: Final = ("a", "b")
PAUSE_S: Final = 0.005


def _has_ended() -> bool:
    try:
        return not os.read(sys.stdin.fileno(), 1)
    except BlockingIOError:
        return False


def produce(path: str) -> dict[str, int]:
    """Write records until the input ends; return the writer's counters."""
    with FactorWriter(path, NAMES) as writer:
        while not _has_ended():
            writer.write({"a": 1.0, "b": 2.0})
            writer.heartbeat()
            # Not time.sleep: libfaketime moves its deadline on the monotonic clock too.
            select.select([], [], [], PAUSE_S)
        return {"written": writer.published, **writer.counters}


def follow(path: str) -> dict[str, int]:
    """Follow a region until the input ends; return how often each state was seen."""

    async def run() -> dict[str, int]:
        source = ShmSource(path)
        source.open(lambda: None, time.time_ns)
        seen: dict[str, int] = {}
        try:
            while not _has_ended():
                source.read_latest()
                state = source.status().state.name
                seen[state] = seen.get(state, 0) + 1
                await asyncio.sleep(PAUSE_S)
        finally:
            source.close()
        return seen

    return asyncio.run(run())


if __name__ == "__main__":
    os.set_blocking(sys.stdin.fileno(), False)
    print(json.dumps({"produce": produce, "follow": follow}[sys.argv[1]](sys.argv[2])))
