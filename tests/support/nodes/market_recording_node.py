"""A producer's streams that record their market data, and keep the records that they gave."""

from __future__ import annotations

import asyncio
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.exf.registry.computed_file import read_specs
from adapters.streams.hosting.stream_host import StreamHost
from adapters.streams.hosting.venue_link import links_of
from dolphin_strategies.computed.factor_set import ComputedFactors
from live.exf.work.market.market_recording import MarketRecording

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping

    from tests.support.computed.records import Record


def run(base_url: str, venue_names: Mapping[str, str], factors_file: str, folder: str) -> None:
    """Stream until a line comes.

    Prints a line when it runs, once when no factor has a value any more, and the report of the
    recording when all is written. The records are in ``live.json``.
    """
    factors = ComputedFactors(read_specs(Path(factors_file)))
    records: list[Record] = []
    has_values = was_silent = False

    def keep(values: array[float], event_ns: int, at_ns: int) -> None:
        nonlocal has_values, was_silent
        records.append((at_ns, event_ns, values.tobytes()))
        had_values, has_values = has_values, not all(map(math.isnan, values))
        if had_values and not has_values and not was_silent:
            was_silent = True
            print("silent", flush=True)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        recording = MarketRecording(Path(folder) / "catalog")
        host = StreamHost(
            links_of(factors.inputs, venue_names, dict.fromkeys(venue_names.values(), base_url)),
            factors,
            keep,
            tap=recording.tap,
        )
        recording.start(loop)
        streaming = asyncio.create_task(host.run())
        print("running", flush=True)
        await loop.run_in_executor(None, input)
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        recording.stop()
        (Path(folder) / "live.json").write_text(
            json.dumps([(at_ns, event_ns, p.hex()) for at_ns, event_ns, p in records])
        )
        print(json.dumps(recording.report()), flush=True)

    asyncio.run(main())
    # A client that is just connecting cannot be stopped, and it has threads of its own.
    os._exit(0)
