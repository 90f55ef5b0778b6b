"""Expectation maximisation of a Gaussian hidden Markov model, many short sequences at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_PART: Final = 1e-3
"""Of the deviation of all returns: no state is narrower, so that none closes in on one value."""
_LEAST: Final = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameters:
    """The parameters of a model of k states.

    Attributes
    ----------
    start : float64 array of shape (k,)
        The probabilities at the first step of a sequence.
    transition : float64 array of shape (k, k)
        Row i: those of the states a step after state i.
    means, deviations : float64 arrays of shape (k,)
        Of the returns in each state.

    """

    start: NDArray[np.float64]
    transition: NDArray[np.float64]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]

    def ordered(self) -> Parameters:
        """Return the same model with the states from the calmest to the wildest."""
        order = np.argsort(self.deviations, kind="stable")
        return Parameters(
            start=self.start[order],
            transition=self.transition[np.ix_(order, order)],
            means=self.means[order],
            deviations=self.deviations[order],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """A fitted model.

    Attributes
    ----------
    parameters : Parameters
        The model.
    log_likelihood : float
        Of the sequences under it, natural logarithm.
    rounds : int
        How many were made.
    has_converged : bool
        Whether the last round gained less than the tolerance.

    """

    parameters: Parameters
    log_likelihood: float
    rounds: int
    has_converged: bool


def fit(
    sequences: NDArray[np.float64],
    start: Parameters,
    *,
    tolerance: float = 1e-8,
    most_rounds: int = 500,
) -> Fit:
    """Improve a model until a round gains less than a tolerance.

    Parameters
    ----------
    sequences : float64 array of shape (sequences, steps)
        Returns; NaN where there is none, also after the end of a short sequence.
    start : Parameters
        Where to begin.
    tolerance : float
        Of the log-likelihood, a return.
    most_rounds : int
        How often at most.

    Notes
    -----
    L. Baum, T. Petrie, G. Soules, N. Weiss, 1970, with the scaling of L. Rabiner, 1989. A step
    without a return has a likelihood of 1 in every state. The likelihood never falls from round
    to round.

    """
    observed = ~np.isnan(sequences)
    count = int(observed.sum())
    least = LEAST_PART * float(np.nanstd(sequences))
    found, before = start, -np.inf
    rounds, has_converged = 0, False
    while rounds < most_rounds:
        found, level = _round(sequences, observed, found, least)
        rounds += 1
        if level - before < tolerance * count:
            has_converged = True
            break
        before = level
    return Fit(
        parameters=found,
        log_likelihood=float(log_likelihoods(sequences, found).sum()),
        rounds=rounds,
        has_converged=has_converged,
    )


def log_likelihoods(sequences: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """Return the log-likelihood of each sequence, float64 of shape (sequences,)."""
    likelihoods, highest = _likelihoods(sequences, parameters)
    _, scales = _forward(likelihoods, parameters)
    found: NDArray[np.float64] = np.log(scales).sum(axis=1) + highest.sum(axis=1)
    return found


def without_memory(parameters: Parameters, shares: NDArray[np.float64]) -> Parameters:
    """Return the model in which every step draws its state anew, by the states' shares of time."""
    return Parameters(
        start=shares,
        transition=np.tile(shares, (len(shares), 1)),
        means=parameters.means,
        deviations=parameters.deviations,
    )


def _likelihoods(
    sequences: NDArray[np.float64], parameters: Parameters
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the likelihoods of each return in each state over the highest one, and its log."""
    z = (sequences[:, :, None] - parameters.means) / parameters.deviations
    logs = -0.5 * z * z - np.log(parameters.deviations) - 0.5 * np.log(2 * np.pi)
    logs[np.isnan(sequences)] = 0.0
    highest = logs.max(axis=2)
    return np.exp(logs - highest[:, :, None]), highest


def _forward(
    likelihoods: NDArray[np.float64], parameters: Parameters
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the filtered probabilities, and the scale of each step."""
    filtered = np.empty_like(likelihoods)
    scales = np.empty(likelihoods.shape[:2])
    predicted = np.broadcast_to(parameters.start, likelihoods[:, 0].shape)
    for step in range(likelihoods.shape[1]):
        joint = predicted * likelihoods[:, step]
        scales[:, step] = joint.sum(axis=1)
        filtered[:, step] = joint / scales[:, step, None]
        predicted = filtered[:, step] @ parameters.transition
    return filtered, scales


def _round(
    sequences: NDArray[np.float64],
    observed: NDArray[np.bool_],
    now: Parameters,
    least: float,
) -> tuple[Parameters, float]:
    """Return the better parameters, and the log-likelihood under those given."""
    likelihoods, highest = _likelihoods(sequences, now)
    filtered, scales = _forward(likelihoods, now)
    level = float(np.log(scales).sum() + highest.sum())
    behind = np.ones_like(likelihoods)
    moves = np.zeros_like(now.transition)
    for step in range(likelihoods.shape[1] - 1, 0, -1):
        weighted = behind[:, step] * likelihoods[:, step] / scales[:, step, None]
        moves += filtered[:, step - 1].T @ weighted
        behind[:, step - 1] = weighted @ now.transition.T
    moves *= now.transition
    smoothed = filtered * behind
    weights = np.where(observed[:, :, None], smoothed, 0.0)
    values = np.where(observed, sequences, 0.0)[:, :, None]
    total = np.maximum(weights.sum(axis=(0, 1)), _LEAST)
    means = (weights * values).sum(axis=(0, 1)) / total
    squares = (weights * (values - means) ** 2).sum(axis=(0, 1)) / total
    moves = np.maximum(moves, _LEAST)
    start = np.maximum(smoothed[:, 0].sum(axis=0), _LEAST)
    return Parameters(
        start=start / start.sum(),
        transition=moves / moves.sum(axis=1, keepdims=True),
        means=means,
        deviations=np.maximum(np.sqrt(squares), least),
    ), level
