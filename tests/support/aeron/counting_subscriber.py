"""A subscriber as a process of its own: ``python -m … CHANNEL``; a line of input asks it to count.

It answers with a line of JSON: the counts of its source, after reading all that is there.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from adapters.aeron_stream import AeronChannel, AeronSource
from tests.support.aeron.streams import read_all

READY = "subscribed"
READ_S = 0.005


async def main(channel: str) -> None:
    """Read until the input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    source = AeronSource(AeronChannel.from_text(channel), capacity=1 << 16)
    source.open(lambda: None, time.time_ns)
    asked = asyncio.create_task(lines.readline())
    is_ready = False
    try:
        while True:
            read_all(source)
            if not is_ready and source.schema is not None:
                is_ready = True
                print(READY, flush=True)
            if asked.done():
                if not asked.result():
                    return
                asked = asyncio.create_task(lines.readline())
                status = source.status()
                print(json.dumps(dict(status._asdict(), state=status.state.value)), flush=True)
            await asyncio.sleep(READ_S)
    finally:
        source.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
