"""One FactorReader without a node, in a process of its own: the floor under the node's latency.

``python -m …children.raw_process PATH WAIT RATE COUNT`` answers with percentiles.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any, Final

from adapters.feed.latency import LatencyRecorder
from adapters.shm import FactorReader
from tests.benchmarks import processes
from tests.benchmarks.report import require

SPIN_NS: Final = 20_000
SLEEP_S: Final = 0.1


def latency(path: str, wait: str, rate_hz: float, count: int) -> Any:
    """Read the newest record whenever there is one, until the producer has ended."""
    recorder = LatencyRecorder()
    with processes.running(processes.module("producing.paced", path, rate_hz, count)) as producer:
        processes.await_ready(producer)
        with FactorReader(path) as reader:
            gc.collect()
            gc.freeze()
            processes.tell_go(producer)
            while reader.position < count:
                there = reader.spin(SPIN_NS) if wait == "spin" else reader.wait(SLEEP_S)
                if there:
                    f = reader.read_latest()
                    if f is not None:
                        recorder.add(time.monotonic_ns() - f.published_mono_ns)
                elif producer.poll() is not None:
                    break
            delivered, conflated, lost = reader.delivered, reader.conflated, reader.lost
    require(
        delivered + conflated + lost == count,
        f"published {count:,}, found {delivered:,} + {conflated:,} conflated + {lost:,} lost",
    )
    return {**recorder.percentiles()._asdict(), "conflated": conflated, "lost": lost}


def main(path: str, wait: str, rate_hz: str, count: str) -> None:
    """Run to the end; print the answer."""
    print(json.dumps(latency(path, wait, float(rate_hz), int(count))))


if __name__ == "__main__":
    main(*sys.argv[1:])
