"""Run Aeron's media driver of this machine, which sends and receives what others stream."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals, leave_at_stop_signals

if __name__ == "__main__":
    leave_at_stop_signals("aeron_driver.py", 0)

import argparse
import ctypes
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.channel import default_directory
from adapters.aeron_stream.driver.driver_settings import RECEIVE_WINDOW, receive_window
from adapters.aeron_stream.driver.media_driver import running_driver
from adapters.command.terminal import say
from dolphin_strategies import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "aeron_driver"
BAD_USAGE: Final = 2
READY: Final = "media driver at"
EPILOG: Final = """\
examples:
  aeron_driver.py                             one a machine and user is enough, for all channels
  aeron_driver.py --spin                      the lowest latency between machines, for one core
  aeron_driver.py --dir /dev/shm/my_driver    then: aeron:ipc?dir=/dev/shm/my_driver

docs/aeron.md has what its channels are, and what it is set to.
exit codes: 0 stopped as asked; 2 bad usage, or it cannot run; 130 left by a second signal.
"""
_PR_SET_PDEATHSIG: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="aeron_driver.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dir", type=Path, default=default_directory(), metavar="FOLDER",
        help="its files, in memory (default: /dev/shm/dolphin_aeron_ and the number of the user)",
    )  # fmt: skip
    parser.add_argument("--spin", action="store_true", help="the lowest latency, for one CPU core")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    options = parser.parse_args(arguments)
    if options.with_parent:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1
    stop = threading.Event()
    StopSignals(lambda name: stop.set(), lambda name: os._exit(LEFT_AT_ONCE)).take_over()
    try:
        with running_driver(options.dir.absolute(), spins=options.spin):
            say(f"{NAME}: {READY} {options.dir}, process {os.getpid()}")
            if (window := receive_window()) < RECEIVE_WINDOW:
                say(
                    f"{NAME}: a UDP subscriber may be only {window:,} bytes behind; for more set "
                    f"net.core.rmem_max to {RECEIVE_WINDOW:,}"
                )
            stop.wait()
    except DolphinError as error:
        say(f"{NAME}: {error}", sys.stderr)
        return BAD_USAGE
    say(f"{NAME}: stopped as asked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
