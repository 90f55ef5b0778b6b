"""Planted factors: edges, noise and look-ahead, through the command and in arrays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from backtests.evaluation.evaluate import AT_ONCE, evaluate
from backtests.evaluation.evaluation_data import read_data
from backtests.evaluation.evaluation_settings import EvaluationSettings
from backtests.evaluation.page.evaluation_json import as_data
from backtests.evaluation.page.summary_text import summary_text
from backtests.evaluation.scoring.verdicts import NOTHING, SUSPECT, TOO_SHORT
from tests.research.evaluation.runs import run
from tests.support.catalogs.planted import (
    STEP_NS,
    VOLATILITY,
    noise,
    planted,
    returns_of,
    write_planted,
)
from tests.support.lengths import long

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ROOT: Final = Path(__file__).resolve().parents[3]
SCRIPT: Final = ROOT / "backtests" / "evaluate_factors.py"
ROWS: Final = 8_000


def evaluated(
    folder: Path,
    returns: NDArray[np.float64],
    factors: Mapping[str, NDArray[np.float64]],
    *arguments: object,
) -> dict[str, Any]:
    """Write a catalog, evaluate it, and return ``evaluation.json``."""
    write_planted(folder / "catalog", returns, factors)
    code, _, err = run(
        "--catalog", folder / "catalog", "--out", folder / "out", "--resamples", 200, *arguments
    )
    assert code == 0, err
    found: dict[str, Any] = json.loads((folder / "out" / "evaluation.json").read_text())
    return found


def persistent(rows: int, persistence: float, seed: int) -> NDArray[np.float64]:
    """Return one factor with this autocorrelation."""
    return noise(rows, 1, persistence, seed)[:, 0]


def test_planted_edges_are_found_with_their_size_and_peeks_are_suspected(tmp_path: Path) -> None:
    """One catalog: an edge of known IC, a persistent one, noise, and three kinds of look-ahead."""
    slow = persistent(ROWS, 0.95, 8)
    returns = returns_of(ROWS) + 0.06 * VOLATILITY * slow
    ahead = np.array([returns[i : i + 12].sum() for i in range(ROWS)]) / VOLATILITY
    smooth = np.convolve(returns, np.ones(25) / 25, "same") / VOLATILITY
    found = evaluated(
        tmp_path,
        returns,
        {
            "edge": planted(returns, 0.08),
            "slow": slow,
            "momentum": np.concatenate([[0.0], returns[:-1]]),
            "noise": persistent(ROWS, 0.9, 5),
            "peek": planted(returns, 0.5, 6),
            "ahead": ahead,
            "smooth": smooth,
        },
        "--horizons", "5m,15m,1h",
    )  # fmt: skip
    factors = {one["name"]: one for one in found["factors"]}
    for name, ic in (("edge", 0.08), ("slow", 0.06), ("peek", 0.5)):
        first = factors[name]["horizons"][0]
        # Spearman's of two normal series: 6 / pi * asin(ic / 2).
        assert abs(first["rank_ic"] - 6 / np.pi * np.arcsin(ic / 2)) < 3 * first["rank_ic_error"]
        assert first["ic"] == pytest.approx(ic, abs=3 * first["ic_error"])
        assert first["is_discovery"]
        assert 0.7 < first["rank_ic_error"] * np.sqrt(ROWS) < 1.4
    for name in ("peek", "ahead", "smooth"):
        assert factors[name]["verdict"] == SUSPECT, factors[name]
    for name in ("edge", "slow", "momentum", "noise"):
        assert factors[name]["verdict"] != SUSPECT, factors[name]
    assert factors["noise"]["verdict"] == NOTHING
    assert factors["slow"]["half_life_ns"] == pytest.approx(13.5 * STEP_NS, rel=0.2)
    assert factors["slow"]["coverage"] > 0.99


def test_returns_begin_after_the_instant_and_the_newest_record_counts(tmp_path: Path) -> None:
    """A factor that is the last bar's return has the reversal that was planted, and no more."""
    rows = 4_000
    shocks = returns_of(rows)
    returns = shocks.copy()
    returns[1:] -= 0.3 * shocks[:-1]
    last = np.concatenate([[0.0], returns[:-1]])
    found = evaluated(tmp_path, returns, {"last": last}, "--horizons", "5m,10m", "--delays", "5m")
    first = found["factors"][0]["horizons"][0]
    assert first["ic"] == pytest.approx(np.corrcoef(last, returns)[0, 1], abs=1e-3)
    assert first["rank_ic_by_delay"][0] == first["rank_ic"]
    delayed = np.corrcoef(last[:-1], returns[1:])[0, 1]
    assert first["rank_ic_by_delay"][1] == pytest.approx(delayed, abs=0.03)


