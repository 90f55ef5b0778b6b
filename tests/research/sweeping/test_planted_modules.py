"""No worker of a sweep, nor a neighbour of an envelope, loads what lies in the working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.research.sweeping.sweeps import ROOT, run, words
from tests.support.planted_modules import STRATEGY, PlantedFolder

if TYPE_CHECKING:
    from pathlib import Path

TAKER_FLOW = "dolphin_strategies.examples.taker_flow:TakerFlow"


@pytest.mark.parametrize(
    "workers", [(), pytest.param(("--ray", "local"), marks=pytest.mark.long)], ids=["own", "ray"]
)
def test_a_worker_loads_the_strategy_alone(
    workers: tuple[str, ...], catalog: Path, tmp_path: Path
) -> None:
    """The processes of a sweep, its own and Ray's."""
    planted = PlantedFolder(tmp_path, TAKER_FLOW)
    more = ("--strategy", STRATEGY, "--trials", 2, "--workers", 1, *workers)
    done = run("sweep.py", *words(catalog, tmp_path / "out", *more), cwd=planted.path)
    assert (done.returncode, planted.loaded()) == (0, []), done.stdout + done.stderr


@pytest.mark.long
def test_a_neighbour_loads_the_strategy_alone(catalog: Path, tmp_path: Path) -> None:
    """The processes of ``envelope.py --perturb``."""
    planted = PlantedFolder(tmp_path, TAKER_FLOW)
    config = ROOT / "docs" / "examples" / "backtest.toml"
    backtest = ("--catalog", catalog, "--strategy", STRATEGY, "--config", config)
    done = run("run_backtest.py", *backtest, "--out", tmp_path / "out", cwd=planted.path)
    assert (done.returncode, planted.loaded()) == (0, []), done.stdout + done.stderr
    perturbed = (tmp_path / "out", "--perturb", 0.2, "--config", config)
    done = run("envelope.py", *perturbed, "--out", tmp_path / "wide.json", cwd=planted.path)
    assert (done.returncode, planted.loaded()) == (0, []), done.stdout + done.stderr
