"""Leadership: which node leads a pair, and which change of it is not done, by the journal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import UnusableFileError, open_file, open_private
from adapters.run_state.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from live.fleet.settings.fleet_settings import FleetSettings

JOURNAL: Final = "journal.jsonl"
_LEADS_AFTER: Final = {"moved": "to", "undone": "from"}


def journal_of(settings: FleetSettings) -> Journal:
    """Return the journal of a fleet.

    Raises
    ------
    UnusableFileError
        If its folder cannot be made.

    """
    make_folder(settings.fleet.folder)
    path = settings.fleet.folder / JOURNAL
    return Journal(path, partial(open_private, appends=True), open_file)


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


def stopped_at(line: dict[str, Any]) -> str:
    """Return how far a change of the lead came, by its last line, and how to go on."""
    return (
        f"the {line['kind']} of {line['to']} stopped after {line['step']!r}: go on with 'promote "
        f"{line['to']}', or back with 'rollback'"
    )


def interrupted(settings: FleetSettings, lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line for each pair whose lead is changing, or whose change has stopped midway."""
    pairs = sorted({node.pair for node in settings.nodes if node.role})
    found = ((pair, open_promotion(lines, pair)) for pair in pairs)
    return [f"pair {pair}: {stopped_at(line)}" for pair, line in found if line is not None]
