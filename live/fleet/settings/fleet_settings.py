"""FleetSettings: the tables of a fleet's file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from adapters.command.durations import Duration
from adapters.command.field_rules import CheckedFields, Rule, at_least, more_than

type Name = Annotated[
    str,
    Rule(
        "a name of letters, digits, '_' and '-', at most 40 of them",
        lambda name: (
            0 < len(name) <= 40
            and name.isascii()
            and name[0].isalnum()
            and name.replace("_", "").replace("-", "").isalnum()
        ),
    ),
]
type Options = dict[str, Any]
"""Options of the service's command, by their names with ``_``: a value, or true for a flag."""


@dataclass(frozen=True, kw_only=True)
class FleetTable(CheckedFields):
    """The ``[fleet]`` table.

    Attributes
    ----------
    name : str
        The fleet's name; one supervisor of a name runs at a time.
    folder : Path
        Where the journal, logs and sessions are; empty: ``NAME.fleet`` in the file's folder.
    run_folder : Path
        Where the states are, in memory; empty: ``/dev/shm/dolphin_fleet_NAME``.
    alarms : Path, optional
        The ``--alarm-file`` of a watchdog beside the nodes, which a promotion reads.

    """

    name: Name
    folder: Path = Path()
    run_folder: Path = Path()
    alarms: Path | None = None


@dataclass(frozen=True, kw_only=True)
class RestartTable(CheckedFields):
    """The ``[restart]`` table: how a service that ended unasked is started again.

    Attributes
    ----------
    first_s : float
        The wait before the first restart, doubled for each one after it, seconds.
    longest_s : float
        The longest wait, seconds.
    most : int
        How many in a row; after the next end the service has failed.
    stable_s : float
        After so many seconds of running the row begins anew.

    """

    first_s: Annotated[float, more_than(0)] = 0.5
    longest_s: Annotated[float, more_than(0)] = 30.0
    most: Annotated[int, at_least(0)] = 5
    stable_s: Annotated[float, more_than(0)] = 60.0


@dataclass(frozen=True, kw_only=True)
class WatchTable(CheckedFields):
    """The ``[watch]`` table: how long what may take.

    Attributes
    ----------
    start_s : float
        From its start until a service runs, seconds.
    silent_s : float
        Without a heartbeat, seconds; then it is ended and started again.
    stop_s : float
        From the request to stop until it is killed, seconds.
    log_mb : float
        Of a log file; one older one is kept.

    """

    start_s: Annotated[float, more_than(0)] = 120.0
    silent_s: Annotated[float, more_than(0)] = 10.0
    stop_s: Annotated[float, more_than(0)] = 60.0
    log_mb: Annotated[float, more_than(0)] = 4.0


@dataclass(frozen=True, kw_only=True)
class PromotionTable(CheckedFields):
    """The ``[promotion]`` table: what must hold before a trial node leads.

    Attributes
    ----------
    min_trial : Duration
        How long GREEN has been on trial with the settings that it has.

    """

    min_trial: Duration = field(default_factory=lambda: Duration.from_str("1d"))


@dataclass(frozen=True, kw_only=True)
class DriverTable(CheckedFields):
    """A ``[[driver]]``: Aeron's media driver, which starts before what streams through it.

    Attributes
    ----------
    name : str
        Its name.
    folder : Path, optional
        Its files, in memory, the ``dir`` of a channel; None: those of this user.
    options : dict
        Options of ``aeron_driver.py``.
    depends_on : list of str
        Services that run before it.

    """

    name: Name
    folder: Path | None = None
    options: Options = field(default_factory=dict)
    depends_on: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ProducerTable(CheckedFields):
    """A ``[[producer]]``: the ExtF service, or the demo's producer of a simulated market.

    Attributes
    ----------
    name : str
        Its name.
    kind : "exf" or "demo"
        Which of the two it is.
    config : Path, optional
        The configuration of the ExtF service.
    region : Path
        The region that it writes.
    seed : int
        Of the demo's market.
    options : dict
        Options of ``run_exf.py``.
    depends_on : list of str
        Services that run before it.

    """

    name: Name
    kind: Literal["exf", "demo"] = "exf"
    config: Path | None = None
    region: Path
    seed: Annotated[int, at_least(0)] = 7
    options: Options = field(default_factory=dict)
    depends_on: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class BridgeTable(CheckedFields):
    """A ``[[bridge]]``: a Hazelcast entry or an Aeron stream copied into a region.

    Attributes
    ----------
    name : str
        Its name.
    source : str
        The entry, ``hazelcast://...``, or the stream, ``aeron:...``.
    region : Path
        The region that it writes.
    depends_on : list of str
        Services that run before it.

    """

    name: Name
    source: str
    region: Path
    depends_on: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RecorderTable(CheckedFields):
    """A ``[[recorder]]``: a region recorded into a catalog.

    Attributes
    ----------
    name : str
        Its name.
    region : Path
        The region that it reads.
    catalog : Path
        The catalog that it writes.
    options : dict
        Options of ``record_factors.py``.
    depends_on : list of str
        Services that run before it.

    """

    name: Name
    region: Path
    catalog: Path
    options: Options = field(default_factory=dict)
    depends_on: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class NodeTable(CheckedFields):
    """A ``[[node]]``: a trading node.

    Attributes
    ----------
    name : str
        Its name.
    config : Path, optional
        Its configuration for ``run_node.py``.
    region : Path, optional
        The region that it reads; None: as its configuration says.
    role : "blue", "green" or ""
        BLUE leads its pair until GREEN is promoted.
    pair : str
        The pair of a node with a role.
    record : bool
        Whether each of its runs is a session of its own below the fleet's folder.
    options : dict
        Options of ``run_node.py``.
    promoted : dict
        Further options, while it leads its pair; they win over ``options``.
    depends_on : list of str
        Services that run before it.

    """

    name: Name
    config: Path | None = None
    region: Path | None = None
    role: Literal["", "blue", "green"] = ""
    pair: Name = "main"
    record: bool = False
    options: Options = field(default_factory=dict)
    promoted: Options = field(default_factory=dict)
    depends_on: list[str] = field(default_factory=list)


type ServiceTable = DriverTable | ProducerTable | BridgeTable | RecorderTable | NodeTable

TABLES: Final = {
    "fleet": FleetTable,
    "restart": RestartTable,
    "watch": WatchTable,
    "promotion": PromotionTable,
}
SERVICES: Final[dict[str, type[ServiceTable]]] = {
    "driver": DriverTable,
    "producer": ProducerTable,
    "bridge": BridgeTable,
    "recorder": RecorderTable,
    "node": NodeTable,
}


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """The whole file; paths are absolute.

    Attributes
    ----------
    path : Path
        The file.
    fleet, restart, watch, promotion
        Its tables.
    services : tuple
        Drivers, producers, bridges, recorders and nodes, each kind in the order of the file.

    """

    path: Path
    fleet: FleetTable
    restart: RestartTable = field(default_factory=RestartTable)
    watch: WatchTable = field(default_factory=WatchTable)
    promotion: PromotionTable = field(default_factory=PromotionTable)
    services: tuple[ServiceTable, ...] = ()

    @property
    def nodes(self) -> list[NodeTable]:
        """The nodes."""
        return [s for s in self.services if isinstance(s, NodeTable)]

    def pair_of(self, node: NodeTable) -> tuple[NodeTable | None, NodeTable | None]:
        """Return BLUE and GREEN of a node's pair."""
        of_role = {n.role: n for n in self.nodes if n.role and n.pair == node.pair}
        return of_role.get("blue"), of_role.get("green")
