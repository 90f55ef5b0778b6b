"""Service: what runs under a name: its command, and what it needs before it starts."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.aeron_stream.channel import SCHEME as AERON
from adapters.aeron_stream.channel import AeronChannel, default_directory
from adapters.process.child import module_command
from dolphin_strategies.errors import ConfigError
from live.fleet.settings.fleet_settings import (
    BridgeTable,
    DriverTable,
    NodeTable,
    ProducerTable,
    RecorderTable,
)

if TYPE_CHECKING:
    from live.fleet.settings.fleet_settings import FleetSettings, ServiceTable

type Kind = Literal["driver", "producer", "bridge", "recorder", "node"]

LIVE: Final = Path(__file__).resolve().parents[2]
"""The folder of the scripts."""
STATE_SUFFIX: Final = ".state"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of a fleet.

    Attributes
    ----------
    name : str
        Its name.
    kind : "driver", "producer", "bridge", "recorder" or "node"
        What it is.
    command : tuple of str
        Its command line, without ``--record``, which differs with each run.
    needs : frozenset of str
        The services that must run before it starts.
    reads, writes : Path or None
        Its region.
    records : bool
        Whether each run is a session of its own.
    digest : str
        Changes with whatever the service is given: its options, and the bytes of its files.

    """

    name: str
    kind: Kind
    command: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    reads: Path | None = None
    writes: Path | None = None
    records: bool = False
    digest: str = ""

    @property
    def is_real(self) -> bool:
        """Whether it is asked to send real orders."""
        return "--live-orders" in self.command


def place_of(path: Path) -> Path:
    """Return the one name of a place, whatever the ``..`` and links on the way that is written."""
    return Path(os.path.realpath(path))


def region_writers(settings: FleetSettings) -> dict[Path, list[str]]:
    """Return the names of the services that write each region, by :func:`place_of`."""
    found: dict[Path, list[str]] = {}
    for service in settings.services:
        if isinstance(service, ProducerTable | BridgeTable):
            found.setdefault(place_of(service.region), []).append(service.name)
    return found


def folder_drivers(settings: FleetSettings) -> dict[Path, list[str]]:
    """Return the names of the media drivers of each folder, by :func:`place_of`."""
    found: dict[Path, list[str]] = {}
    for service in settings.services:
        if isinstance(service, DriverTable):
            folder = place_of(service.folder or default_directory())
            found.setdefault(folder, []).append(service.name)
    return found


def streams_of(service: ServiceTable) -> list[str]:
    """Return the Aeron channels that the file names at a service, in the order of its keys."""
    texts: list[object] = []
    match service:
        case BridgeTable():
            texts = [service.source]
        case ProducerTable():
            texts = [service.options.get("aeron")]
        case NodeTable():
            texts = [service.options.get("source"), service.promoted.get("source")]
    return [t for t in texts if isinstance(t, str) and t.startswith(f"{AERON}:")]


def needs_of(settings: FleetSettings) -> dict[str, frozenset[str]]:
    """Return what each service depends on: by ``depends_on``, the writer of its region, and the
    media driver of its stream.
    """
    writers, drivers = region_writers(settings), folder_drivers(settings)
    found: dict[str, frozenset[str]] = {}
    for service in settings.services:
        needs = set(service.depends_on)
        for text in streams_of(service):
            with suppress(ConfigError):  # told by the check of the file
                folder = place_of(AeronChannel.from_text(text).directory)
                needs.update(drivers.get(folder, ()))
        if isinstance(service, RecorderTable | NodeTable) and service.region is not None:
            needs.update(writers.get(place_of(service.region), ()))
        found[service.name] = frozenset(needs)
    return found


