"""One end of one transport, in a process of its own.

``python -m …children.peer_process send|receive TRANSPORT ADDRESS RATE COUNT``; the receiver
answers with percentiles and with how many payloads were torn or skipped.
"""

from __future__ import annotations

import gc
import json
import struct
import sys
import time
from typing import Any, Final

from adapters.feed.latency import LatencyRecorder
from tests.benchmarks.processes import say_ready
from tests.benchmarks.transports import TRANSPORTS
from tests.benchmarks.workload import FACTOR_COUNT, paced

WORDS: Final = struct.Struct(f"<{FACTOR_COUNT}q")
SILENCE_LIMIT_S: Final = 10.0


def send(transport: str, address: str, rate_hz: float, count: int) -> None:
    """Send payloads 1 to ``count``; keep the transport open until stdin ends."""
    sender = TRANSPORTS[transport][0](address)
    try:
        say_ready()
        for number in paced(rate_hz, count):
            sender.send(number)
        sys.stdin.readline()
    finally:
        sender.close()


def receive(transport: str, address: str, count: int) -> dict[str, Any]:
    """Receive until payload ``count`` came or nothing comes any more."""
    receiver = TRANSPORTS[transport][1](address)
    recorder = LatencyRecorder()
    received = torn = number = 0
    print("ready", flush=True)
    gc.collect()
    gc.freeze()
    deadline_s = time.monotonic() + SILENCE_LIMIT_S
    while number < count and time.monotonic() < deadline_s:
        payload = receiver.receive()
        if payload is None:
            continue
        now_ns = time.monotonic_ns()
        deadline_s = now_ns / 1e9 + SILENCE_LIMIT_S
        stamp_ns, *numbers = WORDS.unpack(payload)
        recorder.add(now_ns - stamp_ns)
        received += 1
        number = max(numbers)
        torn += min(numbers) != number
    receiver.close()
    if not received:
        sys.exit(f"nothing came for {SILENCE_LIMIT_S:g} s")
    return {**recorder.percentiles()._asdict(), "torn": torn, "skipped": count - received}


def main(end: str, transport: str, address: str, rate_hz: str, count: str) -> None:
    """Be the end asked for."""
    if end == "send":
        send(transport, address, float(rate_hz), int(count))
    else:
        print(json.dumps(receive(transport, address, int(count))))


if __name__ == "__main__":
    main(*sys.argv[1:])
