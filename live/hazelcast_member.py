"""Start a Hazelcast member on this machine's loopback, for tests and for trying it out."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # Until the member takes its place.
    leave_at_stop_signals("hazelcast_member.py", LEFT_AT_ONCE)

import argparse
import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from live.cluster.local_member import NoMemberError, command

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_USAGE: Final = 2
EPILOG: Final = """\
examples:
  hazelcast_member.py                        a member at 127.0.0.1:5701, cluster dolphin
  hazelcast_member.py --port 5801 --cluster trial
  hazelcast_member.py --fetch                only download what it needs, for a later start

The process becomes the member; Ctrl-C or SIGTERM ends it. Without Java or Maven, see
docs/hazelcast.md for Docker.
exit codes: 0 --fetch has everything; 2 bad usage, or no member can run here; 130 ended by a signal
before the member began; else the member's.
"""
_PR_SET_PDEATHSIG: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Become a member; return only if that is impossible or was not requested."""
    parser = argparse.ArgumentParser(
        prog="hazelcast_member.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=5701, help="default: 5701")
    parser.add_argument("--cluster", default="dolphin", metavar="NAME", help="default: dolphin")
    parser.add_argument("--fetch", action="store_true", help="only download what it needs")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    options = parser.parse_args(arguments)
    try:
        words = command(options.port, options.cluster)
    except NoMemberError as error:
        say(f"hazelcast_member.py: {error}", sys.stderr)
        return BAD_USAGE
    if options.fetch:
        return 0
    if options.with_parent:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1
    return os.execv(words[0], words)  # noqa: S606 - the member replaces this process


if __name__ == "__main__":
    sys.exit(main())
