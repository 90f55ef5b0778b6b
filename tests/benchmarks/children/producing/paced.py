"""The producer process of the latency benchmarks: publishes records at a steady rate.

``python -m …children.producing.paced PATH RATE COUNT``; with rate 0 it publishes one record and
shows heartbeats until its stdin ends.
"""

from __future__ import annotations

import select
import sys
import time

import numpy as np

from adapters.shm import FactorWriter
from tests.benchmarks.processes import say_ready
from tests.benchmarks.workload import FACTOR_COUNT, HEARTBEAT_INTERVAL_S, NAMES, paced

SETTLE_S = 0.3


def main(path: str, rate_hz: float, count: int) -> None:
    """Publish, then leave the region with its last record."""
    values = np.random.default_rng(1).random(FACTOR_COUNT)
    with FactorWriter(path, NAMES) as writer:
        say_ready()
        if rate_hz:
            for number in paced(rate_hz, count):
                values[0] = number
                writer.write_values(values)
            time.sleep(SETTLE_S)
        else:
            writer.write_values(values)
            while not select.select([sys.stdin], [], [], HEARTBEAT_INTERVAL_S)[0]:
                writer.heartbeat()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
