"""A process with a source and a clock that is set from outside: ``stepped_source.py URL``.

Each line it prints is what it sees: live or not, the newest ``at``, its ``ts_event`` in UNIX
nanoseconds, how often one was before its predecessor's, and its wall clock less the monotonic one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from dolphin_strategies import SourceState


async def main(url: str) -> None:
    """Follow the entry and tell, a hundred times a second."""
    source = HazelcastSource(HazelcastSettings.from_url(url))
    source.open(lambda: None, time.time_ns)
    newest, ts_event, went_back = 0.0, 0, 0
    while True:
        while (f := source.read_next()) is not None:
            went_back += f.ts_event < ts_event
            newest, ts_event = f["at"], f.ts_event
        is_live = source.status().state is SourceState.LIVE
        skew_s = time.time() - time.monotonic()
        print(json.dumps([is_live, newest, ts_event, went_back, skew_s]), flush=True)
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
