"""Copy an Aeron stream into shared memory, or a region's records onto an Aeron stream."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a bridge that has not begun is stopped as asked.
    leave_at_stop_signals("bridge_aeron.py", 0)

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream import AeronSource
from adapters.aeron_stream.channel import EXAMPLE, check_channel
from adapters.command import json_lines
from adapters.command.terminal import say, say_json
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import ServiceBeat
from adapters.shm import DEFAULT_PATH
from dolphin_strategies import DolphinError
from live.bridging.region_bridge import Bridge
from live.bridging.stream_bridge import StreamBridge
from live.metrics import metrics_endpoint
from live.metrics.figures.process_figures import ProcessFigures

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "bridge_aeron"
BAD_USAGE: Final = 2
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
    add("--state", type=Path, metavar="FILE", help="where a supervisor reads that this turns")
    metrics_endpoint.add_option(parser)
    json_lines.add_option(parser)
    options = parser.parse_args(arguments)
    if options.log_json:
        say_json("bridge_aeron.py")
    bridge: Bridge | StreamBridge
    try:
        channel = check_channel(options.channel)
        beat = ServiceBeat(options.state, NAME, open_or_make, lambda text: say(text, sys.stderr))
        figures = ProcessFigures(metrics_endpoint.MetricsEndpoint(options.metrics))
        if options.out:
            bridge = StreamBridge(NAME, options.region, channel, beat, figures)
        else:
            bridge = Bridge(NAME, AeronSource(channel), options.region, beat, figures)
    except DolphinError as error:
        say(f"bridge_aeron.py: {error}", sys.stderr)
        return BAD_USAGE
    try:
        with figures:
            asyncio.run(bridge.run())
    except DolphinError as error:
        say(f"bridge_aeron.py: {error}", sys.stderr)
        beat.ended(1, str(error))
        return 1
    beat.ended(0, "stopped as asked")
    say(f"{NAME}: {bridge.summary()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
