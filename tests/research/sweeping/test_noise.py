"""The verdict on data without an edge."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.research.sweeping.sweeps import ROOT, figures, run

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "docs" / "examples"
STEP_OF_PRICE = 0.001
NO_FEES = {"maker_fee = 0.0002": "maker_fee = 0", "taker_fee = 0.0005": "taker_fee = 0"}


def write_noise(folder: Path, seed: int) -> Path:
    """Copy the ten days with a random walk and ratios that know nothing of it; return the spec."""
    random = np.random.default_rng(seed)
    shutil.copytree(EXAMPLES / "ten_days", folder / "ten_days")
    for name in ("bars", "takers"):
        path = folder / "ten_days" / f"{name}.csv"
        head, *rows = path.read_text().splitlines()
        stamps = [row.partition(",")[0] for row in rows]
        if name == "bars":
            edges = 60_000 * np.exp(
                np.cumsum(random.normal(0, STEP_OF_PRICE, len(rows) + 1))
            ).round(1)
            lines = [
                f"{stamp},{a},{max(a, b)},{min(a, b)},{b},100.0"
                for stamp, a, b in zip(stamps, edges[:-1], edges[1:], strict=True)
            ]
        else:
            ratios = np.exp(random.normal(0, 0.6, len(rows)))
            lines = [
                f"{stamp},{100 * ratio:.3f},100.000,{ratio:.4f}"
                for stamp, ratio in zip(stamps, ratios, strict=True)
            ]
        path.write_text("\n".join([head, *lines]) + "\n")
    spec = folder / "import.toml"
    shutil.copy(EXAMPLES / "import_ten_days.toml", spec)
    return spec


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_shows_no_edge(tmp_path: Path, seed: int) -> None:
    """Not even without fees, where nothing pulls the strategy down."""
    catalog, out = tmp_path / "catalog", tmp_path / "out"
    spec = write_noise(tmp_path, seed)
    done = run("import_factors.py", "--spec", spec, "--catalog", catalog)
    assert done.returncode == 0, done.stderr
    config = tmp_path / "sweep.toml"
    text = (EXAMPLES / "sweep.toml").read_text()
    for fee, none in NO_FEES.items():
        assert fee in text
        text = text.replace(fee, none)
    config.write_text(text)
    swept = run("sweep.py", "--catalog", catalog, "--config", config, "--out", out)
    assert swept.returncode == 0, swept.stderr
    found = figures(out)
    assert "verdict: no edge shown" in swept.stdout
    assert found["verdict"] == "no edge shown"
    assert all(fold["test_positions"] > 0 for fold in found["folds"])
