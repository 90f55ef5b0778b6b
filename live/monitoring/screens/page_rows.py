"""The lines of the pages: of a fleet, a node, a service, a region's factors, one factor."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from adapters.command.text_table import text_table
from live.metrics.metric_table import BUCKETS_S
from live.monitoring.screens.overview_rows import Row
from live.monitoring.screens.wording import ago, bar, clip, count, latency, value
from live.monitoring.watching.problems import is_wrong, of_fleet, of_node, of_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from live.monitoring.watching.meanings import Meaning
    from live.monitoring.watching.pictures import (
        FactorPicture,
        FleetPicture,
        FleetService,
        NodePicture,
        Picture,
        RegionPicture,
        ServicePicture,
    )

BAR_WIDTH: Final = 40
_SERVICES: Final = ("service", "state", "for", "restarts", "next", "depends on")
_NAME_WIDTH: Final = 22
_NEEDS_WIDTH: Final = 17
"""What 80 columns leave, beside a scroll bar."""


def node_rows(node: NodePicture) -> Iterator[Row]:
    """Yield the lines of a node's page."""
    for text in of_node(node):
        yield Row("", f"PROBLEM {text}", "bad")
    state, texts = node.state, {} if node.figures is None else node.figures.texts
    yield Row("", f"pid {node.pid}, turned {ago(node.turned_s)} ago")
    if state is not None:
        yield Row("", f"phase {state.phase}" + (f": {state.reason}" if state.reason else ""))
        yield Row("", f"trading {state.trading}: h halts, r only reduces, f flat, u resumes")
        yield Row("", f"market {state.venue}, {state.orders} orders, trader {state.trader_id}")
    if "source" in texts:
        yield Row("", f"factors from {texts['source']}: {texts.get('factors') or 'live'}")
    yield from _figures(node)
    yield from _latency(node)
    if state is None:
        return
    yield Row("", f"POSITIONS ({len(state.positions)})", "heading")
    for position in state.positions:
        yield Row("", f"  {position}")
    yield Row("", f"OPEN ORDERS ({len(state.open_orders)})", "heading")
    for order in state.open_orders:
        yield Row("", f"  {order}")
    if state.not_listed:
        yield Row("", f"  and {state.not_listed} more positions and orders")


def _figures(node: NodePicture) -> Iterator[Row]:
    profit = node.value("dolphin_node_profit_usdt")
    if profit is None:
        yield Row("", "its figures are not there: it does not run, or is of an older version")
        return
    yield Row("", f"PnL {profit:+,.2f} USDT after fees, open positions included")
    events = ", ".join(
        f"{count(node.value('dolphin_node_order_events', event))} {event}"
        for event in ("filled", "denied", "rejected", "canceled", "expired")
    )
    orders = count(node.value("dolphin_node_orders"))
    is_open = count(node.value("dolphin_node_orders_open"))
    yield Row("", f"orders {orders} made, {is_open} open; events {events}")
    delivered, conflated, lost = (
        count(node.value("dolphin_node_records", outcome))
        for outcome in ("delivered", "conflated", "lost")
    )
    queue = count(node.value("dolphin_node_pending_records"))
    yield Row(
        "",
        f"records {delivered} delivered, {conflated} conflated, {lost} lost, {queue} not read; "
        f"newest {ago(node.value('dolphin_node_factor_age_seconds') or math.nan)} old",
    )


def _latency(node: NodePicture) -> Iterator[Row]:
    found = node.latency
    if found is None or not found.n:
        return
    yield Row(
        "",
        f"LATENCY write to on_factors, last minute: p50 {latency(found.p50_s)}, "
        f"p99 {latency(found.p99_s)}, n {found.n:,}",
        "heading",
    )
    shown = [i for i, n in enumerate(found.counts) if n]
    most = max(found.counts)
    for index in range(shown[0], shown[-1] + 1):
        n = found.counts[index]
        name = f"<= {latency(BUCKETS_S[index])}" if index < len(BUCKETS_S) else "more"
        yield Row("", f"  {name:>9} {n:>9,}  {bar(n / most, BAR_WIDTH)}")


def service_rows(service: ServicePicture) -> Iterator[Row]:
    """Yield the lines of a service's page: its sources, those that do not answer first."""
    for text in of_service(service):
        yield Row("", f"PROBLEM {text}", "bad")
    status, now_s = service.status, time.time()
    if not status:
        return
    yield Row(f"region:{service.region}", f"pid {status['pid']}, region {service.region}")
    yield Row("", f"SOURCES ({len(service.sources)})", "heading")
    cells = [["source", "state", "answered", "every", "factors", "error"]]
    for source in service.sources:
        is_dead = source in service.dead
        last_s = source["last_success_unix_s"]
        cells.append(
            [
                clip(source["source"], 32),
                "DEAD" if is_dead else "alive",
                ago(now_s - last_s) if last_s else "never",
                f"{source['period_s']:g}s",
                f"{source['factors_alive']:.0f}/{source['factors']:.0f}",
                source["last_error"] if is_dead else "",
            ]
        )
    first, *lines = text_table(cells).split("\n")
    yield Row("", first, "heading")
    for source, line in zip(service.sources, lines, strict=True):
        yield Row("", line, "bad" if source in service.dead else "")
    if status["streams"]:
        yield Row("", f"STREAMS ({len(status['streams'])})", "heading")
    for venue in status["streams"]:
        state = "connected" if venue["connected"] else "NOT CONNECTED"
        newest = venue["newest_event_unix_s"]
        age = f"newest {ago(now_s - newest)} old" if newest else "nothing came"
        text = f"  {venue['venue']}: {state}, {venue['messages_per_s']:,.0f}/s, {age}"
        problem = f": {venue['problem']}" if venue["problem"] else ""
        yield Row("", text + problem, "bad" if venue["problem"] else "")
    if missing := status["factors"]["missing"]:
        yield Row("", f"FACTORS WITHOUT A VALUE ({len(missing)})", "heading")
        for name in missing:
            yield Row(f"factor:{service.region}:{name}", f"  {name}")


