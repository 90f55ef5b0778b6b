"""The loop of a process that writes what comes through its standard input.

It prints JSON: ``{"ready": ...}`` or ``{"error": ...}``, then its counts whenever they change. It
ends when its input ends, also by the death of the process that started it.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.process.closed_output import end_quietly_without_readers
from adapters.process.stop_signals import ignore_stop_signals
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable

NICE: Final = 5
"""A lower priority than that of the process that sends."""
TURN_S: Final = 0.2
STATUS_S: Final = 0.5
FAILED: Final = 2
_READ_BYTES: Final = 1 << 20
_BUSY_BYTES: Final = 1 << 18
_INPUT: Final = 0


class Sink(Protocol):
    """Writes what it is fed."""

    def feed(self, content: bytes) -> None:
        """Add bytes, in pieces of any size."""

    def tick(self) -> None:
        """Write what is due; called a few times a second."""

    def status(self) -> dict[str, Any]:
        """Return the counts and the problem, for the process that sends."""

    def close(self) -> None:
        """Write everything and close the files."""


def write_until_end(make_sink: Callable[[], Sink]) -> int:
    """Write until the input ends; return the exit code.

    Parameters
    ----------
    make_sink : callable
        Makes the sink; a DolphinError or OSError is reported as an error.

    """
    # Only the end of the input ends this process: the one that sends may have more to say.
    ignore_stop_signals()
    end_quietly_without_readers()
    try:
        sink = make_sink()
    except (DolphinError, OSError) as error:
        report(error=str(error))
        return FAILED
    os.nice(NICE)
    report(ready=True)
    reported: dict[str, Any] = {}
    reported_s = 0.0
    while True:
        if select.select([_INPUT], [], [], TURN_S)[0]:
            content = os.read(_INPUT, _READ_BYTES)
            if not content:
                break
            sink.feed(content)
            if len(content) < _BUSY_BYTES:
                # Rarely awake, so that the sender is rarely disturbed; the pipe buffers meanwhile.
                time.sleep(TURN_S)
        sink.tick()
        if time.monotonic() - reported_s >= STATUS_S and (status := sink.status()) != reported:
            reported, reported_s = status, time.monotonic()
            report(**reported)
    sink.close()
    report(**sink.status(), closed=True)
    return 0


def report(**values: Any) -> None:
    """Print a line for the process that sends; ignored if it has ended."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()
