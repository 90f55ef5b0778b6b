"""Copy a Hazelcast entry into shared memory, from which nodes read it in microseconds."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a bridge that has not begun is stopped as asked.
    leave_at_stop_signals("bridge_hazelcast.py", 0)

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.hazelcast_map import HazelcastSettings, HazelcastSource
from adapters.process.core_dumps import keep_secrets_from_core_dumps
from adapters.shm import DEFAULT_PATH
from live.bridging.bridge_command import add_options, run_bridge
from live.bridging.region_bridge import RegionBridge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.bridging.bridge import Program

DEFAULT_URL: Final = str(HazelcastSettings())
NAME: Final = "bridge_hazelcast"
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
    add_options(parser)
    options = parser.parse_args(arguments)
    keep_secrets_from_core_dumps()

    def make(program: Program) -> RegionBridge:
        source = HazelcastSource(HazelcastSettings.from_url(options.source))
        return RegionBridge(program, source, options.region)

    return run_bridge(NAME, options, make)


if __name__ == "__main__":
    sys.exit(main())
