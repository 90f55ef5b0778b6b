"""Copy a Hazelcast entry into shared memory, from which nodes read it in microseconds."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a bridge that has not begun is stopped as asked.
    leave_at_stop_signals("bridge_hazelcast.py", 0)

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command import json_lines
from adapters.command.terminal import say, say_json
from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from adapters.process.core_dumps import keep_secrets_from_core_dumps
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import ServiceBeat
from adapters.shm import DEFAULT_PATH
from dolphin_strategies import DolphinError
from live.bridging.region_bridge import Bridge
from live.metrics import metrics_endpoint
from live.metrics.figures.process_figures import ProcessFigures

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_URL: Final = str(HazelcastSettings())
NAME: Final = "bridge_hazelcast"
BAD_USAGE: Final = 2
EPILOG: Final = """\
examples:
  bridge_hazelcast.py                                the default entry of a member on this machine
  bridge_hazelcast.py "hazelcast://10.0.0.5:5701/FEATURES/latest?cluster=prod"
  bridge_hazelcast.py --region /dev/shm/bridged      then: run_node.py --producer outside
                                                     --region /dev/shm/bridged

Ctrl-C stops it; readers stay attached, and their values grow old.
exit codes: 0 stopped as asked; 1 the region could not be written; 2 bad usage; 130 left by a
second signal.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="bridge_hazelcast.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("source", nargs="?", default=DEFAULT_URL, metavar="URL",
        help=f"which entry; see docs/hazelcast.md (default: {DEFAULT_URL})")  # fmt: skip
    add("--region", type=Path, default=DEFAULT_PATH, metavar="PATH",
        help=f"where to write (default: {DEFAULT_PATH})")  # fmt: skip
    add("--state", type=Path, metavar="FILE", help="where a supervisor reads that this turns")
    metrics_endpoint.add_option(parser)
    json_lines.add_option(parser)
    options = parser.parse_args(arguments)
    if options.log_json:
        say_json("bridge_hazelcast.py")
    keep_secrets_from_core_dumps()
    try:
        source = HazelcastSource(HazelcastSettings.from_url(options.source))
        beat = ServiceBeat(options.state, NAME, open_or_make, lambda text: say(text, sys.stderr))
        figures = ProcessFigures(metrics_endpoint.MetricsEndpoint(options.metrics))
        bridge = Bridge(NAME, source, options.region, beat, figures)
    except DolphinError as error:
        say(f"bridge_hazelcast.py: {error}", sys.stderr)
        return BAD_USAGE
    try:
        with figures:
            asyncio.run(bridge.run())
    except DolphinError as error:
        say(f"bridge_hazelcast.py: {error}", sys.stderr)
        beat.ended(1, str(error))
        return 1
    beat.ended(0, "stopped as asked")
    say(f"{NAME}: {bridge.summary()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
