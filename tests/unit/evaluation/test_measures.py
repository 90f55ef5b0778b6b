"""Ranks, correlations, quantiles, persistence and discoveries, beside plain formulas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backtests.evaluation.measures.block_bootstrap import block_weights
from backtests.evaluation.measures.correlations import correlation, group_correlations
from backtests.evaluation.measures.false_discoveries import adjusted_p_values, discoveries
from backtests.evaluation.measures.look_ahead import DecayCurve, suspicion
from backtests.evaluation.measures.past_quantiles import NO_QUANTILE, past_quantiles
from backtests.evaluation.measures.persistence import autocorrelation, half_life
from backtests.evaluation.measures.quantile_returns import (
    quantile_returns,
    quantile_turnover,
    spread_series,
)
from backtests.evaluation.measures.ranks import ranks_of, value_order
from backtests.evaluation.measures.redundancy import pairwise_correlations


def with_ties(rows: int, seed: int = 1) -> np.ndarray:
    """Return values of which many are equal and some are NaN."""
    random = np.random.default_rng(seed)
    values = np.round(random.normal(size=rows), 1)
    values[random.random(rows) < 0.1] = np.nan
    return values


def test_ranks_are_those_of_pandas_with_ties_and_holes() -> None:
    """Any subset of rows, from the one sort of all of them."""
    values = with_ties(500)
    keep = ~np.isnan(values) & (np.arange(500) % 3 > 0)
    found = ranks_of(values, value_order(values), keep)
    np.testing.assert_array_equal(found, pd.Series(values[keep]).rank().to_numpy())


def test_ranks_within_groups_give_spearmans_correlation_of_each() -> None:
    """As pandas ranks each group by itself."""
    x, y = with_ties(600), with_ties(600, seed=2)
    groups = (np.arange(600) // 200).astype(np.uint8)
    keep = ~np.isnan(x) & ~np.isnan(y)
    x_ranks, y_ranks = (ranks_of(v, value_order(v), keep, groups) for v in (x, y))
    found, rows = group_correlations(x_ranks, y_ranks, groups[keep], 3)
    frame = pd.DataFrame({"x": x, "y": y, "g": groups})[keep]
    expected = [part.x.rank().corr(part.y.rank()) for _, part in frame.groupby("g")]
    np.testing.assert_allclose(found, expected)
    assert rows.tolist() == [len(part) for _, part in frame.groupby("g")]


def test_a_constant_or_a_handful_of_rows_has_no_correlation() -> None:
    """NaN, not 0 and not an error."""
    x = np.arange(30.0)
    assert np.isnan(correlation(x, np.ones(30)))
    assert np.isnan(correlation(x[:5], x[:5]))
    assert correlation(x, -2 * x) == pytest.approx(-1.0)


@pytest.mark.parametrize("block", [1, 3, 7, 50, 400])
def test_each_resample_has_as_many_rows_in_blocks_that_wrap(block: int) -> None:
    """Every row adds up; a cell is as likely as any other, at the ends too."""
    weights = block_weights(50, block, 4_000, np.random.default_rng(1))
    assert (weights.sum(axis=1) == 50).all()
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.2)


def test_quantiles_never_look_at_later_rows() -> None:
    """Changing the future changes no quantile of the past."""
    values = with_ties(2_000)
    changed = values.copy()
    changed[1_200:] = changed[1_200:] * 100 + 7
    before, after = past_quantiles(values, 5), past_quantiles(changed, 5)
    np.testing.assert_array_equal(before[:1_200], after[:1_200])
    assert (before != after).any()
    assert (before[np.isnan(values)] == NO_QUANTILE).all()
    assert set(np.unique(before)) == {0, 1, 2, 3, 4, NO_QUANTILE}


def test_autocorrelation_is_that_of_pairs_with_both_values() -> None:
    """As the plain sums, holes left out."""
    values = with_ties(300)
    found = autocorrelation(values, 20)
    centred = values - np.nanmean(values)
    for lag in (1, 7, 19):
        expected = np.nanmean(centred[lag:] * centred[:-lag]) / np.nanmean(centred**2)
        assert found[lag] == pytest.approx(expected)


def test_half_life_of_an_exponential_decay() -> None:
    """One half is reached where the formula says; a series that stays above has none."""
    assert half_life(np.power(0.9, np.arange(40.0))) == pytest.approx(
        np.log(0.5) / np.log(0.9), abs=0.02
    )
    assert half_life(np.ones(10)) is None


def test_turnover_and_returns_of_quantiles_by_hand() -> None:
    """Four instants in two quantiles, cost on entering and leaving."""
    quantiles = np.array([0, 0, 1, 1], np.uint8)
    returns = np.array([0.01, 0.03, -0.02, np.nan])
    assert quantile_turnover(quantiles, 2, 1).tolist() == [0.0, 0.5]
    found = quantile_returns(quantiles, returns, 2, 1, 0.001)
    np.testing.assert_allclose(found.gross, [0.02, -0.02])
    np.testing.assert_allclose(found.net, [0.02, -0.02 - 2 * 0.001 * 0.5])
    earned, traded = spread_series(quantiles, returns, 2, 1, 1.0)
    np.testing.assert_allclose(earned, [-0.01, -0.03, -0.02, np.nan])
    np.testing.assert_allclose(traded, [1.0, 0.0, 2.0, np.nan])


def test_discoveries_by_the_procedures_own_example() -> None:
    """Benjamini and Hochberg 1995, table 1: of fifteen tests the first four at 5 %."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p_values += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    found = discoveries(np.array([*p_values, np.nan]), 0.05)
    assert found.tolist() == [True] * 4 + [False] * 12
    assert np.isnan(adjusted_p_values(np.array([np.nan, 0.5]))[0])


