"""A producer that writes the demo's factors as fast as it can, until its stdin ends."""

from __future__ import annotations

import select
import sys
import time
from typing import Final

from adapters.market.simulated_path import SCHEMA, SimulatedPath
from adapters.shm import FactorWriter
from tests.benchmarks.processes import say_ready

STEPS: Final = 1_000
"""Records between two looks at stdin."""


def main(path: str) -> None:
    """Write."""
    market = SimulatedPath(1)
    records = [market.factors(step).copy() for step in range(STEPS)]
    with FactorWriter(path, SCHEMA) as writer:
        writer.write_values(records[0], time.time_ns())
        say_ready()
        while not select.select([sys.stdin], [], [], 0)[0]:
            for values in records:
                writer.write_values(values, time.time_ns())


if __name__ == "__main__":
    main(sys.argv[1])
