"""A picture as plain data: what ``monitor.py --once --json`` prints, by docs/json.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from live.monitoring.watching.problems import of_fleet, of_node, of_region, of_service, problems

if TYPE_CHECKING:
    from live.metrics.snapshot import Snapshot
    from live.monitoring.watching.pictures import (
        FleetPicture,
        NodePicture,
        Picture,
        RegionPicture,
        ServicePicture,
    )

_OUTCOMES: Final = ("recorded", "delivered", "lost", "dropped")


def document_of(picture: Picture) -> dict[str, Any]:
    """Return all that was seen, with what is wrong with each thing."""
    found = problems(picture)
    return {
        "at_ns": round(picture.unix_s * 1e9),
        "is_well": not found,
        "problems": found,
        "fleets": [_fleet(fleet) for fleet in picture.fleets],
        "nodes": [_node(node) for node in picture.nodes],
        "producers": [_producer(service) for service in picture.services],
        "others": [_other(snapshot) for snapshot in picture.others],
        "regions": [_region(region) for region in picture.regions],
        "alarms": [asdict(alarm) for alarm in picture.alarms],
    }


def _fleet(fleet: FleetPicture) -> dict[str, Any]:
    return {
        "folder": fleet.folder,
        "name": fleet.name,
        "pid": fleet.pid,
        "has_ended": fleet.has_ended,
        "told_s": fleet.told_s,
        "services": [asdict(service) for service in fleet.services],
        "problems": [*of_fleet(fleet)],
    }


def _node(node: NodePicture) -> dict[str, Any]:
    latency = node.latency
    return {
        "state": node.key,
        "service": node.service,
        "strategy": node.strategy,
        "pid": node.pid,
        "is_running": node.is_running,
        "turned_s": node.turned_s,
        "told": None if node.state is None else asdict(node.state),
        "latency": latency and {"n": latency.n, "p50_s": latency.p50_s, "p99_s": latency.p99_s},
        "orders_open": node.value("dolphin_node_orders_open"),
        "pending_records": node.value("dolphin_node_pending_records"),
        "lost_records": node.value("dolphin_node_records", "lost"),
        "profit_usdt": node.value("dolphin_node_profit_usdt"),
        "problems": [*of_node(node)],
    }


def _producer(service: ServicePicture) -> dict[str, Any]:
    return {
        "region": service.region,
        "status_code": service.code,
        "status": service.status or None,
        "problems": [*of_service(service)],
    }


def _other(snapshot: Snapshot) -> dict[str, Any]:
    name = snapshot.program
    return {
        "program": name,
        "pid": snapshot.process.pid,
        "told_ns": snapshot.at_ns,
        "source": snapshot.texts.get("source", ""),
        "records": {
            outcome: value
            for outcome in _OUTCOMES
            if (value := snapshot.value(f"dolphin_{name}_records", outcome)) is not None
        },
        "waiting_records": snapshot.value("dolphin_recorder_waiting_records"),
    }


def _region(region: RegionPicture) -> dict[str, Any]:
    return {
        "path": region.path,
        "pid": region.pid,
        "is_closed": region.is_closed,
        "factors": len(region.names),
        "alive": region.alive,
        "published": region.published,
        "age_s": region.age_s,
        "readers": region.readers,
        "problems": [*of_region(region)],
    }
