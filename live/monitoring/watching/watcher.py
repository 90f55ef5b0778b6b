"""Watcher: finds what runs for this user, looks at all of it, and gives one picture."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.process.run_folder import PARENT, PREFIX
from adapters.run_state.state_file import STATE_ENDING, STATE_NAME, SUPERVISOR_NAME
from adapters.shm.region.region_files import folder_of
from live.metrics.snapshot import BadSnapshotError
from live.metrics.snapshot_file import FIGURES_NAME, read_snapshot
from live.monitoring.watching import fleet_watch
from live.monitoring.watching.fleet_watch import FleetWatch
from live.monitoring.watching.node_watch import NodeWatch
from live.monitoring.watching.pictures import AlarmPicture, FleetPicture, Picture
from live.monitoring.watching.region_watch import RegionWatch
from live.monitoring.watching.service_watch import ServiceWatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from live.metrics.snapshot import Snapshot
    from live.monitoring.watching.alarm_tail import AlarmTail

FIND_LOOKS: Final = 3
"""Looks between two searches for what is new."""
SERVICE_ENDING: Final = ".service.d"
FOLDER_ENDING: Final = ".d"


class Watcher:
    """Looks once a second.

    Parameters
    ----------
    regions : sequence of Path
        These and no others; empty: all of this user in the folder.
    states : sequence of Path
        The states of nodes, these and no others; empty: all runs of this user.
    alarms : sequence of AlarmTail
        Files of alarms.
    parent : Path
        The folder to search: shared memory.
    fleets : sequence of Path
        The run folders of fleets, these and no others; empty: all of this user in the folder.

    Notes
    -----
    With regions, states or fleets given, nothing is searched. What was found and is gone stays in
    the picture as gone while its folder is there.

    """

    def __init__(
        self,
        regions: Sequence[Path] = (),
        states: Sequence[Path] = (),
        alarms: Sequence[AlarmTail] = (),
        parent: Path = PARENT,
        fleets: Sequence[Path] = (),
    ) -> None:
        self._parent: Final = parent
        self._searches: Final = not (regions or states or fleets)
        self._regions: Final = {path: RegionWatch(path) for path in regions}
        self._services: Final = {path: ServiceWatch(path) for path in regions}
        self._nodes: Final = {path: NodeWatch(state=path) for path in states}
        self._fleets: Final = {path: FleetWatch(path) for path in fleets}
        self._alarms: Final = alarms
        self._looks = 0

    def region(self, path: Path) -> RegionWatch | None:
        """Return the watch over a region, or None."""
        return self._regions.get(path)

    def look(self) -> Picture:
        """Look at everything."""
        if self._looks % FIND_LOOKS == 0 and self._searches:
            self._find()
        self._looks += 1
        fleets = [watch.look() for watch in self._fleets.values()]
        if not self._searches:
            self._take_nodes_of(fleets)
        seen = [
            watch.look(None if self._searches else self._figures_of(watch))
            for watch in self._nodes.values()
        ]
        others = [n.figures for n in seen if n.figures is not None and n.figures.program != "node"]
        return Picture(
            unix_s=time.time(),
            services=tuple(
                watch.look() for watch in self._services.values() if watch.folder.is_dir()
            ),
            regions=tuple(watch.look() for watch in self._regions.values()),
            nodes=tuple(n for n in seen if n.figures is None or n.figures.program == "node"),
            others=tuple(others),
            fleets=tuple(fleets),
            alarms=self._newest_alarms(),
        )

    def _find(self) -> None:
        found = {*regions_in(self._parent)}
        runs = {*runs_in(self._parent)}
        for run in runs:
            found |= {*regions_in(run)}
        for path in sorted(found - {*self._regions}):
            self._regions[path] = RegionWatch(path)
        for path in {*self._regions} - found:
            self._regions.pop(path).close()
        for path in sorted(services_in(self._parent)):
            self._services.setdefault(path, ServiceWatch(path))
        for path in sorted(runs - {*self._nodes}):
            self._nodes[path] = NodeWatch(folder=path)
        for path in {*self._nodes} - runs:
            del self._nodes[path]
        fleets = {*fleets_in(self._parent)}
        for path in sorted(fleets - {*self._fleets}):
            self._fleets[path] = FleetWatch(path)
        for path in {*self._fleets} - fleets:
            del self._fleets[path]

    def _take_nodes_of(self, fleets: Sequence[FleetPicture]) -> None:
        """Watch the nodes of fleets that were given."""
        for fleet in fleets:
            for service in fleet.services:
                path = fleet.folder / f"{service.name}{STATE_ENDING}"
                if service.kind == "node" and path not in self._nodes and path.exists():
                    self._nodes[path] = NodeWatch(state=path)

    def _figures_of(self, watch: NodeWatch) -> Snapshot | None:
        """Return the figures of a node that is known by its state, by the path that they name."""
        for run in runs_in(self._parent):
            with suppress(BadSnapshotError):
                found = read_snapshot(run / FIGURES_NAME)
                if found is not None and watch.key in {
                    found.texts.get("state"), str(run / STATE_NAME)
                }:  # fmt: skip
                    return found
        return None

    def _newest_alarms(self) -> tuple[AlarmPicture, ...]:
        found = [alarm for tail in self._alarms for alarm in tail.look()]
        return tuple(sorted(found, key=lambda alarm: -alarm.at_ns))

    def close(self) -> None:
        """Detach from everything."""
        for region in self._regions.values():
            region.close()


def regions_in(folder: Path) -> Iterator[Path]:
    """Yield the regions of this user in a folder: each has a folder of its name beside it."""
    for beside in _own_folders(folder):
        name = beside.name
        if name.endswith(FOLDER_ENDING) and not name.endswith(SERVICE_ENDING):
            path = beside.with_name(name.removesuffix(FOLDER_ENDING))
            if folder_of(path) == beside and (beside / "waiters").exists():
                yield path


def services_in(folder: Path) -> Iterator[Path]:
    """Yield the regions of this user's services in a folder."""
    for beside in _own_folders(folder):
        if beside.name.endswith(SERVICE_ENDING):
            yield beside.with_name(beside.name.removesuffix(SERVICE_ENDING))


def runs_in(folder: Path) -> Iterator[Path]:
    """Yield the folders of this user's nodes that tell anything."""
    for run in _own_folders(folder):
        if run.name.startswith(PREFIX) and (
            (run / STATE_NAME).exists() or (run / FIGURES_NAME).exists()
        ):
            yield run


def fleets_in(folder: Path) -> Iterator[Path]:
    """Yield the run folders of this user's fleets whose supervisors tell anything."""
    for run in _own_folders(folder):
        if run.name.startswith(fleet_watch.PREFIX) and (run / SUPERVISOR_NAME).exists():
            yield run


def _own_folders(folder: Path) -> Iterable[Path]:
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if (
                    entry.is_dir(follow_symlinks=False)
                    and entry.stat(follow_symlinks=False).st_uid == os.geteuid()
                ):
                    found.append(Path(entry.path))
    return found
