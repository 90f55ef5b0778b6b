"""What must hold before a node leads: the age of its trial, parity, its envelope, no alarms."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.settings_file import from_table, read_tables
from adapters.process.safe_files import UnusableFileError, open_file
from adapters.session.envelope.envelope_file import read_envelope
from adapters.session.envelope.envelope_settings import EnvelopeSettings
from adapters.session.envelope.watch_memory import remembered
from dolphin_strategies.envelope.watch_rules import WatchRules
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.fleet.settings.fleet_settings import FleetSettings, NodeTable

PARITY_S: Final = 600.0
_CHECK_PARITY: Final = Path(__file__).resolve().parents[3] / "backtests" / "check_parity.py"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One precondition.

    Attributes
    ----------
    name : str
        As ``--overrule`` names it.
    holds : bool
        Whether it does.
    found : str
        What was found, a sentence without its full stop.

    """

    name: str
    holds: bool
    found: str


def checks_of(
    settings: FleetSettings, node: NodeTable, row: dict[str, Any], lines: Sequence[dict[str, Any]]
) -> list[Check]:
    """Return the preconditions of a node's promotion, each with what was found.

    Parameters
    ----------
    settings : FleetSettings
        The fleet's file.
    node : NodeTable
        The node on trial.
    row : dict
        Its row of the status.
    lines : sequence of dict
        The journal.

    """
    starts = trial_starts(lines, node.name, row["digest"])
    since_ns = starts[0]["at_ns"] if starts else time.time_ns()
    runs = row["state"] == "running"
    return [
        Check(name="runs", holds=runs, found=f"{node.name} is {row['state']}"),
        _min_trial(settings, since_ns, has_begun=bool(starts)),
        _parity(settings, starts, row["session"]),
        _envelope(settings, node),
        _alarms(settings, node, row, lines, since_ns),
    ]


def trial_starts(lines: Sequence[dict[str, Any]], name: str, digest: str) -> list[dict[str, Any]]:
    """Return the starts of a node since it was last changed, oldest first."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if line["event"] == "started" and line.get("name") == name:
            found = [*found, line] if line.get("digest") == digest else []
    return found


def _min_trial(settings: FleetSettings, since_ns: int, *, has_begun: bool) -> Check:
    wanted = settings.promotion.min_trial
    if not has_begun:
        found = "it has not run with these settings"
    else:
        age_s = (time.time_ns() - since_ns) / 1e9
        found = f"on trial for {age_s / 3600:.1f} h with these settings"
    holds = has_begun and time.time_ns() - since_ns >= wanted.ns
    return Check(name="min_trial", holds=holds, found=f"{found}, expected {wanted}")


def _parity(settings: FleetSettings, starts: Sequence[dict[str, Any]], running: str) -> Check:
    """Replay its newest session that has ended."""
    sessions = [line["session"] for line in starts if line.get("session") not in {None, running}]
    if not sessions:
        found = "no session of it has ended: 'restart' ends one, with record = true"
        return Check(name="parity", holds=False, found=found)
    try:
        ended = subprocess.run(
            [sys.executable, str(_CHECK_PARITY), sessions[-1]],
            cwd=settings.path.parent,
            capture_output=True,
            text=True,
            timeout=PARITY_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name="parity", holds=False, found=f"cannot be checked: {error}")
    said = (ended.stdout if ended.returncode in {0, 1} else ended.stderr).strip().splitlines()
    found = said[0] if said else f"check_parity.py ended with code {ended.returncode}"
    return Check(name="parity", holds=ended.returncode == 0, found=found)


def _envelope(settings: FleetSettings, node: NodeTable) -> Check:
    """Compare what the node's watch has seen so far with its envelope."""
    try:
        tables = {} if node.config is None else read_tables(node.config)
        table = tables.get("envelope")
        if table is None:
            found = "its configuration has no [envelope]"
            return Check(name="envelope", holds=False, found=found)
        envelope_settings = from_table(EnvelopeSettings, table, f"{node.config}: [envelope]")
        path = envelope_settings.memory_path
        if envelope_settings.file is None or path is None:
            found = "its [envelope] names no file"
            return Check(name="envelope", holds=False, found=found)
        folder = settings.path.parent
        rules = WatchRules(read_envelope(folder / envelope_settings.file, open_file))
        remembered(folder / path, rules, open_file)
    except (ConfigError, UnusableFileError, OSError) as error:
        return Check(name="envelope", holds=False, found=str(error))
    warnings = [warning.text for warning in rules.warnings]
    found = "; ".join(warnings) or f"no warning, {rules.status()}"
    return Check(name="envelope", holds=not warnings and rules.trades > 0, found=found)


def _alarms(
    settings: FleetSettings,
    node: NodeTable,
    row: dict[str, Any],
    lines: Sequence[dict[str, Any]],
    since_ns: int,
) -> Check:
    """Count what went wrong with the node since its trial began."""
    failed = [
        str(line.get("error"))
        for line in lines
        if line["event"] == "failed" and line.get("name") == node.name
        if line["at_ns"] >= since_ns
    ]
    if row["restarts"]:
        failed.append(f"{row['restarts']} restarts")
    source = ""
    if settings.fleet.alarms is None:
        source = "; no watchdog's alarms are read, [fleet] alarms names none"
    else:
        state = str(settings.fleet.run_folder / f"{node.name}.state")
        try:
            failed += _of_watchdog(settings.fleet.alarms, state, since_ns)
        except (OSError, UnusableFileError) as error:
            failed.append(f"the watchdog's alarms cannot be read: {error}")
    found = "; ".join(failed[:3]) + (f" and {len(failed) - 3} more" if len(failed) > 3 else "")
    return Check(name="alarms", holds=not failed, found=(found or "none") + source)


def _of_watchdog(path: Path, state: str, since_ns: int) -> list[str]:
    with os.fdopen(open_file(path, os.O_RDONLY), encoding="utf-8", errors="replace") as file:
        found = []
        for number, text in enumerate(file, start=1):
            if not text.endswith("\n"):
                break  # torn by a kill, or being written
            try:
                alarm = json.loads(text)
                is_ours = alarm["state"] == state and alarm["at_ns"] >= since_ns
            except (ValueError, RecursionError, LookupError, TypeError):
                # It may be one of this node: whoever looks at it can remove it.
                found.append(f"line {number} of {path} cannot be read")
                continue
            if is_ours:
                found.append(f"{alarm.get('kind')}: {alarm.get('text')}")
    return found
