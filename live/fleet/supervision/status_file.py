"""StatusFile: what a supervisor tells once a second, for whoever looks and does not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.process.safe_files import open_or_make
from adapters.run_state.state_file import SUPERVISOR_NAME, StateWriter
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TELL_S: Final = 1.0


class StatusFile:
    """A file in the run folder, whose lock shows whether its supervisor lives.

    Parameters
    ----------
    folder : Path
        The run folder.
    tell : callable
        Takes a line for the user: a status that cannot be written is told once, and the fleet is
        supervised all the same.

    """

    def __init__(self, folder: Path, tell: Callable[[str], object]) -> None:
        self._tell: Final = tell
        self._next_s = 0.0
        self._writer: StateWriter | None = None
        try:
            path = folder / SUPERVISOR_NAME
            self._writer = StateWriter(open_or_make(path), path)
        except (OSError, DolphinError) as error:
            self._give_up(error)

    def write(self, now_s: float, report: Callable[[], dict[str, Any]]) -> None:
        """Write a report, if it is time again (monotonic seconds)."""
        if self._writer is None or now_s < self._next_s:
            return
        self._next_s = now_s + TELL_S
        try:
            self._writer.write(orjson.dumps(report()))
        except (OSError, ValueError, DolphinError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._tell(f"the status for monitors cannot be written: {error}")
        self.close()

    def close(self) -> None:
        """Free the lock; safe to call again."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
