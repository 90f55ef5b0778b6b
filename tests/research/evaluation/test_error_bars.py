"""Error bars beside what happens again and again: returns that overlap, factors that persist."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.evaluation.measures.block_bootstrap import (
    SUMS,
    cell_rows,
    cell_sums,
    resampled_correlations,
    resampled_sums,
)
from backtests.evaluation.measures.block_length import block_cells
from backtests.evaluation.measures.correlations import correlation
from tests.support.catalogs.planted import noise
from tests.support.lengths import counts, long


def overlapping(rows: int, horizon: int, seed: int) -> np.ndarray:
    """Return returns over a horizon, each from one step later."""
    steps = np.random.default_rng(seed).normal(size=rows + horizon)
    total = np.cumsum(steps)
    return np.asarray(total[horizon:] - total[:-horizon])


def deviation(x: np.ndarray, y: np.ndarray, horizon: int, seed: int) -> tuple[float, float]:
    """Return the standard error of a correlation, and its blocks."""
    size = cell_rows(len(x), horizon)
    sums = cell_sums(x, y, np.arange(len(x)), len(x), size)
    length = block_cells(sums, horizon, size)
    found = resampled_sums(sums, length, 300, seed).reshape(1, SUMS, 300)
    return float(resampled_correlations(found)[0].std(ddof=1)), len(x) / (length * size)


def test_the_bootstrap_is_archs_with_the_same_blocks() -> None:
    """``CircularBlockBootstrap`` of the rows: the same deviation of the correlation."""
    from arch.bootstrap import CircularBlockBootstrap

    rows, horizon = 600, 12
    x, y = noise(rows, 1, 0.9)[:, 0], overlapping(rows, horizon, 2)
    sums = cell_sums(x, y, np.arange(rows), rows, 1)
    ours = resampled_correlations(resampled_sums(sums, 48, 1_000, 1).reshape(1, SUMS, 1_000))[0]
    peer = CircularBlockBootstrap(48, x, y, seed=1).apply(correlation, 1_000)[:, 0]
    # Two deviations of 1,000 resamples each differ by 3.2 % at one standard error.
    assert ours.std() == pytest.approx(peer.std(), rel=0.13)
    assert ours.mean() == pytest.approx(peer.mean(), abs=4 * peer.std() / np.sqrt(1_000))


@counts("rounds", 25, long=300)
@pytest.mark.parametrize(("persistence", "horizon"), [(0.95, 12), long(0.0, 12), long(0.9, 1)])
def test_intervals_cover_zero_of_noise_as_often_as_they_say(
    rounds: int, persistence: float, horizon: int
) -> None:
    """95 % by Student's t; plain errors of overlapping returns would cover far less."""
    from scipy.special import stdtrit

    rows = 3_000
    factors = noise(rows, rounds, persistence, seed=7)
    covered = plain = 0
    for i in range(rounds):
        x, y = factors[:, i], overlapping(rows, horizon, 1_000 + i)
        found = correlation(x, y)
        error, blocks = deviation(x, y, horizon, i)
        covered += abs(found) <= stdtrit(blocks - 1, 0.975) * error
        plain += abs(found) <= 1.96 / np.sqrt(rows)
    share = covered / rounds
    # Three errors of a share, and three points that the bootstrap may be off.
    assert abs(share - 0.95) < 3 * np.sqrt(0.95 * 0.05 / rounds) + 0.03, share
    if persistence and horizon > 1:
        assert plain / rounds < 0.8
