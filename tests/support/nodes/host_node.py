"""A StreamHost with short limits, which tells its counters when asked."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from adapters.exf.registry.computed_file import read_definitions
from adapters.process.run_folder import RunFolder
from adapters.streams.hosting.stream_host import StreamHost
from adapters.streams.hosting.venue_link import links_of
from adapters.streams.joining.log_lines import LogLines
from dolphin_strategies.computed.factor_set import ComputedFactors


def run(base_url: str, venue: str, factors: str, silence_s: float, lost_s: float) -> None:
    """Stream until the input ends; print the counters as JSON for each line that comes."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        computed = ComputedFactors([spec for spec, _ in read_definitions(Path(factors))])
        names = {str(needed.instrument_id): venue for needed in computed.inputs}
        links = links_of(computed.inputs, names, {venue: base_url})
        with RunFolder() as folder:
            host = StreamHost(
                links, computed, lambda *record: None,
                silence_s=silence_s, lost_s=lost_s, open_log=partial(LogLines, folder.path),
            )  # fmt: skip
            running = asyncio.create_task(host.run())
            while await loop.run_in_executor(None, sys.stdin.readline):
                values = dict(zip(computed.schema.names, computed.values, strict=True))
                print(json.dumps(host.report() | {"values": values}), flush=True)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(main())
