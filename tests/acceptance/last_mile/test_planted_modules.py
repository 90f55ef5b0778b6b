"""No program, and no process that it starts, loads what lies in the folder where it is typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from live.fleet.settings.fleet_check import load_fleet
from live.fleet.supervision.control import NoSupervisorError, ask
from tests.acceptance.last_mile.manners import EXAMPLES, PROGRAMS, TIMEOUT_S, run
from tests.support.eventually import eventually
from tests.support.planted_modules import STRATEGY, PlantedFolder

if TYPE_CHECKING:
    from pathlib import Path

TAKER_FLOW = "dolphin_strategies.examples.taker_flow:TakerFlow"
IMBALANCE = "dolphin_strategies.examples.imbalance_taker:ImbalanceTaker"
FLEET = """\
[fleet]
name = "planted"
run_folder = "run"
[[producer]]
name = "market"
kind = "demo"
region = "{region}"
[[recorder]]
name = "factors"
region = "{region}"
catalog = "catalog"
[[node]]
name = "node"
region = "{region}"
record = true
options = {{ strategy = "{strategy}" }}
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_loads_no_module_of_the_working_folder(name: str, tmp_path: Path) -> None:
    """Neither in the place of one of ours, nor of a library's."""
    planted = PlantedFolder(tmp_path, TAKER_FLOW)
    result = run(PROGRAMS[name], "--help", cwd=planted.path)
    assert (result.returncode, planted.loaded()) == (0, []), result.stderr


def test_a_node_and_its_processes_load_the_strategy_alone(tmp_path: Path) -> None:
    """Producer, watch, metrics and recording of a node; then the replay of its session."""
    planted = PlantedFolder(tmp_path, IMBALANCE)
    session = tmp_path / "session"
    result = run(
        PROGRAMS["run_node"], "--strategy", STRATEGY, "--seconds", "2", "--record", str(session),
        "--metrics", "0", cwd=planted.path,
    )  # fmt: skip
    assert (result.returncode, planted.loaded()) == (0, []), result.stdout + result.stderr
    header = json.loads((session / "session.json").read_text())
    assert header["strategy"]["path"] == STRATEGY
    result = run(PROGRAMS["check_parity"], str(session), cwd=planted.path)
    assert (result.returncode, planted.loaded()) == (0, []), result.stdout + result.stderr


def test_a_proof_and_its_processes_load_the_strategy_alone(catalog: Path, tmp_path: Path) -> None:
    """A backtest, and the runs of it that the look-ahead proof starts."""
    planted = PlantedFolder(tmp_path, TAKER_FLOW)
    result = run(
        PROGRAMS["run_backtest"], "--catalog", str(catalog), "--strategy", STRATEGY,
        "--config", str(EXAMPLES / "backtest.toml"), "--prove-no-lookahead", "--instants", "1",
        cwd=planted.path,
    )  # fmt: skip
    assert (result.returncode, planted.loaded()) == (0, []), result.stdout + result.stderr


def test_a_service_of_the_background_loads_none(tmp_path: Path, region_path: Path) -> None:
    """It outlives the command, and runs in the same folder."""
    planted = PlantedFolder(tmp_path, TAKER_FLOW)
    program, region = PROGRAMS["run_exf"], ("--region", str(region_path))
    log = str(tmp_path / "log")
    words = ("start", "--venues", "clock", "--calendar", *region, "--log", log)
    result = run(program, *words, cwd=planted.path)
    try:
        assert (result.returncode, planted.loaded()) == (0, []), result.stdout + result.stderr
    finally:
        result = run(program, "stop", *region, cwd=planted.path)
    assert (result.returncode, planted.loaded()) == (0, []), result.stdout + result.stderr


@pytest.mark.long
def test_a_fleet_and_its_services_load_the_strategy_alone(
    tmp_path: Path, region_path: Path
) -> None:
    """Producer, recorder and a forked node of a fleet whose file lies in the folder."""
    planted = PlantedFolder(tmp_path, IMBALANCE)
    file = planted.path / "fleet.toml"
    file.write_text(FLEET.format(region=region_path, strategy=STRATEGY))
    run_folder = load_fleet(file).fleet.run_folder
    fleet = PROGRAMS["run_fleet"]

    def all_run() -> bool:
        try:
            rows = ask(run_folder, {"command": "status"})["services"]
        except NoSupervisorError:
            return False
        return len(rows) == 3 and all(row["state"] == "running" for row in rows)

    started = run(fleet, str(file), "start", cwd=planted.path)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        eventually(all_run, "all to run", TIMEOUT_S)
    finally:
        stopped = run(fleet, str(file), "stop", cwd=planted.path)
    assert (stopped.returncode, planted.loaded()) == (0, []), stopped.stdout + stopped.stderr
