"""The publisher of a stream: ``python -m …children.aeron.publisher CHANNEL RATE:COUNT …``.

It publishes the records of each phase at its rate, once the parent says so, and answers with its
counters. It sleeps from one record to the next, however fast: its media driver needs the core.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time
from typing import Final

import numpy as np

from adapters.aeron_stream import AeronChannel, AeronPublisher
from tests.benchmarks import processes
from tests.benchmarks.children.aeron.phases import Phase
from tests.benchmarks.workload import FACTOR_COUNT, NAMES, paced
from tests.support.eventually import eventually

READY_TIMEOUT_S: Final = 25.0
SETTLE_S: Final = 0.2
_PR_SET_TIMERSLACK: Final = 29


def publish(channel: AeronChannel, phases: list[Phase]) -> dict[str, int]:
    """Publish all phases, a moment of silence after each; return the publisher's counters."""
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    values = np.random.default_rng(1).random(FACTOR_COUNT)
    with AeronPublisher(channel, NAMES) as publisher:
        eventually(lambda: publisher.is_heard, "a subscriber", READY_TIMEOUT_S)
        processes.say_ready()
        gc.collect()
        gc.freeze()
        for phase in phases:
            for number in paced(phase.rate_hz, phase.records, sleeps=True):
                values[0] = number
                publisher.write_values(values)
            publisher.flush(1.0)
            time.sleep(SETTLE_S)
        return publisher.counters


if __name__ == "__main__":
    _, text, *rest = sys.argv
    answer = publish(AeronChannel.from_text(text), [Phase.from_text(t) for t in rest])
    print(json.dumps(answer))