def region_rows(
    region: RegionPicture,
    factors: Sequence[FactorPicture],
    meanings: Mapping[str, Meaning],
    sought: str,
) -> Iterator[Row]:
    """Yield the lines of a region's page: one for each factor whose name has the sought text."""
    if region.problem:
        yield Row("", f"PROBLEM {region.problem}", "bad")
    found = [factor for factor in factors if sought.lower() in factor.name.lower()]
    cells = [["factor", "value", "changed", "unit"]]
    for factor in found:
        meaning = meanings.get(factor.name)
        unit = "" if meaning is None else meaning.unit
        cells.append(
            [clip(factor.name, 34), value(factor.value), ago(factor.changed_s), clip(unit, 20)]
        )
    first, *lines = text_table(cells, right=(1, 2)).split("\n")
    yield Row("", first, "heading")
    for factor, line in zip(found, lines, strict=True):
        tone = "bad" if math.isnan(factor.value) else ""
        yield Row(f"factor:{region.path}:{factor.name}", line, tone)
    if not found:
        yield Row("", f"no factor of {len(factors)} has {sought!r} in its name")


def factor_rows(
    region: RegionPicture, factor: FactorPicture, meaning: Meaning | None
) -> Iterator[Row]:
    """Yield the lines of a factor's page, without its drawing."""
    if region.problem:
        yield Row("", f"PROBLEM {region.problem}", "bad")
    tone = "bad" if math.isnan(factor.value) else ""
    yield Row("", f"value    {value(factor.value)}", tone)
    changed = (
        f"{ago(factor.changed_s)} ago"
        if not math.isnan(factor.changed_s)
        else f"not in the {len(factor.history)} s that this monitor looks"
    )
    yield Row("", f"changed  {changed}")
    yield Row("", f"age      {ago(region.age_s)}, of the newest record")
    if meaning is None:
        yield Row("", "unit     not in the registry of factors (--factors FILE names yours)")
    else:
        yield Row("", f"unit     {meaning.unit or '-'}, valid from {meaning.limits}")
        yield Row("", f"source   {meaning.origin or '-'}, every {meaning.period or '-'}")
        yield Row("", f"about    {meaning.about}")
    seen = [v for v in factor.history if not math.isnan(v)]
    if seen:
        yield Row(
            "", f"last {len(factor.history)} s: lowest {value(min(seen))}, highest "
            f"{value(max(seen))}, {len(factor.history) - len(seen)} without a value",
        )  # fmt: skip


def fleet_rows(fleet: FleetPicture, picture: Picture) -> Iterator[Row]:
    """Yield the lines of a fleet's page, what to look at first; a node's line opens its page."""
    if fleet.problem:
        yield Row("", f"PROBLEM {fleet.problem}", "bad")
        return
    if not fleet.pid and not fleet.has_ended:
        yield Row("", f"PROBLEM {next(of_fleet(fleet))}", "bad")
    by = f"supervisor {fleet.pid}" if fleet.pid else "no supervisor"
    ending = ", stopping" if fleet.is_ending and not fleet.has_ended else ""
    yield Row("", f"{by}{ending}, told {ago(fleet.told_s)} ago")
    for text in fleet.promotions:
        yield Row("", f"! {text}", "bad")
    services = sorted(fleet.services, key=lambda service: not is_wrong(service))
    cells = [_SERVICES, *(_fleet_cells(service, fleet, picture.unix_s) for service in services)]
    yield Row("", f"SERVICES ({len(services)})", "heading")
    first, *lines = text_table(cells, right=(2, 3, 4)).split("\n")
    yield Row("", f"  {first}", "heading")
    for service, line in zip(services, lines, strict=True):
        tone = "bad" if is_wrong(service) else ""
        yield Row(_page_of(service, picture), ("! " if tone else "  ") + line, tone)
        if service.reason:
            yield Row("", f"      last reason: {service.reason}", tone)
        if service.open:
            yield Row("", f"      {'open' if service.pid else 'left open'}: {service.open}", tone)
    yield Row("", f"run folder {fleet.folder}")


def _fleet_cells(service: FleetService, fleet: FleetPicture, unix_s: float) -> list[str]:
    marks = [service.role] if service.role not in {"", service.name} else []
    marks += ["leads"] * service.leads + ["LIVE"] * service.is_real
    # As it was told; without a supervisor nothing is tried again.
    wait_s = service.next_try_s if fleet.pid else None
    return [
        clip(service.name + (f" ({', '.join(marks)})" if marks else ""), _NAME_WIDTH),
        service.state,
        ago(unix_s - service.since_ns / 1e9),
        str(service.restarts),
        "-" if wait_s is None else ago(max(wait_s - fleet.told_s, 0.0)),
        clip(", ".join(service.needs) or "-", _NEEDS_WIDTH),
    ]


def _page_of(service: FleetService, picture: Picture) -> str:
    found = (node.key for node in picture.nodes if service.pid and node.pid == service.pid)
    return next((f"node:{key}" for key in found), "")
