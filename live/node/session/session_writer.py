"""The session writer's process: writes the frames from a node's pipe into a session's folder.

Run as ``python -m live.node.session.session_writer FOLDER SOURCE``. Frames come on standard
input.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from adapters.process.writer_process import write_until_end
from adapters.session.session_sink import SessionSink


def main(folder: str, source: str) -> int:
    """Write until the input ends; return the exit code."""

    def make() -> SessionSink:
        # pyarrow loads pandas at its first array, which takes a second: not while inputs come.
        pa.array(np.zeros(1))
        return SessionSink(Path(folder), source)

    return write_until_end(make)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
