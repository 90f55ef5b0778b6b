"""say: prints a line for the user."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from dolphin_strategies.errors import printable


def say(text: str, to: Any = None) -> bool:
    """Print a line and flush; return False if the terminal or pipe is closed or not there.

    What a terminal would take for a command is shown as an escape instead.
    """
    stream = to or sys.stdout
    # Not with print(): a strategy may have put something else in its place.
    with suppress(OSError, ValueError, RuntimeError, AttributeError):
        stream.write(printable(text) + "\n")
        stream.flush()
        return True
    return False
