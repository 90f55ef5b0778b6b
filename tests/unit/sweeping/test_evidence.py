"""What is left of the best of many backtests."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the extra research")


def test_the_deflated_sharpe_ratio_is_that_of_the_papers_example() -> None:
    """Bailey and López de Prado, 2014, page 10: 100 trials, five years of days, DSR 0.9004."""
    from backtests.sweeping.evidence.sharpe_ratios import (
        ReturnMoments,
        expected_maximum,
        probabilistic_sharpe,
    )

    best = ReturnMoments(count=1250, sharpe=2.5 / math.sqrt(250), skewness=-3, kurtosis=10)
    noise = expected_maximum(100, math.sqrt(0.5 / 250))
    assert noise == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic_sharpe(best, noise) == pytest.approx(0.9004, abs=5e-5)


def test_the_expected_maximum_is_what_simulated_trials_have() -> None:
    """The best of 50 normal Sharpe ratios, in the mean of 20,000 draws, within 2 %."""
    from backtests.sweeping.evidence.sharpe_ratios import expected_maximum

    drawn = np.random.default_rng(1).normal(0, 0.3, (20_000, 50)).max(axis=1).mean()
    assert expected_maximum(50, 0.3) == pytest.approx(drawn, rel=0.02)


def test_overfitting_of_noise_is_about_one_half_and_of_a_real_edge_none() -> None:
    """The mean of PBO over 40 matrices of noise, and PBO of trials of which one is better."""
    from backtests.sweeping.evidence.overfitting import overfitting

    rng = np.random.default_rng(2)
    found = [overfitting(rng.normal(0, 0.01, (400, 20))) for _ in range(40)]
    assert np.mean([f.probability for f in found if f]) == pytest.approx(0.5, abs=0.08)
    returns = rng.normal(0, 0.01, (400, 20))
    returns[:, 7] += 0.004
    edge = overfitting(returns)
    assert edge is not None
    assert (edge.probability, edge.loss, len(edge.logits)) == (0.0, 0.0, 252)


def test_overfitting_counts_as_a_plain_loop_does() -> None:
    """The logits of a small matrix, computed by the definition with numpy alone."""
    from itertools import combinations

    from backtests.sweeping.evidence.overfitting import overfitting

    returns = np.random.default_rng(3).normal(0, 1, (48, 5))
    found = overfitting(returns, blocks=6)
    blocks = returns.reshape(6, 8, 5)
    logits = []
    for inside in combinations(range(6), 3):
        seen = np.concatenate([blocks[i] for i in inside])
        unseen = np.concatenate([blocks[i] for i in range(6) if i not in inside])
        best = np.argmax(seen.mean(0) / seen.std(0, ddof=1))
        ranks = (unseen.mean(0) / unseen.std(0, ddof=1)).argsort().argsort() + 1
        share = ranks[best] / 6
        logits.append(np.log(share / (1 - share)))
    assert found is not None
    assert found.logits == pytest.approx(logits)


def test_no_statistic_is_made_of_too_little() -> None:
    """Few returns, equal returns and a single trial give none."""
    from backtests.sweeping.evidence.overfitting import overfitting
    from backtests.sweeping.evidence.sharpe_ratios import moments, probabilistic_sharpe

    assert overfitting(np.zeros((100, 1))) is None
    assert overfitting(np.zeros((8, 3))) is None
    assert probabilistic_sharpe(moments(np.full(100, 0.01))) is None
    assert probabilistic_sharpe(moments(np.array([0.01, -0.01, 0.02]))) is None


def test_overfitting_takes_part_in_the_verdict_of_returns() -> None:
    """Equal edges, of which what gained in one half lost in the other; and one real edge."""
    from backtests.sweeping.evidence.overfitting import overfitting
    from backtests.sweeping.results.verdict import EDGE, OVERFITTED, checks_of, verdict_of

    noise = np.random.default_rng(6).normal(0, 0.01, (400, 20))
    verdicts = []
    for edges in (np.full(20, 0.006), np.where(np.arange(20) == 3, 0.006, 0.0)):
        found = overfitting(noise - noise.mean(axis=0) + edges)
        assert found is not None
        verdicts.append(verdict_of(checks_of(1.0, 1.0, found.loss, found.probability)))
    assert verdicts == [OVERFITTED, EDGE]
