"""The step at which each position of some paths is closed, by the conditions of exits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from backtests.exit_training.learning.gain_paths import Floats, GainPaths
    from dolphin_strategies.exits.model.exit_model import ExitRule

type Steps = NDArray[np.int64]


def first_step(condition: NDArray[np.bool_]) -> Steps:
    """Return the first step after the entry at which a condition holds; else the last one.

    Parameters
    ----------
    condition : bool array of shape (n, steps + 1)
        The condition of each position at each step.

    """
    after = condition[:, 1:]
    found = after.argmax(axis=1) + 1
    return np.where(after.any(axis=1), found, condition.shape[1] - 1)


def time_step(steps: int, time: float) -> int:
    """Return the first step at which a fraction of all steps has passed."""
    return min(steps, max(1, math.ceil(time * steps - 1e-9)))


def taken(paths: GainPaths, take: float, decay: float, shift: Floats | float = 0.0) -> Steps:
    """Return when the gain is at least what is to be taken, which falls with time.

    Parameters
    ----------
    paths : GainPaths
        The positions.
    take, decay : float
        As in ExitRule.
    shift : float64 array of shape (n, steps + 1), or float
        What is added to the gain to be taken.

    """
    time = np.arange(paths.steps + 1) / paths.steps
    limit = take * (1 - decay * time)[None, :] + shift
    return first_step(paths.gain >= limit * paths.unit[:, None])


def stopped(paths: GainPaths, stop: float) -> Steps:
    """Return when the loss has been as large as this multiple of the unit."""
    return first_step(paths.worst >= stop * paths.unit[:, None])


def given_back(paths: GainPaths, trail: float) -> Steps:
    """Return when this multiple of the unit of the largest gain has been given back."""
    return first_step(paths.best - paths.gain >= trail * paths.unit[:, None])


def rule_steps(paths: GainPaths, rule: ExitRule, shift: Floats | float = 0.0) -> Steps:
    """Return when a rule closes each position, as AdaptiveExit does.

    Parameters
    ----------
    paths : GainPaths
        The positions, whose units are above 0.
    rule : ExitRule
        The rule.
    shift : float64 array of shape (n, steps + 1), or float
        What factors add to the gain to be taken.

    """
    first = np.minimum(taken(paths, rule.take, rule.decay, shift), stopped(paths, rule.stop))
    first = np.minimum(first, given_back(paths, rule.trail))
    return np.minimum(first, time_step(paths.steps, rule.time))


def gains_at(paths: GainPaths, steps: Any) -> Floats:
    """Return the gain of each position at a step of its own."""
    return np.asarray(paths.gain[np.arange(len(paths)), steps])


def mean_at(values: Floats, steps: Steps) -> Floats:
    """Return the means of values at steps of each of several choices.

    Parameters
    ----------
    values : float64 array of shape (n, steps + 1)
        The value of each position at each step.
    steps : int64 array of shape (choices, n)
        The step of each position, by each choice.

    Returns
    -------
    float64 array of shape (choices,)

    """
    begins = np.arange(len(values)) * values.shape[1]
    return np.asarray(values.ravel().take(begins + steps).mean(axis=-1))
