"""The lines of the overview: one for each thing that is watched, as text of 80 columns."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.command.text_table import text_table
from live.exf.status.status_report import NOT_RESPONDING, NOT_RUNNING
from live.monitoring.screens.wording import ago, clip, count, latency, rate
from live.monitoring.watching.problems import (
    is_wrong,
    of_fleet,
    of_node,
    of_region,
    of_service,
    problems,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from live.metrics.snapshot import Snapshot
    from live.monitoring.watching.pictures import (
        FleetPicture,
        NodePicture,
        Picture,
        RegionPicture,
        ServicePicture,
    )

WIDTH: Final = 80
"""Columns of the narrowest terminal."""
SHOWN_PROBLEMS: Final = 4
ACTIVE: Final = "ACTIVE"
"""The trading state in which all orders pass."""
SHOWN_ALARMS: Final = 5
SHOWN_REGIONS: Final = 6
SILENT_S: Final = 5.0
"""A bridge or recorder tells its numbers once a second."""


class Row(NamedTuple):
    """A line; ``key`` names the page that it opens, empty: none.

    ``tone`` is "heading", "bad", "good" or "" and only adds to what the words say.
    """

    key: str
    text: str
    tone: str = ""


def rows_of(picture: Picture) -> list[Row]:
    """Return the lines from top to bottom."""
    return [
        *_problem_rows(picture),
        *(_table("FLEETS", _FLEETS, picture.fleets, _fleet) if picture.fleets else ()),
        *_table("NODES", _NODES, sorted(picture.nodes, key=lambda n: n.service), _node),
        *(
            # A demo's or a program of the user's own is a producer too, and has no status: its
            # region is what tells of it.
            _table("PRODUCERS", _SERVICES, picture.services, _service) if picture.services else ()
        ),
        *(
            _table("BRIDGES AND RECORDERS", _OTHERS, picture.others, _other)
            if picture.others
            else ()
        ),
        *(region_table(picture, SHOWN_REGIONS) if picture.regions else ()),
        *_alarm_rows(picture),
    ]


def region_table(picture: Picture, most: int) -> list[Row]:
    """Return the lines of the regions, those that are written first, at most so many."""
    regions = sorted(picture.regions, key=lambda r: (not r.pid, r.is_closed))
    rows = _table("REGIONS", _REGIONS, regions[:most], _region)
    if more := len(regions) - most if len(regions) > most else 0:
        rows[0] = Row("", f"REGIONS ({len(regions)})", "heading")
        rows.append(Row("regions", f"  and {more} more: Enter shows all of them"))
    return rows


def _problem_rows(picture: Picture) -> Iterator[Row]:
    found = problems(picture)
    if not (picture.services or picture.regions or picture.nodes or picture.fleets):
        yield Row("", "NOTHING RUNS: no region, service or node of this user is there", "bad")
        yield Row("", "start one, for example: uv run live/run_node.py")
        return
    if not found:
        yield Row("", "ALL IS WELL", "good")
    for text in found[:SHOWN_PROBLEMS]:
        yield Row("", f"PROBLEM {text}", "bad")
    if (more := len(found) - SHOWN_PROBLEMS) > 0:
        yield Row("problems", f"and {more} more problems: Enter shows all of them", "bad")


_SERVICES: Final = ("service", "state", "running", "sources", "factors", "records", "told")
_FLEETS: Final = ("fleet", "supervisor", "services", "look at", "told")
_REGIONS: Final = ("region", "writer", "rate", "age", "alive", "readers", "problem")
_NODES: Final = (
    "node", "phase", "orders", "p50", "p99", "position", "PnL", "lost", "turn", "open", "queue",
)  # fmt: skip


_OTHERS: Final = ("program", "pid", "region", "records", "lost", "dropped", "waiting", "told")


class _Cells(NamedTuple):
    key: str
    cells: list[str]
    is_bad: bool


def _table[Thing](
    title: str,
    heading: Sequence[str],
    things: Sequence[Thing],
    cells: Callable[[Thing], _Cells],
) -> list[Row]:
    found = [cells(thing) for thing in things]
    if not found:
        return [Row("", f"{title} none", "heading")]
    table = [heading, *(row.cells for row in found)]
    lines = text_table(table).split("\n")
    if max(map(len, lines)) > WIDTH - len("! "):
        lines = text_table(table, gap=1).split("\n")
    rows = [Row("", f"{title} ({len(found)})", "heading"), Row("", f"  {lines[0]}", "heading")]
    for row, line in zip(found, lines[1:], strict=True):
        mark = "! " if row.is_bad else "  "
        rows.append(Row(row.key, mark + line, "bad" if row.is_bad else ""))
    return rows


def _service(service: ServicePicture) -> _Cells:
    status = service.status
    state = {NOT_RUNNING: "ended", NOT_RESPONDING: "HANGS"}.get(service.code, "runs")
    if service.problem or not status:
        shown = [state, "-", "-", "-", "-", "-"]
    else:
        sources, factors = service.sources, status["factors"]
        if service.code == NOT_RUNNING and status["state"] != "stopped":
            state = "DIED"
        shown = [
            state,
            ago(time.time() - status["started_unix_s"]),
            f"{len(sources) - len(service.dead)} of {len(sources)}",
            f"{factors['alive']} of {factors['total']}",
            count(status["published"]),
            ago(time.time() - status["updated_unix_s"]),
        ]
    name = clip(service.region.name, 20)
    return _Cells(f"service:{service.region}", [name, *shown], any(of_service(service)))


def _fleet(fleet: FleetPicture) -> _Cells:
    states = [service.state for service in fleet.services]
    wrong = [service.name for service in fleet.services if is_wrong(service)]
    by = str(fleet.pid) if fleet.pid else "ended" if fleet.has_ended else "NONE"
    cells = [
        clip(fleet.name, 20),
        "-" if fleet.problem else by,
        f"{states.count('running')} of {len(states)} run",
        clip(", ".join(wrong) or "-", 24),
        "-" if fleet.problem else ago(fleet.told_s),
    ]
    return _Cells(f"fleet:{fleet.folder}", cells, any(of_fleet(fleet)))


def _other(snapshot: Snapshot) -> _Cells:
    name = snapshot.program
    records = f"dolphin_{name}_records"
    kept = "recorded" if name == "recorder" else "delivered"
    told_s = time.time() - snapshot.at_ns / 1e9
    cells = [
        name,
        str(snapshot.process.pid),
        clip(snapshot.texts.get("source", "-"), 24),
        *(count(snapshot.value(records, outcome)) for outcome in (kept, "lost", "dropped")),
        count(snapshot.value("dolphin_recorder_waiting_records")),
        ago(told_s),
    ]
    return _Cells("", cells, told_s > SILENT_S)


def _region(region: RegionPicture) -> _Cells:
    name = clip(_region_name(region), 26)
    if not region.names:
        shown = ["-", "-", "-", "-", "-", clip(region.problem, 30)]
    else:
        shown = [
            str(region.pid) if region.pid else "closed" if region.is_closed else "GONE",
            rate(region.rate),
            ago(region.age_s),
            f"{region.alive}/{len(region.names)}",
            str(region.readers),
            clip(next(of_region(region), "-"), 22),
        ]
    return _Cells(f"region:{region.path}", [name, *shown], any(of_region(region)))


def _region_name(region: RegionPicture) -> str:
    parent = region.path.parent.name
    return region.path.name if parent == "shm" else f"{parent}/{region.path.name}"


def _node(node: NodePicture) -> _Cells:
    state = node.state
    phase = "?" if state is None else state.phase
    if state is not None and phase == "running" and state.trading != ACTIVE:
        phase = state.trading
    if not node.pid:
        phase = "?"
    elif not node.is_running and phase != "ended":
        phase = "DIED"
    elif node.is_running and node.turned_s > 2:
        phase = "HANGS"
    orders = "" if state is None else state.orders
    found = node.latency
    shown = [
        phase,
        orders if orders != "live" else "LIVE",
        "-" if found is None else latency(found.p50_s),
        "-" if found is None else latency(found.p99_s),
        _position(node),
        _profit(node),
        count(node.value("dolphin_node_records", "lost")),
        ago(node.turned_s),
        count(node.value("dolphin_node_orders_open")),
        count(node.value("dolphin_node_pending_records")),
    ]
    name = clip(node.service or node.name or node.key, 16)
    return _Cells(f"node:{node.key}", [name, *shown], any(of_node(node)))


def _position(node: NodePicture) -> str:
    if node.state is None:
        return "-"
    positions = node.state.positions
    if not positions:
        return "flat"
    first = clip(positions[0].quantity, 9)
    return first if len(positions) == 1 else f"{len(positions)} open"


def _profit(node: NodePicture) -> str:
    found = node.value("dolphin_node_profit_usdt")
    return "-" if found is None or math.isnan(found) else f"{found:+,.2f}"


def _alarm_rows(picture: Picture) -> Iterator[Row]:
    if not picture.alarms:
        return
    yield Row("", f"LAST ALARMS ({len(picture.alarms)})", "heading")
    for alarm in picture.alarms[:SHOWN_ALARMS]:
        when = ago(picture.unix_s - alarm.at_ns / 1e9)
        yield Row("alarms", f"  {when:>5} ago  {alarm.kind} {alarm.node}: {alarm.text}")