def services_of(
    settings: FleetSettings, leaders: dict[str, str], *, market_start_ns: int
) -> dict[str, Service]:
    """Return the services of a fleet by name.

    Parameters
    ----------
    settings : FleetSettings
        The file.
    leaders : dict of str to str
        The name of the node that leads each pair.
    market_start_ns : int
        When the simulated market of demo producers began, UNIX nanoseconds.

    """
    needs = needs_of(settings)
    demos = {
        place_of(s.region): s.seed
        for s in settings.services
        if isinstance(s, ProducerTable) and s.kind == "demo"
    }
    found: dict[str, Service] = {}
    for table in settings.services:
        state = settings.fleet.run_folder / f"{table.name}{STATE_SUFFIX}"
        command: list[str]
        reads: Path | None
        writes: Path | None
        match table:
            case DriverTable():
                directory = table.folder or default_directory()
                command = [
                    *_script("aeron_driver.py"), "--dir", str(directory), *words_of(table.options),
                ]  # fmt: skip
                kind, reads, writes = "driver", None, None
            case ProducerTable():
                command = _producer(table, market_start_ns)
                kind, reads, writes = "producer", None, table.region
            case BridgeTable():
                script = "bridge_aeron.py" if streams_of(table) else "bridge_hazelcast.py"
                command = [*_script(script), table.source, *_path(table.region)]
                kind, reads, writes = "bridge", None, table.region
            case RecorderTable():
                command = [
                    *_script("record_factors.py"), "--quiet", "--catalog", str(table.catalog),
                    "--name", table.name, *_path(table.region), *words_of(table.options),
                ]  # fmt: skip
                kind, reads, writes = "recorder", table.region, None
            case NodeTable():
                leads = bool(table.role) and leaders.get(table.pair) == table.name
                command = _node(table, demos, market_start_ns, leads=leads)
                kind, reads, writes = "node", table.region, None
        command += ["--state", str(state)]
        found[table.name] = Service(
            name=table.name,
            kind=kind,  # type: ignore[arg-type] # a literal above
            command=tuple(command),
            needs=needs[table.name],
            reads=reads,
            writes=writes,
            records=isinstance(table, NodeTable) and table.record,
            digest=_digest(table, command, market_start_ns),
        )
    return found


def _producer(table: ProducerTable, market_start_ns: int) -> list[str]:
    if table.kind == "demo":
        return module_command(
            "live.producers.demo_producer", "--alone", *_path(table.region), "--seed", table.seed,
            "--start-ns", market_start_ns, *words_of(table.options),
        )  # fmt: skip
    return [
        *_script("run_exf.py"), "run", *_config(table.config), *_path(table.region),
        *words_of(table.options),
    ]  # fmt: skip


def _node(
    table: NodeTable, demos: dict[Path, int], market_start_ns: int, *, leads: bool
) -> list[str]:
    options = table.options | (table.promoted if leads else {})
    config = options.pop("config", None)
    path = table.config if config is None else table.config and table.config.parent / config
    words = [*_script("run_node.py"), *_config(path)]
    if table.region is not None:
        words += _path(table.region)
        seed = demos.get(place_of(table.region))
        if seed is not None:
            words += ["--producer", "outside", "--seed", str(seed),
                      "--market-start-ns", str(market_start_ns)]  # fmt: skip
    return [*words, *words_of(options)]


def words_of(options: dict[str, Any]) -> list[str]:
    """Return options as words of a command line: ``true`` a flag, a list several times."""
    words: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                words.append(option)
            elif one is not False:
                words.append(f"{option}={one}")
    return words


def _script(name: str) -> list[str]:
    return [sys.executable, str(LIVE / name)]


def _config(path: Path | None) -> list[str]:
    return [] if path is None else ["--config", str(path)]


def _path(region: Path) -> list[str]:
    return ["--region", str(region)]


def _digest(table: ServiceTable, command: list[str], market_start_ns: int) -> str:
    words = [word for word in command if word != str(market_start_ns)]
    found = hashlib.sha256(json.dumps(words).encode())
    for config in (getattr(table, "config", None), _promoted_config(table)):
        if config is None:
            continue
        try:
            found.update(config.read_bytes())
        except OSError:
            found.update(b"unreadable")
    return found.hexdigest()[:16]


def _promoted_config(table: ServiceTable) -> Path | None:
    """Return the settings of a node once it leads, which are part of what is tried."""
    if not isinstance(table, NodeTable) or table.config is None:
        return None
    name = table.promoted.get("config")
    return None if name is None else table.config.parent / name
