"""The file of a snapshot: written by one process, read by its endpoint and by monitors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from adapters.process.safe_files import UnusableFileError, open_file, open_or_make
from adapters.run_state.state_file import StateHeldError, StateReader, StateWriter
from live.metrics.snapshot import BadSnapshotError, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIGURES_NAME: Final = "figures"
"""The file in the folder of a run."""


class SnapshotWriter:
    """Replaces the snapshot in a file: of two slots, so that a kill leaves one.

    Parameters
    ----------
    path : Path
        The file, in a folder of this user; made with mode 0600.
    tell : callable
        Takes a line for the user, about a file that cannot be written; once.

    Notes
    -----
    One write into a file in memory, without waiting. Nothing here raises.

    """

    def __init__(self, path: Path, tell: Callable[[str], object]) -> None:
        self._path: Final = path
        self._tell: Final = tell
        self._file: StateWriter | None = None
        self._is_told = False
        try:
            self._file = StateWriter(open_or_make(path), path)
        except (OSError, UnusableFileError, StateHeldError) as error:
            self._tell_once(error)

    def write(self, snapshot: Snapshot) -> None:
        """Replace what readers find."""
        if self._file is not None:
            try:
                self._file.write(snapshot.encode())
            except (OSError, ValueError, TypeError) as error:
                self._tell_once(error)

    def _tell_once(self, error: Exception) -> None:
        if not self._is_told:
            self._is_told = True
            self._tell(f"the numbers for monitors cannot be written to {self._path}: {error}")

    def close(self) -> None:
        """Leave the file; safe to call again."""
        if self._file is not None:
            self._file.close()
            self._file = None


def read_snapshot(path: Path) -> Snapshot | None:
    """Return the newest snapshot in a file of this user, or None.

    Raises
    ------
    BadSnapshotError
        If the file cannot be trusted, or what it holds is none.

    """
    try:
        reader = StateReader(open_file(path, os.O_RDONLY), path)
    except FileNotFoundError:
        return None
    except (OSError, UnusableFileError) as error:
        raise BadSnapshotError(str(error)) from None
    try:
        written = reader.newest()
    finally:
        reader.close()
    return None if written is None else Snapshot.decode(written.content)
