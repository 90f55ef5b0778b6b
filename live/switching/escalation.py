"""Escalation: a command that a node has not acknowledged, handed to the watchdog beside it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.process.safe_files import UnusableFileError, open_file
from adapters.process.whole_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = ".unanswered"
"""Beside a node's state: what the watchdog looks for, and removes once it has taken it."""
TAKEN_S: Final = 1.0
"""How soon a watchdog takes it; it looks ten times a second."""
_MOST_BYTES: Final = 4096


def path_beside(state: Path) -> Path:
    """Return the file beside a state."""
    return state.with_name(state.name + SUFFIX)


def hand_over(state: Path, pid: int, command: str, who: str, why: str) -> bool:
    """Hand a command to the watchdog of a node; return whether one has taken it.

    Raises
    ------
    UnusableFileError
        If the file cannot be written.

    """
    path = path_beside(state)
    table = {"pid": pid, "command": command, "who": who, "why": why}
    write_private(path, orjson.dumps(table))
    until_s = time.monotonic() + TAKEN_S
    while path.exists():
        if time.monotonic() > until_s:
            path.unlink(missing_ok=True)
            return False
        time.sleep(0.02)
    return True


def take(state: Path, pid: int) -> dict[str, Any] | None:
    """Take the command for a process that lies beside its state, if there is one.

    The watchdog's end; one for another process is left.
    """
    path = path_beside(state)
    try:
        fd = open_file(path, os.O_RDONLY)
    except (OSError, UnusableFileError):
        return None
    with os.fdopen(fd, "rb") as file:
        content = file.read(_MOST_BYTES)
    try:
        table = dict(orjson.loads(content))
    except (ValueError, TypeError):
        return None  # being written
    if table.get("pid") != pid:
        return None
    with suppress(OSError):
        path.unlink()
    return table
