"""A fleet's file, read from TOML with every error in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.command.settings_file import from_table, read_tables
from dolphin_strategies.errors import ConfigError, did_you_mean
from live.fleet.settings.fleet_settings import SERVICES, TABLES, FleetSettings

if TYPE_CHECKING:
    from live.fleet.settings.fleet_settings import FleetTable, ServiceTable


def read_fleet(path: Path) -> tuple[FleetSettings | None, list[str]]:
    """Read a fleet's file.

    Returns
    -------
    settings : FleetSettings or None
        None if ``[fleet]`` cannot be used.
    errors : list of str
        Everything in the file that is wrong by itself.

    """
    path = path.absolute()
    try:
        tables = read_tables(path)
    except ConfigError as error:
        return None, [str(error)]
    errors: list[str] = []
    found: dict[str, Any] = {}
    services: list[ServiceTable] = []
    for key, value in tables.items():
        if key in TABLES:
            place = f"{path}: [{key}]"
            table = _table(errors, TABLES[key], value, place)
            if table is not None:
                found[key] = table
        elif key in SERVICES:
            rows = value if isinstance(value, list) else [value]
            for number, row in enumerate(rows, 1):
                place = f"{path}: [[{key}]] {_label(number, row)}"
                service = _table(errors, SERVICES[key], row, place)
                if service is not None:
                    services.append(service)
        else:
            errors.append(
                f"{path}: unknown table [{key}]{did_you_mean(key, [*TABLES, *SERVICES])}"
            )
    if "fleet" not in found:
        if "fleet" not in tables:
            errors.append(f"{path}: [fleet] is missing; expected it with a name")
        return None, errors
    folder = path.parent
    order = list(SERVICES.values())
    services.sort(key=lambda s: order.index(type(s)))
    return FleetSettings(
        path=path,
        **(found | {"fleet": _fleet_in(found["fleet"], folder)}),
        services=tuple(_in_folder(s, folder) for s in services),
    ), errors


def _table[T](errors: list[str], cls: type[T], value: Any, place: str) -> T | None:
    """Return a table as its class; None, and an error more, if it cannot be one."""
    try:
        return from_table(cls, value, place)
    except ConfigError as error:
        errors.append(str(error))
        return None


def _label(number: int, row: Any) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    return f"{number} {name!s:.40}" if name else str(number)


def _fleet_in(fleet: FleetTable, folder: Path) -> FleetTable:
    own = Path(f"{fleet.name}.fleet") if fleet.folder == Path() else fleet.folder
    run = fleet.run_folder
    if run == Path():
        run = Path(f"/dev/shm/dolphin_fleet_{fleet.name}")  # noqa: S108 - states belong in memory
    alarms = None if fleet.alarms is None else folder / fleet.alarms
    return dataclasses.replace(fleet, folder=folder / own, run_folder=folder / run, alarms=alarms)


def _in_folder[T: ServiceTable](service: T, folder: Path) -> T:
    """Return a service with its paths made absolute, relative ones from the file's folder."""
    paths: dict[str, Any] = {
        f.name: folder / value
        for f in dataclasses.fields(service)
        if isinstance(value := getattr(service, f.name), Path)
    }
    return dataclasses.replace(service, **paths)
