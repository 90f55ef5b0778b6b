"""The market writer's process: writes the market data from a service's pipe into a catalog.

Run as ``python -m live.exf.work.market.market_writer CATALOG SOURCE``. Frames come on
standard input.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from adapters.process.writer_process import write_until_end
from live.exf.work.market.market_sink import MarketSink


def main(catalog: str, source: str) -> int:
    """Write until the input ends; return the exit code."""

    def make() -> MarketSink:
        # pyarrow loads pandas at its first array, which takes a second: not while data come.
        pa.array(np.zeros(1))
        return MarketSink(Path(catalog), source)

    return write_until_end(make)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
