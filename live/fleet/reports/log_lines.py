"""The last lines that the services of a fleet have said, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from live.fleet.supervision.processes.service_log import ServiceLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from live.fleet.settings.fleet_settings import FleetSettings

_MOST_BYTES: Final = 1 << 20


def say_logs(settings: FleetSettings, names: Sequence[str], lines: int) -> None:
    """Print the last lines of the logs of some services, or of all and the supervisor.

    Parameters
    ----------
    settings : FleetSettings
        The fleet.
    names : sequence of str
        Whose; empty: all, each under a heading.
    lines : int
        Of each.

    """
    folder = settings.fleet.folder
    every = [s.name for s in settings.services]
    chosen: list[tuple[str, Path]] = [(n, folder / "logs") for n in names or every]
    if not names:
        chosen.append(("supervisor", folder))
    for name, place in chosen:
        log = ServiceLog(place, name, 0)
        if not names:
            say(f"== {name} ({log.path})")
        for line in log.tail(lines, _MOST_BYTES):
            say(line)
