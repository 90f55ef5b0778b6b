"""What the programs of these tests work on: ten days, and a backtest of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.last_mile.manners import EXAMPLES, PROGRAMS, TIMEOUT_S
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of ten days."""
    folder = tmp_path_factory.mktemp("last_mile") / "ten_days"
    spec = str(EXAMPLES / "import_ten_days.toml")
    script = str(ROOT / "backtests" / "import_factors.py")
    subprocess.run(
        [sys.executable, script, "--spec", spec, "--catalog", str(folder)],
        check=True, capture_output=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def positions(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a backtest of ten days."""
    folder = tmp_path_factory.mktemp("last_mile") / "positions"
    settings = str(EXAMPLES / "backtest.toml")
    subprocess.run(
        [*PROGRAMS["run_backtest"].words, "--catalog", str(catalog), "--config", settings,
         "--out", str(folder)],
        check=True, capture_output=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    return folder
