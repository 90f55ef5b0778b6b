"""A process that changes an entry as fast as it can, ``storm.py URL SECONDS``: how often."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Final

from adapters.hazelcast_map import HazelcastSettings
from tests.proof.network_faults.writers import Hand

IN_FLIGHT: Final = 500


def main(url: str, seconds: float) -> int:
    """Write for some seconds; return how many states the member confirmed."""
    settings = HazelcastSettings.from_url(url)
    hand = Hand(settings)
    entries = hand.map()
    free = threading.Semaphore(IN_FLIGHT)
    number, end_s = 0, time.monotonic() + seconds
    while time.monotonic() < end_s:
        free.acquire()
        number += 1
        state = {"n": number, "at": time.time(), "_sequence": number, "_publisher": "storm",
                 "_ts_event_ns": time.time_ns()}  # fmt: skip
        change = entries.set(settings.key, json.dumps(state))
        change.add_done_callback(lambda _: free.release())
    change.result()
    hand.close()
    return number


if __name__ == "__main__":
    print(main(sys.argv[1], float(sys.argv[2])), flush=True)
