"""say: prints a line for the user."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from dolphin_strategies.errors import printable


def say(text: str, to: Any = None) -> None:
    """Print a line and flush; a closed terminal or pipe is ignored.

    What a terminal would take for a command is shown as an escape instead.
    """
    with suppress(OSError, ValueError, RuntimeError):
        print(printable(text), file=to or sys.stdout, flush=True)
