"""A small service in a node's place: a state, a right to real orders, faults on demand."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from adapters.process.byte_lock import RangeLock
from adapters.process.safe_files import open_or_make
from adapters.run_state.run_state import OpenPosition
from adapters.run_state.state_report import OpenItems, StateReport

HELD = OpenItems(
    positions=(OpenPosition(instrument="BTCUSDT-PERP.BINANCE", quantity="1", price="60000"),)
)


def main() -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    add = parser.add_argument
    add("--state", type=Path, required=True)
    add("--live-orders", action="store_true")
    add("--code", type=int, help="end at once with this code")
    add("--once", type=Path, help="do so only as long as this file is missing")
    add("--silent", type=Path, help="beat no more once this file is there")
    add("--leaves-open", action="store_true", help="hold a position, and end without closing it")
    options, _ = parser.parse_known_args()
    folder = Path.cwd()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    if options.code is not None and not (options.once and options.once.exists()):
        if options.once:
            options.once.touch()
        print("as asked", file=sys.stderr)
        return int(options.code)
    right = None
    if options.live_orders:
        right = RangeLock(open_or_make(folder / "right"), 0, 1)
        if not right.is_held:
            (folder / "conflict").write_text(f"{os.getpid()} beside {right.holder()}\n")
            return 1
    with StateReport(options.state, open_or_make, print) as state:
        orders = "live" if options.live_orders else "sandbox"
        state.describe(strategy="Small", trader_id="T-001", venue="none", orders=orders)
        found = HELD if options.leaves_open else OpenItems()
        while not asked:
            if not (options.silent and options.silent.exists()):
                state.turned(found, strategy_id="", factors="", reason="", is_running=True)
            time.sleep(0.02)
        state.ended(3 if options.leaves_open else 0, "SIGTERM", found)
    return 3 if options.leaves_open else 0


if __name__ == "__main__":
    sys.exit(main())
