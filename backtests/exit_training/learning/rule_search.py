"""The search for a bucket's rule: the best of a small family on given paths."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.exit_training.learning import exit_steps
from backtests.exit_training.learning.exit_steps import mean_at
from backtests.exit_training.learning.factor_edge import fit_edge, shift_of
from dolphin_strategies.exits.model.exit_model import ExitRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backtests.exit_training.learning.exit_steps import Steps
    from backtests.exit_training.learning.gain_paths import Floats, GainPaths
    from dolphin_strategies.exits.model.exit_model import ModelFactor

NONE: Final = 1e6
"""A distance that no price reaches."""
TAKES: Final = (
    NONE, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15,
    1.3, 1.5, 1.75, 2.0, 2.5, 3.0,
)  # fmt: skip
DECAYS: Final = (0.0, 0.5, 1.0)
STOPS: Final = (NONE, 0.5, 1.0, 1.5, 2.0, 3.0)
TRAILS: Final = (NONE, 0.5, 1.0, 1.5, 2.0)
TIMES: Final = (1.0, 0.25, 0.5, 0.75)
FACTOR_SCALES: Final = (0.0, 0.5, 1.0, 2.0)
"""How much of the regression's weights is used."""
TOLERANCE: Final = 0.5
"""Standard errors by which a rule with fewer conditions may be worse than the best."""


def search_rule(paths: GainPaths, factors: Sequence[ModelFactor], hold_cost: float) -> ExitRule:
    """Return the rule with the largest mean gain, in units, less the cost of the time held.

    Of rules that are about as good as the best, the one with the fewest conditions. Costs of
    trading are left out: every position is closed once, whatever the rule.

    Parameters
    ----------
    paths : GainPaths
        The positions to learn from.
    factors : sequence of ModelFactor
        The factors, with their means and scales.
    hold_cost : float
        What holding over all steps costs, as a fraction of the entry price.

    """
    steps = np.arange(paths.steps + 1)
    values = (paths.gain - hold_cost * steps / paths.steps) / paths.unit[:, None]
    others = [*product(STOPS, TRAILS, TIMES)]
    sizes = np.array([(s < NONE) + (t < NONE) + (time < 1) for s, t, time in others])
    of_size = [np.flatnonzero(sizes == size) for size in range(4)]
    other_steps = _other_steps(paths, others)
    # The best rule of each number of conditions, with its values.
    found: dict[int, tuple[float, ExitRule, Floats]] = {}
    for take, decay, weights, taken in _takes(paths, factors):
        means = mean_at(values, np.minimum(taken, other_steps))
        first = (take < NONE) + (take < NONE and decay > 0) + any(weights)
        for size, chosen in enumerate(of_size, first):
            i = int(chosen[means[chosen].argmax()])
            if size not in found or means[i] > found[size][0]:
                stop, trail, time = others[i]
                rule = ExitRule(
                    take=take, decay=decay, stop=stop, trail=trail, time=time, weights=weights
                )
                closed = np.minimum(taken, other_steps[i])
                found[size] = means[i], rule, values[np.arange(len(paths)), closed]
    best = max(found.values(), key=lambda one: one[0])
    for size in sorted(found):
        _, rule, of_each = found[size]
        lost = best[2] - of_each
        if lost.mean() <= TOLERANCE * lost.std() / np.sqrt(len(lost)):
            return rule
    return best[1]


def _other_steps(paths: GainPaths, others: Sequence[tuple[float, float, float]]) -> Steps:
    """Return when each combination of stop, trail and time closes each position."""
    stops = {stop: exit_steps.stopped(paths, stop) for stop in STOPS}
    trails = {trail: exit_steps.given_back(paths, trail) for trail in TRAILS}
    return np.array(
        [
            np.minimum(
                np.minimum(stops[stop], trails[trail]), exit_steps.time_step(paths.steps, time)
            )
            for stop, trail, time in others
        ]
    )


def _takes(
    paths: GainPaths, factors: Sequence[ModelFactor]
) -> Iterator[tuple[float, float, tuple[float, ...], Steps]]:
    """Yield each gain to be taken, its decay, the factors' weights, and when it is reached."""
    edge = fit_edge(paths, factors)
    for scale in FACTOR_SCALES if factors else FACTOR_SCALES[:1]:
        weights = edge * scale
        shift = shift_of(paths, factors, weights) if scale else 0.0
        for take in TAKES:
            for decay in DECAYS if take < NONE else DECAYS[:1]:
                if take < NONE or not scale:
                    taken = exit_steps.taken(paths, take, decay, shift)
                    yield take, decay, tuple(weights.tolist()), taken
