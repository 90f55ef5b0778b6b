"""Peer exits: fixed, trailing, barrier and time exits, each with its best settings on paths."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.exit_training.learning import exit_steps
from backtests.exit_training.learning.exit_steps import mean_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from backtests.exit_training.learning.exit_steps import Steps
    from backtests.exit_training.learning.gain_paths import GainPaths

OWN: Final = "own"
"""No exit beside the strategy's own: the end of each path."""
_INF: Final = float("inf")
_DISTANCES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, _INF)
_MULTIPLES: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
_TIMES: Final = (0.1, 0.25, 0.5, 0.75, 1.0)


def _fixed(paths: GainPaths, take: float, stop: float) -> Steps:
    return np.minimum(
        exit_steps.first_step(paths.gain >= take), exit_steps.first_step(paths.worst >= stop)
    )


def _trailing(paths: GainPaths, multiple: float) -> Steps:
    distance = multiple * paths.ranges
    return exit_steps.first_step((paths.best - paths.gain >= distance) & (distance > 0))


def _barrier(paths: GainPaths, take: float, stop: float, time: float) -> Steps:
    first = np.minimum(exit_steps.taken(paths, take, 0.0), exit_steps.stopped(paths, stop))
    return np.minimum(first, exit_steps.time_step(paths.steps, time))


def _time(paths: GainPaths, time: float) -> Steps:
    return np.full(len(paths), exit_steps.time_step(paths.steps, time))


_CLOSED: Final[dict[str, Callable[..., Steps]]] = {
    "fixed": _fixed,
    "trailing": _trailing,
    "barrier": _barrier,
    "time": _time,
}
PEERS: Final = tuple(_CLOSED)
"""The names of the peers."""


def _choices(name: str, paths: GainPaths) -> list[tuple[float, ...]]:
    """Return the settings of an exit; fixed distances are spread about the paths' usual unit."""
    if name == "fixed":
        distances = [float(np.median(paths.unit)) * distance for distance in _DISTANCES]
        return [*product(distances, distances)]
    if name == "barrier":
        return [*product(_DISTANCES, _DISTANCES, _TIMES)]
    return [(one,) for one in (_MULTIPLES if name == "trailing" else _TIMES)]


def peer_steps(name: str, train: GainPaths, test: GainPaths, hold_cost: float) -> Steps:
    """Return when a peer closes positions, with the settings that were the best on others.

    Parameters
    ----------
    name : str
        One of ``PEERS``, or ``OWN``.
    train : GainPaths
        The positions to choose the settings on, by the mean gain less the cost of the time held.
    test : GainPaths
        The positions to close.
    hold_cost : float
        What holding over all steps costs, as a fraction of the entry price.

    """
    if name == OWN:
        return np.full(len(test), test.steps)
    closed, choices = _CLOSED[name], _choices(name, train)
    # With one condition alone each combination is the earliest of them: found once each.
    alone = _alone(name, train, choices)
    steps = np.array([np.minimum.reduce([alone[i, v] for i, v in enumerate(c)]) for c in choices])
    values = train.gain - hold_cost * np.arange(train.steps + 1) / train.steps
    return closed(test, *choices[int(mean_at(values, steps).argmax())])


def _alone(
    name: str, paths: GainPaths, choices: list[tuple[float, ...]]
) -> dict[tuple[int, float], Steps]:
    """Return when each value of each setting closes positions without the others."""
    never = (_INF, _INF, 1.0)[: len(choices[0])]
    found = {}
    for i in range(len(never)):
        for value in {choice[i] for choice in choices}:
            found[i, value] = _CLOSED[name](paths, *never[:i], value, *never[i + 1 :])
    return found
