"""What must hold before a promotion, from files and a journal made by hand."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.process.safe_files import open_file, open_or_make
from adapters.session.envelope.envelope_file import read_envelope
from adapters.session.envelope.watch_memory import WatchMemory
from live.fleet.promotion.preconditions import checks_of, trial_starts
from live.fleet.settings.fleet_check import load_fleet
from tests.support.envelope import envelopes

if TYPE_CHECKING:
    from pathlib import Path

    from live.fleet.promotion.preconditions import Check

HOUR_NS: Final = 3_600 * 10**9
STRATEGY: Final = "dolphin_strategies.examples.imbalance_taker:ImbalanceTaker"
FLEET: Final = """\
[fleet]
name = "x"
run_folder = "run"
alarms = "alarms.jsonl"
[promotion]
min_trial = "2h"
[[node]]
name = "b"
role = "blue"
[[node]]
name = "g"
role = "green"
config = "green.toml"
"""
ROW: Final = {"digest": "now", "state": "running", "session": "running one", "restarts": 0}


def started(hours_ago: float, digest: str = "now") -> dict[str, Any]:
    """Return the journal's line of a start of GREEN."""
    at_ns = time.time_ns() - round(hours_ago * HOUR_NS)
    return {"event": "started", "name": "g", "digest": digest, "at_ns": at_ns, "session": None}


def found(
    folder: Path, lines: list[dict[str, Any]], config: str = "", **row: Any
) -> dict[str, Check]:
    """Return the preconditions by name."""
    (folder / "fleet.toml").write_text(FLEET)
    (folder / "green.toml").write_text(config)
    (folder / "alarms.jsonl").touch(mode=0o600)
    settings = load_fleet(folder / "fleet.toml")
    checks = checks_of(settings, settings.nodes[1], ROW | row, lines)
    return {check.name: check for check in checks}


def test_a_trial_is_as_old_as_its_settings(tmp_path: Path) -> None:
    """Restarts do not make it younger, a change of its settings does, and no start is no trial."""
    lines = [started(9, "old"), started(3), started(1)]
    assert len(trial_starts(lines, "g", "now")) == 2
    assert found(tmp_path, lines)["min_trial"].holds
    changed = [*lines, started(0.5, "other"), started(0.4)]
    assert not found(tmp_path, changed)["min_trial"].holds
    assert not found(tmp_path, [])["min_trial"].holds
    assert not found(tmp_path, lines, state="failed")["runs"].holds


def test_alarms_since_the_trial_began_refuse(tmp_path: Path) -> None:
    """The watchdog's of this node, failures, and restarts; older ones and others' do not."""
    lines = [started(3)]
    assert found(tmp_path, lines)["alarms"].holds
    alarm = {"kind": "HANG", "text": "hung", "state": str(tmp_path / "run" / "g.state")}
    rows = [
        alarm | {"at_ns": time.time_ns() - 4 * HOUR_NS},
        alarm | {"at_ns": time.time_ns(), "state": "/another"},
    ]
    path = tmp_path / "alarms.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "torn")
    path.chmod(0o600)
    assert found(tmp_path, lines)["alarms"].holds
    path.write_text(json.dumps(alarm | {"at_ns": time.time_ns()}) + "\n")
    refused = found(tmp_path, lines)["alarms"]
    assert (refused.holds, "HANG: hung" in refused.found) == (False, True)
    odd = json.dumps(alarm | {"at_ns": "x"})
    for line in ("torn", "[]", "1", "{}", odd, "[" * 100_000):
        path.write_text(f"{line}\n")
        unread = found(tmp_path, lines)["alarms"]
        assert (unread.holds, "line 1 of" in unread.found) == (False, True), line
    path.write_text("")
    failed = {"event": "failed", "name": "g", "error": "boom", "at_ns": time.time_ns()}
    assert "boom" in found(tmp_path, [*lines, failed])["alarms"].found
    assert not found(tmp_path, lines, restarts=1)["alarms"].holds


def test_without_a_session_that_has_ended_there_is_no_parity(tmp_path: Path) -> None:
    """The one that is being recorded does not count; a folder that is none does not hold."""
    assert not found(tmp_path, [started(3)])["parity"].holds
    running = started(3) | {"session": "running one"}
    assert "no session" in found(tmp_path, [running])["parity"].found


@pytest.mark.parametrize(("result", "holds"), [(0.0, True), (-1.0, False)])
def test_the_envelope_is_compared_with_what_its_watch_remembers(
    tmp_path: Path, result: float, *, holds: bool
) -> None:
    """Results as expected hold, losses that it warns of do not, and no result is none."""
    file = envelopes.write(tmp_path / "envelope.json", STRATEGY)
    config = f'[envelope]\nfile = "{file}"\nmemory = "{tmp_path}/memory"\n'
    assert not found(tmp_path, [])["envelope"].holds
    assert "nothing yet" in found(tmp_path, [], config)["envelope"].found
    path = tmp_path / "memory"
    memory = WatchMemory(open_or_make(path), path, read_envelope(file, open_file).sha256)
    assert not found(tmp_path, [], config)["envelope"].holds
    for _ in range(40):
        memory.add("trade", result, 0.0, min(result, 0.0), max(result, 0.0))
    check = found(tmp_path, [], config)["envelope"]
    memory.close()
    assert check.holds == holds, check.found
