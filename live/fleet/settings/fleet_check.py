"""The checks of a fleet's file that go beyond one table; every error at once."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.channel import SCHEME as AERON
from adapters.aeron_stream.channel import AeronChannel, check_channel
from adapters.command.progress_bar import StepProgress
from dolphin_strategies.errors import ConfigError, did_you_mean
from live.fleet.settings.fleet_file import read_fleet
from live.fleet.settings.fleet_settings import DriverTable, NodeTable, ProducerTable
from live.fleet.settings.service_commands import (
    folder_drivers,
    needs_of,
    region_writers,
    services_of,
    streams_of,
)
from live.fleet.settings.start_order import circles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from live.fleet.settings.fleet_settings import FleetSettings
    from live.fleet.settings.service_commands import Service

CHECK_S: Final = 120.0
"""For one service's own check, which imports its strategy."""
CHECKS_AT_ONCE: Final = 2


class FleetError(ConfigError):
    """A fleet's file cannot be used; the message has a line for each reason."""

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        count = f"{len(errors)} errors:\n  " if len(errors) > 1 else ""
        super().__init__(count + "\n  ".join(errors))


def load_fleet(path: Path) -> FleetSettings:
    """Read a fleet's file and check all that needs no other process.

    Raises
    ------
    FleetError
        With everything that is wrong.

    """
    settings, errors = read_fleet(path)
    if settings is not None:
        errors = [*errors, *errors_of(settings)]
    if settings is None or errors:
        raise FleetError(errors)
    return settings


def errors_of(settings: FleetSettings) -> list[str]:
    """Return what is wrong between the services: names, circles, regions, roles, files."""
    where = settings.path.name
    services = settings.services
    names = [s.name for s in services]
    errors = [] if services else [f"{where}: expected a [[producer]] or [[node]] at least"]
    errors += [
        f"{where}: the name {name!r} stands at {names.count(name)} services; expected one"
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    errors += [
        f"{where}: {s.name}: depends_on: no service {needed!r}{did_you_mean(needed, names)}"
        for s in services
        for needed in s.depends_on
        if needed not in names
    ]
    for way in circles(names, needs_of(settings)):
        steps = ", ".join(f"{a} needs {b}" for a, b in pairwise([*way, way[0]]))
        errors.append(f"{where}: depends_on goes in a circle, so none of them can start: {steps}")
    for region, writers in region_writers(settings).items():
        if len(writers) > 1:
            errors.append(
                f"{where}: region {region} has {len(writers)} writers ({', '.join(writers)}); "
                "expected one"
            )
    for folder, drivers in folder_drivers(settings).items():
        if len(drivers) > 1:
            errors.append(
                f"{where}: folder {folder} has {len(drivers)} media drivers "
                f"({', '.join(drivers)}); expected one"
            )
    errors += [
        f'{where}: {s.name}: options: dir is this table\'s folder; expected folder = "..."'
        for s in services
        if isinstance(s, DriverTable) and "dir" in s.options
    ]
    errors += [
        f"{where}: {s.name}: options: spin never sleeps, rest says how long it sleeps at most; "
        "expected one of them, found both"
        for s in services
        if isinstance(s, DriverTable)
        and all(s.options.get(name, False) is not False for name in ("spin", "rest"))
    ]
    errors += _stream_errors(settings)
    errors += _role_errors(settings)
    for service in services:
        config = getattr(service, "config", None)
        if config is not None and not config.is_file():
            errors.append(f"{where}: {service.name}: config: no file {config}")
        if isinstance(service, ProducerTable) and service.kind == "demo" and config is not None:
            errors.append(f"{where}: {service.name}: config: a demo has a seed and no config")
    return errors


def _stream_errors(settings: FleetSettings) -> list[str]:
    """Return what is wrong with the Aeron channels that the file names."""
    errors = []
    for service in settings.services:
        for text in streams_of(service):
            try:
                AeronChannel.from_text(text)
            except ConfigError as error:
                errors.append(f"{settings.path.name}: {service.name}: {error}")
    return errors


def _role_errors(settings: FleetSettings) -> list[str]:
    where, errors = settings.path.name, []
    for pair in sorted({n.pair for n in settings.nodes if n.role}):
        of_pair = [n for n in settings.nodes if n.role and n.pair == pair]
        for role in ("blue", "green"):
            found = [n.name for n in of_pair if n.role == role]
            if len(found) != 1:
                errors.append(
                    f"{where}: pair {pair}: expected one node with role {role!r}, found "
                    f"{', '.join(found) or 'none'}"
                )
    errors += [
        f"{where}: {n.name}: promoted: only a node with a role leads; expected role"
        for n in settings.nodes
        if n.promoted and not n.role
    ]
    return errors


def errors_of_services(settings: FleetSettings) -> list[str]:
    """Return what the services' own checks refuse: each node's and each ExtF service's, and what
    the library of media drivers lacks.

    Both ways in which a node with a role may run are checked.
    """
    found: dict[tuple[str, ...], Service] = {}
    for leads in (False, True):
        leaders = {n.pair: n.name for n in settings.nodes if leads}
        for node in settings.nodes:
            of_node = leaders | ({node.pair: node.name} if leads else {})
            service = services_of(settings, of_node, market_start_ns=1)[node.name]
            found[service.command] = service
    for table in settings.services:
        if isinstance(table, ProducerTable) and table.kind == "exf":
            service = services_of(settings, {}, market_start_ns=1)[table.name]
            found[service.command] = service
    found_errors = []
    with (
        ThreadPoolExecutor(CHECKS_AT_ONCE) as pool,
        StepProgress(len(found), "services checked") as bar,
    ):
        for error in pool.map(lambda s: _refused(s, settings), found.values()):
            found_errors += [error] if error else []
            bar.add()
    for table in settings.services:
        if isinstance(table, DriverTable):
            try:
                check_channel(f"{AERON}:ipc")
            except ConfigError as error:
                found_errors.append(f"{settings.path.name}: {table.name}: {error}")
    return found_errors


def _refused(service: Service, settings: FleetSettings) -> str:
    words = list(service.command)
    state = words.index("--state")
    del words[state : state + 2]
    if service.kind == "node":
        words.append("--check")
    else:
        words[words.index("run")] = "check"
    try:
        ended = subprocess.run(
            words,
            cwd=settings.path.parent,
            capture_output=True,
            text=True,
            timeout=CHECK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{settings.path.name}: {service.name}: its check did not end: {error}"
    if ended.returncode == 0:
        return ""
    said = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    return (
        f"{settings.path.name}: {service.name}: {said[-1] if said else f'code {ended.returncode}'}"
    )


def pair_member(settings: FleetSettings, name: str) -> NodeTable:
    """Return the node of a name, which has a role.

    Raises
    ------
    ConfigError
        If there is none, or it has no role.

    """
    node = next((n for n in settings.nodes if n.name == name), None)
    if node is None or not node.role:
        known = [n.name for n in settings.nodes if n.role]
        msg = (
            f"no node {name!r} with a role in {settings.path.name}{did_you_mean(name, known)}; "
            f"those with one: {', '.join(known) or 'none'}"
        )
        raise ConfigError(msg)
    return node
