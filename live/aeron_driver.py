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
from adapters.aeron_stream.driver.driver_folder import DRIVER
from adapters.aeron_stream.driver.driver_settings import (
    MOST_REST_US,
    RECEIVE_WINDOW,
    REST_US,
    receive_window,
)
from adapters.aeron_stream.driver.media_driver import running_driver
from adapters.command.terminal import say
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import INTERVAL_S, ServiceBeat
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
  aeron_driver.py --rest 50                   in between: sleep 50 µs at most
  aeron_driver.py --dir /dev/shm/my_driver    then: aeron:ipc?dir=/dev/shm/my_driver

docs/aeron.md has what its channels are, and what it is set to.
exit codes: 0 stopped as asked; 2 bad usage, or it cannot run; 130 left by a second signal.
"""
_PR_SET_PDEATHSIG: Final = 1


def _microseconds(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST_REST_US:
        msg = f"expected 1 to {MOST_REST_US} microseconds (--spin: none), found {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


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
    idle = parser.add_mutually_exclusive_group()
    idle.add_argument(
        "--spin",
        action="store_const",
        const=0,
        default=REST_US,
        dest="rest",
        help="never sleep: the lowest latency, for one CPU core",
    )
    idle.add_argument(
        "--rest", type=_microseconds, default=REST_US, metavar="MICROSECONDS",
        help=f"how long it sleeps at most while there is nothing to do, 1 to {MOST_REST_US:,} "
        f"(default: {REST_US})",
    )  # fmt: skip
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="where a supervisor reads that this turns"
    )
    options = parser.parse_args(arguments)
    if options.with_parent:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1
    stop = threading.Event()
    StopSignals(lambda name: stop.set(), lambda name: os._exit(LEFT_AT_ONCE)).take_over()
    beat: ServiceBeat | None = None
    try:
        beat = ServiceBeat(options.state, NAME, open_or_make, lambda text: say(text, sys.stderr))
        beat.beat(is_running=False)
        with running_driver(options.dir.absolute(), rest_us=options.rest):
            say(f"{NAME}: {READY} {options.dir}, process {os.getpid()}")
            if (window := receive_window()) < RECEIVE_WINDOW:
                say(
                    f"{NAME}: a UDP subscriber may be only {window:,} bytes behind; for more set "
                    f"net.core.rmem_max to {RECEIVE_WINDOW:,}"
                )
            while not stop.wait(INTERVAL_S):
                beat.beat(trouble=_trouble(options.dir))
    except DolphinError as error:
        say(f"{NAME}: {error}", sys.stderr)
        if beat is not None:
            beat.ended(BAD_USAGE, str(error))
        return BAD_USAGE
    beat.ended(0, "stopped as asked")
    say(f"{NAME}: stopped as asked")
    return 0


def _trouble(directory: Path) -> str:
    """Return why nobody can reach the driver; empty if nothing is known to be wrong."""
    if (directory / DRIVER).is_dir():
        return ""
    return f"its files at {directory} are gone: nobody finds it; start it again"


if __name__ == "__main__":
    sys.exit(main())
