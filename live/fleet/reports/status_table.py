"""The table that ``run_fleet.py status`` prints."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final

from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDEST: Final = 200
_HEADING: Final = ("NAME", "STATE", "PID", "BEAT", "RESTARTS", "OPEN", "LAST ERROR")


def status_table(report: dict[str, Any]) -> str:
    """Return a fleet's status as lines for a person: one a service, and what needs a look."""
    rows: list[Sequence[str]] = [_HEADING]
    for row in report["services"]:
        age = row["beat_age_s"]
        role = f"{row['name']} ({row['role']}{', leads' if row['leads'] else ''})"
        rows.append(
            (
                role if row["role"] else row["name"],
                _state(row),
                str(row["pid"] or "-"),
                "-" if age is None else f"{age:.1f} s",
                str(row["restarts"]),
                "yes" if row["open"] else "-",
                row["error"] or row["trouble"] or "-",
            )
        )
    width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)
    lines = [line[:width] for line in text_table(rows, right=(2, 3, 4)).splitlines()]
    head = f"fleet {report['fleet']}: {_head(report)}"
    return "\n".join([head, *lines, *report.get("promotions", [])])


def _head(report: dict[str, Any]) -> str:
    services = report["services"]
    running = sum(row["state"] == "running" for row in services)
    pid = report["pid"]
    if pid:
        by = f"supervisor {pid}"
    elif any(row["pid"] for row in services):
        by = "NO SUPERVISOR: nobody watches; 'start' adopts what runs"
    else:
        by = "no supervisor; 'start' starts it"
    return f"{running} of {len(services)} run, {by}"


def _state(row: dict[str, Any]) -> str:
    """Return a service's state; of a node that the switch holds, that too."""
    trading = row.get("trading", "")
    return row["state"] if trading in {"", "ACTIVE"} else f"{row['state']}, {trading}"


def status_code(report: dict[str, Any]) -> int:
    """Return the exit code of a status: 0 all run, 3 none runs, 4 some do not."""
    states = [row["state"] for row in report["services"]]
    if all(state == "running" for state in states):
        return 0
    return 4 if any(state in {"running", "starting", "silent"} for state in states) else 3
