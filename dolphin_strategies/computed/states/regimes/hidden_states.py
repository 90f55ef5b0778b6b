"""HiddenStates: a Gaussian hidden Markov model of returns, and its forward step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

_MOST_STATES: Final = 4
_SUM_ERROR: Final = 1e-6
"""How far from 1 the sum of a row may be, since it was written with some decimals."""
_LEAST: Final = 1e-12
"""The least probability of a transition: every state can be left and reached."""


class HiddenStates(NamedTuple):
    """The parameters of a model, as tuples, so that equal ones are one key.

    Attributes
    ----------
    transition : tuple of tuple of float
        ``transition[i][j]``: probability that state i is followed by state j, a step later.
    mean_bps, deviation_bps : tuple of float
        Of the log return of a step in each state, bps.
    stationary : tuple of float
        The share of time in each state.

    """

    transition: tuple[tuple[float, ...], ...]
    mean_bps: tuple[float, ...]
    deviation_bps: tuple[float, ...]
    stationary: tuple[float, ...]

    @classmethod
    def of(cls, transition: Any, mean_bps: Any, deviation_bps: Any) -> Self:
        """Check parameters as a configuration states them.

        Raises
        ------
        ValueError
            If they are no such model, or one of 1 or more than 4 states.

        """
        means = _numbers("mean_bps", mean_bps)
        count = len(means)
        if not 2 <= count <= _MOST_STATES:
            msg = f"mean_bps: expected 2 to {_MOST_STATES} states, found {count}"
            raise ValueError(msg)
        deviations = _numbers("deviation_bps", deviation_bps)
        if len(deviations) != count or min(deviations) <= 0:
            msg = f"deviation_bps: expected {count} numbers above 0, found {deviation_bps!r:.80}"
            raise ValueError(msg)
        is_list = isinstance(transition, Sequence) and not isinstance(transition, str)
        if not is_list or len(transition) != count:
            msg = f"transition: expected {count} rows, found {transition!r:.80}"
            raise ValueError(msg)
        rows = tuple(_row(row, count) for row in transition)
        return cls(rows, means, deviations, _stationary(rows))

    def predicted(self, now: tuple[float, ...]) -> tuple[float, ...]:
        """Return the probabilities of the states a step later, without its return."""
        count = range(len(now))
        return tuple(sum(now[i] * self.transition[i][j] for i in count) for j in count)

    def filtered(self, before: tuple[float, ...], return_bps: float) -> tuple[float, ...]:
        """Return the probabilities of the states given a return too; those before it are given.

        One step of the forward recursion: Rabiner, *A tutorial on hidden Markov models* (1989),
        (19) to (20), scaled to a sum of 1. Nothing later than the return is used.
        """
        logs = [
            -0.5 * ((return_bps - mean) / deviation) ** 2 - math.log(deviation)
            for mean, deviation in zip(self.mean_bps, self.deviation_bps, strict=True)
        ]
        # Of a return that no state explains the nearest state is left, not 0 / 0.
        highest = max(logs)
        weights = [
            p * math.exp(log - highest)
            for p, log in zip(self.predicted(before), logs, strict=True)
        ]
        total = sum(weights)
        return tuple(weight / total for weight in weights)


def _numbers(name: str, values: Any) -> tuple[float, ...]:
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    if not is_list or not all(_is_number(value) for value in values):
        msg = f"{name}: expected a number for each state, found {values!r:.80}"
        raise ValueError(msg)
    return tuple(map(float, values))


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value) and abs(value) < 1e9


def _row(values: Any, count: int) -> tuple[float, ...]:
    row = _numbers("transition", values)
    total = sum(row)
    if len(row) != count or min(row) < 0 or abs(total - 1) > _SUM_ERROR:
        msg = (
            f"transition: expected rows of {count} probabilities that sum to 1, "
            f"found {values!r:.80}"
        )
        raise ValueError(msg)
    lifted = [max(p / total, _LEAST) for p in row]
    return tuple(p / sum(lifted) for p in lifted)


def _stationary(rows: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    """Return the distribution that a transition leaves as it is.

    By the state reduction of Grassmann, Taksar and Heyman (1985), which subtracts nothing, so
    that rare transitions lose no digits.
    """
    count = len(rows)
    p = [list(row) for row in rows]
    for n in range(count - 1, 0, -1):
        out = sum(p[n][:n])
        for i in range(n):
            p[i][n] /= out
            for j in range(n):
                p[i][j] += p[i][n] * p[n][j]
    weights = [1.0]
    for n in range(1, count):
        weights.append(sum(weights[i] * p[i][n] for i in range(n)))
    total = sum(weights)
    return tuple(weight / total for weight in weights)
