"""A node of a fleet is found by its name there, and wherever one looks it is seen as halted."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S: Final = 240.0
NAME: Final = f"trial_{os.getpid()}"
"""Of the service: switch.py looks for it among all nodes of this user."""


def run(script: str, *words: object) -> tuple[int, str]:
    """Run a program to its end; return its exit code and all that it said."""
    ended = subprocess.run(
        [sys.executable, str(ROOT / "live" / script), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return ended.returncode, ended.stdout


def test_a_node_of_a_fleet_is_halted_by_its_name_and_the_status_says_so(tmp_path: Path) -> None:
    """The switch takes the service's name; status and monitor show the name and the halt; after
    the stop, status does not speak of something that runs unwatched.
    """
    file = tmp_path / "fleet.toml"
    file.write_text(f"""
[fleet]
name = "{NAME}"
run_folder = "{tmp_path}/run"
[[producer]]
name = "market"
kind = "demo"
region = "{tmp_path}/region"
[[node]]
name = "{NAME}"
region = "{tmp_path}/region"
""")
    try:
        code, said = run("run_fleet.py", file, "start")
        assert code == 0, said
        code, said = run("switch.py", "halt", "--node", "")
        assert (code, "no node" in said) == (2, True), said
        code, said = run("switch.py", "halt", "--node", NAME)
        assert (code, f"{NAME}: ImbalanceTaker" in said, "HALTED" in said) == (0, True, True), said
        # The node tells its state four times a second.
        eventually(
            lambda: "running, HALTED" in run("run_fleet.py", file, "status")[1], "a halted status"
        )
        code, said = run("monitor.py", "--once", "--fleet", f"{tmp_path}/run")
        assert any(NAME[:14] in line and "HALTED" in line for line in said.splitlines()), said
        code, said = run("switch.py", "halt", "--node", "of_nobody")
        assert (code, "--node PID|SERVICE" in said) == (2, True), said
    finally:
        stopped, told = run("run_fleet.py", file, "stop")
        assert {f"{NAME} stopped", "market stopped"} <= {*told.splitlines()}, told
    assert stopped == 0, told
    code, said = run("run_fleet.py", file, "status")
    assert (code, "no supervisor; 'start' starts it" in said) == (3, True), said
