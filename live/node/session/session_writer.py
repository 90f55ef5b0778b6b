"""The session writer's process: writes the frames from a node's pipe into a session's folder.

Run as ``python -m live.node.session.session_writer FOLDER SOURCE``. Frames come on standard
input. It prints JSON: ``{"ready": ...}`` or ``{"error": ...}``, then its counts whenever they
change. It ends when its input ends, also by the death of the node.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adapters.process.stop_signals import ignore_stop_signals
from adapters.session.session_sink import SessionSink
from dolphin_strategies.errors import DolphinError

NICE: Final = 5
"""A lower priority than that of the node's process."""
TURN_S: Final = 0.2
STATUS_S: Final = 0.5
_READ_BYTES: Final = 1 << 20
_BUSY_BYTES: Final = 1 << 18
_INPUT: Final = 0


def main(folder: str, source: str) -> int:
    """Write until the input ends; return the exit code."""
    # Only the end of the input ends this process: the node has to be flat first.
    ignore_stop_signals()
    # pyarrow loads pandas at its first array, which takes a second: not while inputs come.
    pa.array(np.zeros(1))
    try:
        sink = SessionSink(Path(folder), source)
    except (DolphinError, OSError) as error:
        report(error=str(error))
        return 2
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
                # Rarely awake, so that the node is rarely disturbed; the pipe buffers meanwhile.
                time.sleep(TURN_S)
        sink.tick()
        if time.monotonic() - reported_s >= STATUS_S and (status := sink.status()) != reported:
            reported, reported_s = status, time.monotonic()
            report(**reported)
    sink.close()
    report(**sink.status(), closed=True)
    return 0


def report(**values: Any) -> None:
    """Print a line for the node; ignored if the node has ended."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
