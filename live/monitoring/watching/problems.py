"""Problems: what a person should look at, by rules over one picture, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from live.exf.status.status_report import NOT_RESPONDING, NOT_RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.monitoring.watching.pictures import (
        FleetPicture,
        FleetService,
        NodePicture,
        Picture,
        RegionPicture,
        ServicePicture,
    )

TURN_S: Final = 2.0
"""A node tells its state four times a second."""
SILENT_S: Final = 5.0
"""A supervisor tells its status once a second."""
WRONG: Final = ("silent", "backing off", "failed", "held")
"""States of a service of a fleet that nobody asked for."""
OLD_S: Final = 10.0
"""The age of a region's newest record at which it counts as old."""


def problems(picture: Picture) -> list[str]:
    """Return a line for each problem; none: all is well."""
    found: list[str] = []
    for node in picture.nodes:
        found += (f"node {node.name or node.key}: {text}" for text in of_node(node))
    for fleet in picture.fleets:
        found += (f"fleet {fleet.name}: {text}" for text in of_fleet(fleet))
    for service in picture.services:
        found += (f"service {service.region.name}: {text}" for text in of_service(service))
    for region in picture.regions:
        found += (f"region {region.path.name}: {text}" for text in of_region(region))
    return found


def of_node(node: NodePicture) -> Iterator[str]:
    """Yield the problems of a node."""
    if node.problem:
        yield node.problem
    state = node.state
    has_ended = state is not None and state.phase == "ended"
    if not has_ended and not node.is_running and (state or node.figures):
        left = "" if state is None or state.is_flat else f", left open: {state.left_open()}"
        yield f"died{left}"
    elif has_ended and state is not None and (state.code or not state.is_flat):
        yield f"ended with code {state.code}: {state.reason}"
    elif node.is_running and node.turned_s > TURN_S and not has_ended:
        yield f"its thread has not turned for {node.turned_s:.0f} s"
    if not node.is_running:
        return
    if state is not None and state.factors:
        yield f"factors {state.factors}"
    for metric, labels, text in (
        ("dolphin_node_records", ("lost",), "records of factors were lost"),
        ("dolphin_node_order_events", ("denied",), "orders were denied"),
        ("dolphin_node_order_events", ("rejected",), "orders were rejected"),
    ):
        if count := node.value(metric, *labels):
            yield f"{count:,.0f} {text}"


def of_fleet(fleet: FleetPicture) -> Iterator[str]:
    """Yield the problems of a fleet."""
    if fleet.problem:
        yield fleet.problem
    if fleet.problem or fleet.has_ended:
        return
    if not fleet.pid:
        yield "NO SUPERVISOR: what ends stays so; 'run_fleet.py FILE start' adopts what runs"
    elif fleet.told_s > SILENT_S:
        yield f"its supervisor has told nothing for {fleet.told_s:.0f} s"
    yield from fleet.promotions
    for service in fleet.services:
        if is_wrong(service):
            left = f", left open: {service.open}" if service.open and not service.pid else ""
            reason = f": {service.reason}" if service.reason else ""
            yield f"{service.name} {service.state}{reason}{left}"


def is_wrong(service: FleetService) -> bool:
    """Return whether a person should look at a service of a fleet."""
    is_left = bool(service.open) and not service.pid
    return (
        service.state in WRONG or is_left or (service.state == "running" and service.reason != "")
    )


def of_service(service: ServicePicture) -> Iterator[str]:
    """Yield the problems of a service."""
    if service.problem:
        yield service.problem
        return
    status = service.status
    if service.code == NOT_RUNNING:
        if status and status["state"] != "stopped":
            yield "died"
        return
    if service.code == NOT_RESPONDING or not status:
        yield "does not respond"
        return
    if dead := service.dead:
        yield f"{len(dead)} of {len(service.sources)} sources do not answer"
    missing = status["factors"]["total"] - status["factors"]["alive"]
    if missing:
        yield f"{missing} of {status['factors']['total']} factors have no value"
    for venue in status["streams"]:
        if venue["problem"]:
            yield f"no stream from {venue['venue']}: {venue['problem']}"


def of_region(region: RegionPicture) -> Iterator[str]:
    """Yield the problems of a region."""
    if region.problem:
        yield region.problem
    elif region.age_s > OLD_S and not region.is_closed:
        yield f"its newest record is {region.age_s:.0f} s old"
