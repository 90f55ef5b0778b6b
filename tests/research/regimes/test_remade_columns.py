"""The look-ahead proof of imported columns of regimes, which a function makes anew."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from tests.support.catalogs.backtests.backtest_catalogs import make_catalog
from tests.support.lengths import long
from tests.support.nodes.forkserver import run_forked

if TYPE_CHECKING:
    import subprocess

ROOT: Final = Path(__file__).resolve().parents[3]
COLUMNS: Final = "tests.research.regimes.regime_columns"
SPEC: Final = """\
[[files]]
path = "regimes.csv"
stamp_column = "ts"
unit = "ns"
[files.columns]
p_rising = { instant = true }
"""
pytestmark = pytest.mark.timeout(300)


def imported(folder: Path, made_by: str) -> Path:
    """Make a catalog, a file of probabilities of it, and import that."""
    from tests.research.regimes import regime_columns

    catalog = make_catalog(folder / "catalog")
    _, ts, values = getattr(regime_columns, made_by)(catalog)
    rows = zip(ts.tolist(), np.ravel(values).tolist(), strict=True)
    lines = ["ts,p_rising", *(f"{at},{value!r}" for at, value in rows)]
    (folder / "regimes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "spec.toml").write_text(SPEC, encoding="utf-8")
    spec = ("--spec", str(folder / "spec.toml"), "--catalog", str(catalog))
    done = command("import_factors.py", *spec, "--data", str(folder))
    assert done.returncode == 0, done.stdout
    return catalog


def command(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = (str(ROOT / "backtests" / script), *arguments)
    return run_forked(*words, env=environment, timeout_s=280, is_merged=True)


def prove(catalog: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Prove the strategy that trades on the column; the first line of defence sees nothing."""
    done = command(
        "run_backtest.py", "--catalog", str(catalog), "--strategy", f"{COLUMNS}:Rising",
        "--prove-no-lookahead", "--out", str(catalog.parent / "out"), *arguments,
    )  # fmt: skip
    assert not list(catalog.parent.glob(".*.proof")), "nothing is left behind"
    return done


def proof(catalog: Path) -> Any:
    """Return proof.json."""
    return json.loads((catalog.parent / "out" / "proof.json").read_text(encoding="utf-8"))


def test_an_imported_smoothed_column_is_caught(tmp_path: Path) -> None:
    """It is made anew on the scrambled copy and differs, with its name, instant and both values;
    no decision does, as the column of the catalog was written before.
    """
    catalog = imported(tmp_path, "smoothed")
    done = prove(catalog, "--instants", "1", "--remake", f"{COLUMNS}:smoothed")
    assert done.returncode == 1, done.stdout
    assert "LOOK-AHEAD: a recorded factor holds data from after its instant" in done.stdout
    [one] = proof(catalog)["instants"]
    assert one["difference"] == ""
    assert one["remade_difference"].startswith("p_rising at 2023-11-14T22:1")
    was, _, now = one["remade_difference"].partition(" was ")[2].partition(" and is ")
    assert 0 < abs(float(was) - float(now)) <= 1
    assert one["remade_difference"] in done.stdout


@pytest.mark.parametrize(
    ("made_by", "remade_by", "code", "verdict"),
    [
        ("filtered", "filtered", 0, "so are the values of p_rising, made anew"),
        long("smoothed", None, 0, "The recorded values of p_rising were taken as they are"),
        long("smoothed", "filtered", 1, "does not make what is recorded: p_rising at"),
        long("smoothed", "read_back", 1, "NOT PROVED: made anew from the same data"),
        long("filtered", "nothing", 1, "has no function 'nothing'"),
    ],
)
def test_what_is_remade_must_be_what_is_recorded(
    tmp_path: Path, made_by: str, remade_by: str | None, code: int, verdict: str
) -> None:
    """A filtered column passes; other values than those recorded, or those read back, do not.
    Without the function a smoothed column passes too, and the verdict says what it did not prove.
    """
    catalog = imported(tmp_path, made_by)
    remake = [] if remade_by is None else ["--remake", f"{COLUMNS}:{remade_by}"]
    done = prove(catalog, "--instants", "1", *remake)
    assert verdict in done.stdout, done.stdout
    assert done.returncode == code, done.stdout
