"""FleetWatch: looks at a fleet through the status that its supervisor writes."""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.process.safe_files import UnusableFileError, open_file
from adapters.run_state.state_file import SUPERVISOR_NAME, StateReader
from dolphin_strategies.errors import printable
from live.monitoring.watching.pictures import FleetPicture, FleetService

if TYPE_CHECKING:
    from pathlib import Path

PREFIX: Final = "dolphin_fleet_"
_LONGEST: Final = 300


class FleetWatch:
    """A fleet, by its run folder.

    Parameters
    ----------
    folder : Path
        The run folder.

    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder

    def look(self) -> FleetPicture:
        """Read what is there now."""
        name = self.folder.name.removeprefix(PREFIX)
        path = self.folder / SUPERVISOR_NAME
        try:
            with closing(StateReader(open_file(path, os.O_RDONLY), path)) as reader:
                written, holder = reader.newest(), reader.holder()
            if written is None:
                return FleetPicture(folder=self.folder, name=name, problem="it tells nothing yet")
            return _picture(self.folder, orjson.loads(written.content), holder)
        except FileNotFoundError:
            problem = "no supervisor of it was ever started here"
        except (OSError, UnusableFileError) as error:
            problem = f"its status: {error}"
        except (ValueError, TypeError, KeyError, AttributeError):
            problem = "its status is none: expected that of a supervisor of this version"
        return FleetPicture(folder=self.folder, name=name, problem=problem)


def _picture(folder: Path, report: dict[str, Any], holder: int) -> FleetPicture:
    return FleetPicture(
        folder=folder,
        name=_text(report["fleet"]),
        # The kernel's word, not the file's.
        pid=int(report["pid"]) if holder == int(report["pid"]) else 0,
        is_ending=bool(report["is_ending"]),
        told_s=max(time.time() - int(report["at_ns"]) / 1e9, 0.0),
        services=tuple(map(_service, report["services"])),
        promotions=tuple(map(_text, report["promotions"])),
    )


def _service(row: dict[str, Any]) -> FleetService:
    is_up = row["state"] == "running" and row["started_ns"]
    wait_s = row["next_try_s"]
    return FleetService(
        name=_text(row["name"]),
        kind=_text(row["kind"]),
        role=_text(row["role"]),
        leads=bool(row["leads"]),
        state=_text(row["state"]),
        pid=int(row["pid"]),
        since_ns=int(row["started_ns"] if is_up else row["since_ns"]),
        restarts=int(row["restarts"]),
        reason=_text(row["error"] or row["trouble"]),
        needs=tuple(map(_text, row["needs"])),
        next_try_s=None if wait_s is None else float(wait_s),
        is_real=bool(row["is_real"]),
        open=_text(row["open"]),
    )


def _text(found: str) -> str:
    return printable(found)[:_LONGEST]
