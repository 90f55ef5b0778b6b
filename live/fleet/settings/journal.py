"""Journal: what happened to a fleet, a line of JSON each, on the disk before anything follows."""

from __future__ import annotations

import getpass
import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import UnusableFileError, open_file, open_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from live.fleet.settings.fleet_settings import FleetSettings

JOURNAL: Final = "journal.jsonl"
_LEADS_AFTER: Final = {"moved": "to", "undone": "from"}


class Journal:
    """Appends lines and reads them back.

    Parameters
    ----------
    path : Path
        The file; made if missing, mode 0600.

    Notes
    -----
    A line is one write, followed by ``fsync``. A line that a power cut has torn is left out when
    it is read, and closed by the next append.

    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path

    def append(self, event: str, **values: Any) -> None:
        """Add a line and wait until it is on the disk.

        Raises
        ------
        UnusableFileError
            If the file cannot be opened, is somebody else's, or the disk has no room for the line.
        OSError
            If it cannot be written.

        """
        line = {"at_ns": time.time_ns(), "by": getpass.getuser(), "event": event, **values}
        content = json.dumps(line).encode() + b"\n"
        fd = open_private(self.path, appends=True)
        try:
            if not self._ends_whole():
                content = b"\n" + content
            if os.write(fd, content) != len(content):
                msg = f"{self.path}: there is no room for a line"
                raise UnusableFileError(msg)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _ends_whole(self) -> bool:
        fd = open_file(self.path, os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            return size == 0 or os.pread(fd, 1, size - 1) == b"\n"
        finally:
            os.close(fd)

    def lines(self) -> list[dict[str, Any]]:
        """Return all whole lines, oldest first; none without a file.

        Raises
        ------
        UnusableFileError
            If the file is somebody else's.

        """
        try:
            fd = open_file(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return []
        with os.fdopen(fd, "rb") as file:
            content = file.read()
        found = []
        for text in content.split(b"\n"):
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and "event" in line:
                found.append(line)
        return found


def journal_of(settings: FleetSettings) -> Journal:
    """Return the journal of a fleet.

    Raises
    ------
    UnusableFileError
        If its folder cannot be made.

    """
    make_folder(settings.fleet.folder)
    return Journal(settings.fleet.folder / JOURNAL)


def make_folder(folder: Path) -> None:
    """Make a folder of the fleet, with mode 0700, if there is none.

    Raises
    ------
    UnusableFileError
        If it cannot be made.

    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot create {folder}: {error.strerror}; choose another folder in [fleet]"
        raise UnusableFileError(msg) from None


def leaders(settings: FleetSettings, lines: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the name of the node that leads each pair: BLUE until another was promoted."""
    found = {node.pair: node.name for node in settings.nodes if node.role == "blue"}
    members = {node.name: node.pair for node in settings.nodes if node.role}
    for line in lines:
        step = line.get("step", "") if line["event"] == "promotion" else ""
        name = line.get(_LEADS_AFTER.get(step, ""))
        if name in members:
            found[members[name]] = name
    return found


def open_promotion(lines: Iterable[dict[str, Any]], pair: str) -> dict[str, Any] | None:
    """Return the last line of a promotion of a pair that was not brought to an end, or None."""
    last = None
    for line in lines:
        if line["event"] == "promotion" and line.get("pair") == pair:
            last = line
    return None if last is None or last["step"] in {"done", "undone"} else last
