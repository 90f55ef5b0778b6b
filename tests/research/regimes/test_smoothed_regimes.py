"""The filter beside hmmlearn, and the look-ahead proof on hmmlearn's smoothed probabilities."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.support.catalogs.backtests.backtest_catalogs import make_catalog
from tests.support.nodes.forkserver import run_forked

ROOT: Final = Path(__file__).resolve().parents[3]


def test_the_filter_is_hmmlearns_forward_pass() -> None:
    """Its last smoothed probability of each beginning of the series, which knows nothing later."""
    from tests.research.regimes.regime_strategies import MODEL, hmm

    returns = np.random.default_rng(3).normal(0, 0.6, 150)
    now, model = MODEL.stationary, hmm()
    for n, one in enumerate(returns.tolist(), 1):
        now = MODEL.filtered(now, one)
        assert np.allclose(now, model.predict_proba(returns[:n, None])[-1], rtol=1e-9)
    # Of the whole series it returns something else for the same rows.
    first = model.predict_proba(returns[:, None])[:-1, 1]
    assert np.abs(first - [p[1] for p in _filtered(returns)][:-1]).max() > 0.2


def _filtered(returns: np.ndarray) -> list[tuple[float, ...]]:
    from tests.research.regimes.regime_strategies import MODEL

    now, found = MODEL.stationary, []
    for one in returns.tolist():
        now = MODEL.filtered(now, one)
        found.append(now)
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("strategy", "code", "verdict"),
    [
        ("Smoothed", 1, "LOOK-AHEAD: the strategy uses data from after"),
        pytest.param("Filtered", 0, "NO LOOK-AHEAD FOUND", marks=pytest.mark.long),
    ],
)
def test_the_proof_catches_smoothed_probabilities(
    tmp_path: Path, strategy: str, code: int, verdict: str
) -> None:
    """And passes the filtered ones of the same model."""
    catalog = make_catalog(tmp_path / "catalog", files=2)
    config = tmp_path / "backtest.toml"
    config.write_text(f'[strategy]\ncatalog = "{catalog}"\n', encoding="utf-8")
    done = run_forked(
        str(ROOT / "backtests" / "run_backtest.py"), "--catalog", str(catalog), "--strategy",
        f"tests.research.regimes.regime_strategies:{strategy}", "--prove-no-lookahead",
        "--config", str(config),
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout_s=280, is_merged=True,
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    assert verdict in done.stdout
