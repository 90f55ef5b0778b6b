"""Copy an Aeron stream into shared memory, or a region's records onto an Aeron stream."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a bridge that has not begun is stopped as asked.
    leave_at_stop_signals("bridge_aeron.py", 0)

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream import AeronSource
from adapters.aeron_stream.channel import EXAMPLE, check_channel
from adapters.shm import DEFAULT_PATH
from live.bridging.bridge_command import add_options, run_bridge
from live.bridging.region_bridge import RegionBridge
from live.bridging.stream_bridge import StreamBridge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.bridging.bridge import Bridge, Program

NAME: Final = "bridge_aeron"
EPILOG: Final = """\
examples:
  bridge_aeron.py "aeron:udp?endpoint=127.0.0.1:20121"      the stream into the region
  bridge_aeron.py --out aeron:ipc                           the region onto a stream
  bridge_aeron.py --region /dev/shm/bridged aeron:ipc       then: run_node.py --producer outside
                                                            --region /dev/shm/bridged

A media driver runs beside it: aeron_driver.py. Ctrl-C stops it.
exit codes: 0 stopped as asked; 1 the region or the stream could not be written; 2 bad usage; 130
left by a second signal.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="bridge_aeron.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("channel", metavar="CHANNEL", help=f"which stream, for example {EXAMPLE}; see "
        "docs/aeron.md")  # fmt: skip
    add("--out", action="store_true", help="from the region onto the stream (default: from the "
        "stream into the region)")  # fmt: skip
    add("--region", type=Path, default=DEFAULT_PATH, metavar="PATH",
        help=f"the region (default: {DEFAULT_PATH})")  # fmt: skip
    add_options(parser)
    options = parser.parse_args(arguments)

    def make(program: Program) -> Bridge:
        channel = check_channel(options.channel)
        if options.out:
            return StreamBridge(program, options.region, channel)
        return RegionBridge(program, AeronSource(channel), options.region)

    return run_bridge(NAME, options, make)


if __name__ == "__main__":
    sys.exit(main())
