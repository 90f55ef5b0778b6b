"""A fleet of each kind of service, as a user has it, with nothing to be reached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from live.fleet.settings.fleet_check import load_fleet
from live.fleet.supervision.control import NoSupervisorError, ask
from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

FLEET = """\
[fleet]
name = "kinds"
run_folder = "run"
[[producer]]
name = "exf"
region = "exf_region"
options = { base_url = "http://127.0.0.1:9" }
[[bridge]]
name = "bridge"
source = "hazelcast://127.0.0.1:9"
region = "bridge_region"
[[recorder]]
name = "recorder"
region = "exf_region"
catalog = "catalog"
[[node]]
name = "node"
region = "exf_region"
options = { producer = "outside" }
"""
TIMEOUT_S = 600.0


@pytest.mark.long
def test_each_kind_is_started_watched_killed_mended_and_stopped_in_order(tmp_path: Path) -> None:
    """SIGKILL of everything in turn, positions open or not; ``stop`` ends with 0."""
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    run_folder = load_fleet(path).fleet.run_folder
    script = [sys.executable, str(ROOT / "live" / "run_fleet.py"), str(path)]

    def rows() -> dict[str, dict[str, Any]]:
        try:
            found = ask(run_folder, {"command": "status"})
        except NoSupervisorError:
            return {}
        return {row["name"]: row for row in found["services"]}

    def is_new(name: str, pid: int) -> bool:
        return rows()[name]["pid"] not in {0, pid}

    def all_run() -> bool:
        return bool(rows()) and all(row["state"] == "running" for row in rows().values())

    with subprocess.Popen([*script, "run"], stdout=subprocess.PIPE, text=True) as supervisor:
        try:
            eventually(all_run, "all to run", TIMEOUT_S)
            assert "no host has answered yet" in rows()["exf"]["trouble"]
            assert rows()["bridge"]["trouble"]
            for name in ("exf", "bridge", "recorder", "node"):
                pid = rows()[name]["pid"]
                os.kill(pid, signal.SIGKILL)
                eventually(partial(is_new, name, pid), f"{name} anew")
            eventually(all_run, "all to run again", TIMEOUT_S)
            assert [row["restarts"] for row in rows().values()] == [1, 1, 1, 1]
        finally:
            ended = subprocess.run(
                [*script, "stop"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
    assert ended.returncode == 0, ended.stderr
    assert supervisor.returncode == 0