def test_pairwise_correlations_are_those_of_pandas() -> None:
    """Over the rows that both columns have."""
    values = np.column_stack([with_ties(400, seed) for seed in (1, 2, 3)])
    values[:, 2] += values[:, 0]
    found = pairwise_correlations(values.astype(np.float32))
    np.testing.assert_allclose(found, pd.DataFrame(values).corr().to_numpy(), atol=1e-5)


def curve(
    ic: float, step: float, horizon: float, before: float, kept: float, *, still: float = 0.0
) -> DecayCurve:
    """Return a curve whose error is 0.005."""
    return DecayCurve(
        ic=ic,
        standard_error=0.005,
        ic_a_step_later=step,
        ic_a_horizon_later=horizon,
        ic_a_horizon_before=before,
        step_autocorrelation=kept,
        horizon_autocorrelation=still,
    )


def test_the_curves_that_are_suspected_and_those_that_are_not() -> None:
    """Strength that is gone at once; a fall that the factor's own change does not explain."""
    assert suspicion(curve(0.4, 0.0, 0.0, 0.01, 0.0)) is not None
    assert suspicion(curve(-0.4, 0.0, 0.0, 0.01, 0.0)) is not None
    assert suspicion(curve(0.06, 0.002, 0.0, 0.0, 0.95)) is not None
    # A mean over a window that reaches as far ahead as back.
    assert suspicion(curve(0.6, 0.55, 0.01, 0.6, 0.95, still=0.5)) is not None
    # Momentum: what it predicts it has seen as well.
    assert suspicion(curve(0.4, 0.1, 0.0, 0.9, 0.2)) is None
    # A slow driver of returns, which has driven those before as well.
    assert suspicion(curve(0.18, 0.17, 0.03, 0.19, 0.95, still=0.2)) is None
    # An edge that decays as its factor does.
    assert suspicion(curve(0.06, 0.054, 0.03, 0.0, 0.9)) is None
    assert suspicion(curve(0.06, 0.0, 0.0, 0.0, 0.0)) is None
    assert suspicion(curve(0.01, 0.0, 0.0, 0.0, 0.9)) is None
