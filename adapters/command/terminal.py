"""say: prints a line for the user."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any


def say(text: str, to: Any = None) -> None:
    """Print a line and flush; a closed terminal or pipe is ignored."""
    with suppress(OSError, ValueError, RuntimeError):
        print(text, file=to or sys.stdout, flush=True)
