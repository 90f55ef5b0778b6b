"""Output that nobody reads any more, as in ``| head -1``: no word of it, no code of its own."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress


def end_quietly_without_readers() -> None:
    """See to it that the end of this process is its own, also if its reader has gone before.

    Python flushes standard output at the end, and where that fails says so, with the exit code
    120, whatever the program's own is.
    """
    atexit.register(_let_go)


def _let_go() -> None:
    """Have what is still to be flushed go nowhere, if it has no reader."""
    for stream in (sys.stdout, sys.stderr):
        # A full disk is for Python to tell; a closed stream, or none, has nothing to flush.
        with suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except BrokenPipeError:
                nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
