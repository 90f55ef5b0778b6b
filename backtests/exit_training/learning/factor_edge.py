"""The edge of factors: what they say about the gain that is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.exits.model.exit_model import ModelFactor
from dolphin_strategies.exits.policies.adaptive_exit import Z_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.exit_training.learning.gain_paths import Floats, GainPaths

SAMPLES: Final = 8
"""Steps of each path that the regression sees."""
RIDGE: Final = 0.01
"""Of the number of rows: factors that say the same share the weight."""


def describe_factors(paths: GainPaths, names: Sequence[str]) -> tuple[ModelFactor, ...]:
    """Return the factors with their means and standard deviations on paths.

    A factor without two different values has no weight: its scale is 1.
    """
    found = []
    for k, name in enumerate(names):
        values = paths.factors[:, :, k]
        values = values[np.isfinite(values)]
        scale = float(values.std()) if values.size else 0.0
        mean = float(values.mean()) if values.size else 0.0
        found.append(ModelFactor(name=name, mean=mean, scale=scale if scale > 0 else 1.0))
    return tuple(found)


def fit_edge(paths: GainPaths, factors: Sequence[ModelFactor]) -> Floats:
    """Return the weight of each factor in the gain that is still to come, in units.

    By ridge regression of the gain from a step to the end of the path on the factors at that
    step, in the direction of the position (the regression of F. Longstaff & E. Schwartz, "Valuing
    American Options by Simulation", 2001, with the path's end for the value of going on).

    Parameters
    ----------
    paths : GainPaths
        The positions to learn from.
    factors : sequence of ModelFactor
        The factors.

    Returns
    -------
    float64 array of shape (factors,)

    """
    if not factors:
        return np.zeros(0)
    at = np.unique(np.linspace(1, paths.steps - 1, SAMPLES).astype(int))
    z = _scores(paths, factors)[:, at, :].reshape(-1, len(factors))
    left = (paths.gain[:, -1:] - paths.gain[:, at]) / paths.unit[:, None]
    matrix = z.T @ z + RIDGE * len(z) * np.eye(len(factors))
    return np.clip(np.linalg.solve(matrix, z.T @ left.ravel()), -10, 10)


def shift_of(paths: GainPaths, factors: Sequence[ModelFactor], weights: Floats) -> Floats:
    """Return what factors add to the gain to be taken, in units.

    Returns
    -------
    float64 array of shape (n, steps + 1)

    """
    return np.asarray(_scores(paths, factors) @ weights)


def _scores(paths: GainPaths, factors: Sequence[ModelFactor]) -> Floats:
    """Return the factors in standard deviations and the position's direction; 0: no value."""
    means = np.array([factor.mean for factor in factors])
    scales = np.array([factor.scale for factor in factors])
    z = np.clip((paths.factors - means) / scales, -Z_LIMIT, Z_LIMIT)
    return np.asarray(np.nan_to_num(z) * paths.side[:, None, None])
