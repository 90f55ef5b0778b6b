"""say: a line for the user."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any


def say(text: str, to: Any = None) -> None:
    """Print a line at once; a closed terminal or pipe is no reason to stop in the middle."""
    with suppress(OSError, ValueError, RuntimeError):
        print(text, file=to or sys.stdout, flush=True)
