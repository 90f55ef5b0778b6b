"""Alarm limits: the capital that a year of the backtest's law reaches as often as it may."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from backtests.enveloping.resampling import (
    block_length,
    long_run_ratio,
    mean_errors,
    resampled_indexes,
    resampled_ratio,
)
from dolphin_strategies.envelope.shift_detector import AT_THE_START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dolphin_strategies.envelope.envelope import Stream

_YEARS: Final = 2_000
_MOST_VALUES: Final = 20_000
"""Of a simulated year; with more, Ville's bound is taken."""


def alarm_limit(
    stream: Stream, values: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the logarithm of the capital that simulated years reach as often as the budget says.

    Parameters
    ----------
    stream : Stream
        The test.
    values : ndarray of float64, shape (n,)
        The backtest's values in their order.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    limit, error : float
        At most Ville's bound, and the standard error that comes from the number of years.

    Notes
    -----
    A year is a stationary bootstrap of the backtest's own scores, as much wider as the long-run
    variance is above that of resampled ones. A score is relative to the values before it, the
    backtest's too: to the first order it is moved by their mean, of which a resampled backtest
    says how far it may be off.

    """
    steps = math.ceil(stream.starts)
    highest = -math.log(stream.budget)
    if not 1 <= steps <= _MOST_VALUES:
        return highest, 0.0
    count = len(values)
    # Ties in any order: live ranks are spread over them as well.
    ranks = np.empty(count)
    ranks[np.lexsort((rng.random(count), values))] = np.arange(count)
    scores = ndtri((ranks + 0.5) / count)
    block = block_length(scores)
    wider = max(1.0, long_run_ratio(scores, block) / resampled_ratio(scores, block)) ** 0.5
    known = count + np.arange(steps)
    missed = wider * mean_errors(scores[:, None], _YEARS, block, rng)[:, 0]
    reached: list[NDArray[np.float64]] = []
    first = 0
    for indexes in resampled_indexes(count, steps, _YEARS, block, rng):
        year = wider * scores[indexes]
        before = np.cumsum(year, axis=1) - year
        before += count * missed[first : first + len(indexes), None]
        first += len(indexes)
        reached.append(log_capital(stream, year - before / known).max(axis=1))
    found = np.sort(np.concatenate(reached))
    spread = math.sqrt(stream.budget * (1 - stream.budget) / _YEARS)
    low, limit, high = np.quantile(
        found, [max(0.0, 1 - stream.budget - spread), 1 - stream.budget,
                min(1.0, 1 - stream.budget + spread)]
    )  # fmt: skip
    return float(np.clip(limit, 0.0, highest)), float(high - low) / 2


def log_capital(stream: Stream, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of a ShiftDetector's value after each score of many paths.

    Parameters
    ----------
    stream : Stream
        The test.
    scores : ndarray of float64, shape (..., n)
        Paths of scores.

    Returns
    -------
    ndarray of float64, shape (..., n)

    Notes
    -----
    The sum over all starts in one line: the capital of start k at t is ``exp(c[t] - c[k])``.

    """
    taken = np.arange(scores.shape[-1])
    starts = max(1, math.ceil(stream.starts))
    known = len(stream.values)
    fading = known / (known + taken)
    entering = (1 - AT_THE_START) / starts
    unspent = entering * np.maximum(0, starts - taken - 1)
    total = np.broadcast_to(np.log(np.maximum(unspent, 1e-300)), scores.shape)
    for shift in stream.shifts:
        faded = shift.score * fading
        first = np.cumsum((faded * scores - faded**2 / 2) / stream.dependence, axis=-1)
        step = (shift.score * scores - shift.score**2 / 2) / stream.dependence
        course = np.cumsum(step, axis=-1)
        later = course + np.logaddexp.accumulate(step - course, axis=-1) + math.log(entering)
        both = np.logaddexp(first + math.log(AT_THE_START), later)
        total = np.logaddexp(total, both + math.log(shift.weight))
    return np.asarray(total, np.float64)
