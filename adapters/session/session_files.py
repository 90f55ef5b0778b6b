"""A session's folder: the names of its files, and the check of a new one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SESSION_FILE: Final = "session.json"
"""Describes the run: strategy, settings, instruments, versions, how it ended."""
LINES_FILE: Final = "decisions.jsonl"
"""Decisions, execution events and other occurrences, in order."""
HISTORY_SUFFIX: Final = "-history"
"""The suffix of the name of the recording with a strategy's history."""
FORMAT: Final = 1


def check_new(folder: Path) -> None:
    """Refuse a folder that has a session already, or that is not writable.

    Raises
    ------
    ConfigError
        With the reason.

    """
    for name in (SESSION_FILE, LINES_FILE):
        if (folder / name).exists():
            msg = f"record: {folder} holds a session already ({name}); name another folder"
            raise ConfigError(msg)
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        msg = f"record: {place} is no folder that can be written to; name another one"
        raise ConfigError(msg)
