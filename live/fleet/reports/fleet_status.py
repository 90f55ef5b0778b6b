"""What is known of a fleet: from its supervisor, or, without one, from what its services hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from live.fleet.settings.leadership import interrupted, journal_of, leaders
from live.fleet.settings.service_commands import services_of
from live.fleet.supervision.backoff import Backoff
from live.fleet.supervision.control import NoSupervisorError, ask
from live.fleet.supervision.member import Member
from live.fleet.supervision.service_life import Limits, ServiceLife

if TYPE_CHECKING:
    from live.fleet.settings.fleet_settings import FleetSettings


def fleet_status(settings: FleetSettings) -> dict[str, Any]:
    """Return the status of a fleet as JSON, with the promotions that were interrupted."""
    try:
        report = ask(settings.fleet.run_folder, {"command": "status"})
    except NoSupervisorError:
        report = _without_supervisor(settings)
    report["promotions"] = interrupted(settings, journal_of(settings).entries())
    return report


def _without_supervisor(settings: FleetSettings) -> dict[str, Any]:
    """Look at the services as a new supervisor would, and leave them as they are."""
    now_s = time.monotonic()
    limits = Limits(start_s=1.0, silent_s=1.0, stop_s=1.0)
    backoff = Backoff(first_s=1.0, longest_s=1.0, most=0, stable_s=1.0)
    found = leaders(settings, journal_of(settings).entries())
    roles = {n.name: n for n in settings.nodes if n.role}
    rows = []
    for name, service in services_of(settings, found, market_start_ns=0).items():
        life = ServiceLife(limits, backoff, restarts_when_done=False)
        fleet = settings.fleet
        member = Member(service, fleet.run_folder, fleet.folder / "logs", life, 0)
        if member.adopt(now_s):
            member.look(now_s, may_start=False, may_stop=False)
        node = roles.get(name)
        role = "" if node is None else node.role
        leads = node is not None and found.get(node.pair) == name
        rows.append({**member.row(now_s), "role": role, "leads": leads})
        member.process.forget()
    return {
        "fleet": settings.fleet.name,
        "pid": 0,
        "is_ending": False,
        "is_settled": True,
        "services": rows,
    }
