"""Several instruments in one evaluation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from adapters.market.btcusdt_instruments import btcusdt_synthetic
from backtests.evaluation.scoring.verdicts import NOTHING
from tests.research.evaluation.runs import run
from tests.support.catalogs.planted import noise, planted, returns_of, write_bars, write_planted

if TYPE_CHECKING:
    from pathlib import Path


def test_each_instrument_has_its_results_and_all_share_the_rate(tmp_path: Path) -> None:
    """An edge in one instrument's returns is none in the other's; tests count together."""
    rows, noises = 2_000, 10
    returns, others = returns_of(rows), returns_of(rows, seed=9)
    made = noise(rows, noises, 0.5)
    factors = {"edge": planted(returns, 0.3)} | {f"n{i}": made[:, i] for i in range(noises)}
    path = write_planted(tmp_path / "catalog", returns, factors)
    second = btcusdt_synthetic()
    write_bars(path, others, second)
    both = "BTCUSDT-PERP.BINANCE", str(second.id)
    asked = ("--catalog", path, "--horizons", "5m", "--resamples", 200)
    code, out, err = run(*asked, "--instrument", ",".join(both), "--out", tmp_path / "out")
    assert code == 0, err
    assert out.count("tests of 2 instruments together") == len(both)
    found = {
        name: json.loads((tmp_path / "out" / name / "evaluation.json").read_text())
        for name in both
    }
    verdicts = {name: one["factors"][0]["verdict"] for name, one in found.items()}
    assert verdicts[both[0]] != NOTHING
    assert verdicts[both[1]] == NOTHING
    assert [one["instrument"] for one in found.values()] == [*both]
    every = [f["horizons"][0] for one in found.values() for f in one["factors"]]
    assert {one["tests_of_all_instruments"] for one in found.values()} == {len(every)}
    # Benjamini and Hochberg's q of the surest test of all: its p times their number.
    surest = min(every, key=lambda one: one["p_value"])
    assert surest["q_value"] == pytest.approx(surest["p_value"] * len(every), rel=1e-4)
    code, _, err = run(*asked, "--instrument", f"{both[0]},ETHUSDT.X")
    assert (code, "'ETHUSDT.X' has no prices" in err) == (2, True)
