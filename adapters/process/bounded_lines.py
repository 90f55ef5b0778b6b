"""Lines to a descriptor that may be blocked, which hold nobody up."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import Final

WRITE_S: Final = 1.0
"""How long a blocked terminal or pipe may delay a line."""
STDOUT: Final = 1
STDERR: Final = 2
_PIECE_BYTES: Final = 4_096
"""Bytes that a writable pipe accepts without blocking."""


def say_bounded(text: str, to: int = STDERR) -> None:
    """Print a line to a descriptor; what it does not accept within a second is dropped."""
    left = text.encode() + b"\n"
    with suppress(OSError):
        while left and select.select([], [to], [], WRITE_S)[1]:
            left = left[os.write(to, left[:_PIECE_BYTES]) :]