@pytest.mark.parametrize(("rounds", "noises"), [(1, 40), long(40, 200)])
def test_noise_gives_the_stated_rate_of_false_discoveries(
    rounds: int, noises: int, tmp_path: Path
) -> None:
    """Factors of noise among 20 edges: of what is found, the stated share is noise."""
    shares = []
    for i in range(rounds):
        rows = 2_000
        returns = returns_of(rows, seed=100 + i)
        made = noise(rows, noises, 0.8, seed=200 + i)
        factors = {f"noise_{k}": made[:, k] for k in range(noises)}
        factors |= {f"edge_{k}": planted(returns, 0.15, 300 + 50 * i + k) for k in range(20)}
        found = evaluated(
            tmp_path / f"{i}", returns, factors, "--horizons", "5m", "--delays", "5m"
        )
        hits = [
            one["name"]
            for one in found["factors"]
            for horizon in one["horizons"]
            if horizon["is_discovery"]
        ]
        false = sum(name.startswith("noise") for name in hits)
        assert len(hits) - false >= 20
        shares.append(false / len(hits))
    # Three standard errors of a mean of shares, each at most a few false among twenty true.
    assert np.mean(shares) < 0.05 + 3 * 0.05 / np.sqrt(rounds)


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    """Byte by byte; another seed moves the error bars alone."""
    rows = 2_000
    write_planted(tmp_path / "c", returns_of(rows), {"a": persistent(rows, 0.5, 1)})
    texts = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        out = tmp_path / name
        code, _, err = run(
            "--catalog", tmp_path / "c", "--out", out, "--seed", seed, "--horizons", "5m,1h"
        )
        assert code == 0, err
        texts.append((out / "evaluation.json").read_text())
        assert (out / "evaluation.json").stat().st_mode & 0o077 == 0
    assert texts[0] == texts[1] != texts[2]
    one, three = (json.loads(text)["factors"][0]["horizons"][0] for text in texts[::2])
    assert one["rank_ic"] == three["rank_ic"]
    assert one["rank_ic_error"] != three["rank_ic_error"]


def test_a_factor_without_values_and_a_constant_have_their_verdict(tmp_path: Path) -> None:
    """They are tested nowhere; the page has all factors and needs no network."""
    rows = 2_000
    found = evaluated(
        tmp_path,
        returns_of(rows),
        {"some": persistent(rows, 0.5, 1), "empty": np.full(rows, np.nan), "flat": np.ones(rows)},
        "--horizons", "5m,1h",
    )  # fmt: skip
    assert found["tests"] == 2
    page = (tmp_path / "out" / "evaluation.html").read_text()
    assert all(f'<tr data-name="{name}">' in page for name in ("some", "empty", "flat"))
    assert "<script src" not in page
    assert [one["verdict"] for one in found["factors"][1:]] == ["no values", "no values"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--show", "nois"], "did you mean 'noise'"),
        (["--show", "a,,b"], "one comma"),
        (["--horizons", "5"], "expected a duration"),
        (["--horizons", "7m", "--step", "5m"], "multiples of --step"),
        (["--instrument", "ETHUSDT.X"], "has no prices"),
        (["--prices", "quotes"], "there are none"),
        (["--recording", "other"], "no recording"),
        (["--rate", "1.5"], "--rate"),
        (["--start", "2030-01-01"], "no factors with prices"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_2(
    arguments: list[str], what: str, small: Path
) -> None:
    """With what was found and what to do; nothing is written."""
    code, out, err = run("--catalog", small, *arguments)
    assert (code, out) == (2, "")
    assert what in err
    assert err.startswith("evaluate_factors.py: ")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalog of a week."""
    rows = 2_016
    made = {"noise": persistent(rows, 0.5, 1)}
    return write_planted(tmp_path_factory.mktemp("small") / "c", returns_of(rows), made)


def test_a_stop_keeps_the_factors_that_are_finished(tmp_path: Path) -> None:
    """Those of the pieces before it; the discoveries are over these, which the text says."""
    rows = 2_000
    made = noise(rows, 20, 0.5)
    factors = {f"noise_{i}": made[:, i] for i in range(20)}
    catalog = write_planted(tmp_path / "c", returns_of(rows), factors)
    settings = EvaluationSettings(horizons_ns=(STEP_NS,), resamples=100)
    answers = iter([False, False, True])
    found = evaluate(read_data(catalog, settings), settings, lambda: next(answers))
    assert [one.name for one in found.factors] == [f"noise_{i}" for i in range(2 * AT_ONCE)]
    assert found.tests == 2 * AT_ONCE
    assert "16 of 20 factors" in summary_text(found)
    data = as_data(found)
    assert data["is_whole"] is False
    assert len(data["redundancy"]["order"]) == 2 * AT_ONCE


def test_ctrl_c_ends_the_command_with_130(tmp_path: Path) -> None:
    """Whenever it comes; what was finished is in files that are whole."""
    rows = 10_000
    made = noise(rows, 60, 0.5)
    factors = {f"noise_{i}": made[:, i] for i in range(60)}
    write_planted(tmp_path / "c", returns_of(rows), factors)
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--catalog", tmp_path / "c", "--out", tmp_path / "out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "60 factors" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    if (tmp_path / "out").exists():
        found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
        assert not found["is_whole"]
        assert "Interrupted" in out


def test_an_event_that_happened_once_is_no_discovery(tmp_path: Path) -> None:
    """A factor that is the same but at one instant, and one with holes, get a verdict in words."""
    returns = returns_of(ROWS // 2)
    event = np.zeros(len(returns))
    event[int(np.argmax(returns))] = 1.0
    holes = planted(returns, 0.3)
    holes[np.arange(len(holes)) % 3 > 0] = np.nan
    found = evaluated(tmp_path, returns, {"event": event, "holes": holes}, "--horizons", "5m,15m")
    one, other = found["factors"]
    assert one["verdict"] == TOO_SHORT
    assert all(horizon["p_value"] is None for horizon in one["horizons"])
    assert other["horizons"][0]["is_discovery"]
    assert other["half_life_ns"] is None or other["half_life_ns"] > 0
    code, _, err = run("--catalog", tmp_path / "catalog", "--out", Path(__file__))
    assert (code, "--out" in err) == (2, True)
