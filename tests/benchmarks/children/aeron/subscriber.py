"""A bare source, without a node: ``python -m …children.aeron.subscriber CHANNEL``.

It takes each record until the stream ends, and answers with the counts and the longest gap.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any, Final

from adapters.aeron_stream import AeronChannel, AeronSource
from dolphin_strategies import SourceState
from tests.support.eventually import eventually_async

READY_TIMEOUT_S: Final = 25.0
END_TIMEOUT_S: Final = 120.0
REST_S: Final = 0.001
"""Between two looks: two subscribers that spin would measure the scheduler."""


async def subscribe(channel: AeronChannel) -> dict[str, Any]:
    """Take each record until the stream ends."""
    source = AeronSource(channel)
    source.open(lambda: None, time.time_ns)
    try:
        await eventually_async(
            lambda: source.status().state is SourceState.LIVE, "the publisher", READY_TIMEOUT_S
        )
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        gap_ns = last_ns = 0
        until_s = time.monotonic() + END_TIMEOUT_S
        while time.monotonic() < until_s and not _is_over(source):
            while source.read_next() is not None:
                now_ns = time.monotonic_ns()
                gap_ns = max(gap_ns, now_ns - last_ns if last_ns else 0)
                last_ns = now_ns
            time.sleep(REST_S)  # noqa: ASYNC251 - nothing else runs in this loop
        status = source.status()
    finally:
        source.close()
    return {"published": status.published, "lost": status.lost, "gap_ms": gap_ns / 1e6}


def _is_over(source: AeronSource) -> bool:
    status = source.status()
    return "has stopped" in status.reason and not status.pending


if __name__ == "__main__":
    print(json.dumps(asyncio.run(subscribe(AeronChannel.from_text(sys.argv[1])))))
