"""Pictures: what was seen of each thing that is watched, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.run_state.run_state import RunState
from live.metrics.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionPicture:
    """A region.

    Attributes
    ----------
    path : Path
        Where it lies.
    problem : str
        Why it cannot be read, or what is wrong with its writer; empty: nothing.
    pid : int
        Its writer; 0: there is none.
    is_closed : bool
        Whether its writer has closed it, rather than being killed.
    names : tuple of str
        Its factors.
    alive : int
        Factors that are not NaN.
    published : int
        Records since the beginning of the stream.
    rate : float
        Records per second since some seconds; NaN: not known yet.
    age_s : float
        Since the newest record's own instant; NaN: there is no record.
    readers : int
        Readers that have taken a place to sleep in.

    """

    path: Path
    problem: str = ""
    pid: int = 0
    is_closed: bool = False
    names: tuple[str, ...] = ()
    alive: int = 0
    published: int = 0
    rate: float = float("nan")
    age_s: float = float("nan")
    readers: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class FactorPicture:
    """A factor of a region.

    Attributes
    ----------
    name : str
        Its name.
    value : float
        The newest; NaN: there is none.
    changed_s : float
        Since a look at which the value was another, seconds; NaN: none was seen.
    history : tuple of float
        The values of the last looks, a second apart, oldest first; NaN among them.

    """

    name: str
    value: float
    changed_s: float
    history: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePicture:
    """An ExtF service.

    Attributes
    ----------
    region : Path
        The region that it writes.
    code : int
        As ``run_exf.py status`` ends with.
    status : dict
        What it last wrote; empty: nothing.
    problem : str
        Why its status cannot be read.

    """

    region: Path
    code: int
    status: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Its polled sources, those that do not answer first."""
        return sorted(self.status.get("sources", []), key=lambda s: (_answers(s), s["source"]))

    @property
    def dead(self) -> list[dict[str, Any]]:
        """Its sources that do not answer."""
        return [source for source in self.sources if not _answers(source)]


def _answers(source: dict[str, Any]) -> bool:
    return bool(source["answers"]) and not source["failures_in_a_row"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """The latencies of the last minute: how many were in each bucket, and percentiles, seconds."""

    counts: tuple[int, ...]
    p50_s: float
    p99_s: float

    @property
    def n(self) -> int:
        """How many."""
        return sum(self.counts)


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePicture:
    """A node.

    Attributes
    ----------
    key : str
        What it is found by: the folder of its run, or its state's path.
    state : RunState or None
        What it told a watchdog.
    figures : Snapshot or None
        What it told monitors.
    is_running : bool
        Whether the process that wrote these holds its file.
    turned_s : float
        Since its thread last told anything, seconds.
    latency : Latency or None
        From the producer's write to ``on_factors``.
    problem : str
        Why it cannot be read.
    service : str
        Its name in a fleet; empty: it belongs to none.

    """

    key: str
    state: RunState | None = None
    figures: Snapshot | None = None
    is_running: bool = False
    turned_s: float = 0.0
    latency: Latency | None = None
    problem: str = ""
    service: str = ""

    @property
    def name(self) -> str:
        """Its name in a fleet with its strategy's, or the latter alone."""
        return " ".join(filter(None, (self.service, self.strategy)))

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        if self.state is not None and self.state.strategy:
            return self.state.strategy
        return "" if self.figures is None else self.figures.texts.get("strategy", "")

    @property
    def pid(self) -> int:
        """The node's process; 0: unknown."""
        found = self.state or self.figures
        return 0 if found is None else found.process.pid

    def value(self, name: str, *labels: str) -> float | None:
        """Return a figure, or None without it."""
        return None if self.figures is None else self.figures.value(name, *labels)


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetService:
    """A service of a fleet, as the supervisor told of it.

    Attributes
    ----------
    name, kind, role, state : str
        As ``run_fleet.py status`` shows them; the role is empty without a pair.
    leads : bool
        Whether it leads its pair.
    pid : int
        Its process; 0: none.
    since_ns : int
        When it came into this state, or, if it runs, when its process was started; UNIX
        nanoseconds.
    restarts : int
        Since somebody last asked for its start.
    reason : str
        Why it ended last, or what it lacks; empty: nothing.
    needs : tuple of str
        What it depends on.
    next_try_s : float or None
        When it was to be started again, seconds after the report.
    is_real : bool
        Whether it is asked to send real orders.
    open : str
        What it has left open; empty: nothing.

    """

    name: str
    kind: str
    role: str
    leads: bool
    state: str
    pid: int
    since_ns: int
    restarts: int
    reason: str
    needs: tuple[str, ...]
    next_try_s: float | None
    is_real: bool
    open: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetPicture:
    """A fleet.

    Attributes
    ----------
    folder : Path
        Its run folder.
    name : str
        Its name.
    pid : int
        Its supervisor; 0: none lives.
    is_ending : bool
        Whether it was asked to stop.
    told_s : float
        Since its supervisor told of it, seconds.
    services : tuple of FleetService
        In the file's order.
    promotions : tuple of str
        Changes of a lead that are not done.
    problem : str
        Why it cannot be read.

    """

    folder: Path
    name: str
    pid: int = 0
    is_ending: bool = False
    told_s: float = 0.0
    services: tuple[FleetService, ...] = ()
    promotions: tuple[str, ...] = ()
    problem: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it was stopped, all of it."""
        return not self.pid and self.is_ending and not any(s.pid for s in self.services)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmPicture:
    """An alarm of a watchdog."""

    at_ns: int
    kind: str
    node: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """All that was seen at one look, which was at ``unix_s``."""

    unix_s: float
    services: tuple[ServicePicture, ...] = ()
    regions: tuple[RegionPicture, ...] = ()
    nodes: tuple[NodePicture, ...] = ()
    others: tuple[Snapshot, ...] = ()
    """Bridges and recorders that tell metrics."""
    fleets: tuple[FleetPicture, ...] = ()
    alarms: tuple[AlarmPicture, ...] = ()
