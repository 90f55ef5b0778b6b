"""The command ``watchdog.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals
from dolphin_strategies.errors import DolphinError
from live.guarding.alarming.alarms import Alarms
from live.guarding.closings import Closings
from live.guarding.guard_loop import GuardLoop
from live.guarding.guard_options import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
BAD_USAGE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    requests: list[str] = []
    # A flag, so that no signal interrupts an alarm.
    StopSignals(requests.append, lambda name: os._exit(LEFT_AT_ONCE)).take_over()
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        alarms = Alarms(options.alarm_file, options.channels)
        if options.is_test:
            return try_out(alarms)
        closings = Closings(options.close, live_orders=options.live_orders)
        loop = GuardLoop(options, alarms, closings)
    except (DolphinError, ValueError) as error:
        say(f"watchdog.py: {error}", sys.stderr)
        return BAD_USAGE
    while not requests and loop.turn():
        pass
    loop.close()
    return loop.code


def try_out(alarms: Alarms) -> int:
    """Deliver one alarm; return 0 if every channel took it, else 1."""
    alarms.alarm("TEST", "watchdog.py", "this is a test: nothing is wrong", Path(), os.getpid())
    alarms.close()
    say("NOT DELIVERED: see above" if alarms.failed else "delivered")
    return FAILED if alarms.failed else 0
