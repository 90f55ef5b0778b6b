"""Envelopes and watches of simulated strategies whose law is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backtests.enveloping.horizon_bands import draw_futures
from backtests.enveloping.result_grid import ResultGrid
from dolphin_strategies.envelope.shift_detector import ShiftDetector
from tests.benchmarks.simulated_strategies import LAWS, log_values, results_of, watched
from tests.support.lengths import long

HISTORY, FUTURE = 500, 50


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("strategies", [long(2000)])
def test_the_envelope_covers_what_comes(law: str, strategies: int) -> None:
    """The 95 % interval of the profit: 93 to 97 % of strategies."""
    random = np.random.default_rng(5)
    covered = 0
    for results in results_of(law, strategies, HISTORY + FUTURE, random):
        rows = np.zeros((HISTORY, 6))
        rows[:, 0], rows[:, 1] = results[:HISTORY], 1.0
        drawn = draw_futures(ResultGrid(10**9, rows), {"x": FUTURE}, 1000, random)["x"]["pnl"]
        low, high = np.quantile(drawn, [0.025, 0.975])
        covered += low <= results[HISTORY:].sum() <= high
    error = 4 * math.sqrt(0.05 * 0.95 / strategies) if strategies < 2000 else 0.0
    print(f"{law}: {covered / strategies:.1%} of {strategies:,}")
    assert 0.93 - error <= covered / strategies <= 0.97 + error


def test_the_benchmark_s_arrays_are_the_product_s_e_process() -> None:
    """Value by value."""
    random = np.random.default_rng(2)
    stream = watched(results_of("iid", 1, 300, random)[0], 100.0)
    scores = random.standard_normal(150)
    detector = ShiftDetector(stream.shifts, len(stream.values), stream.dependence, stream.starts)
    found = []
    for score in scores:
        detector.take(float(score))
        found.append(detector.log_value)
    np.testing.assert_allclose(found, log_values(stream, scores), rtol=1e-6, atol=1e-9)
