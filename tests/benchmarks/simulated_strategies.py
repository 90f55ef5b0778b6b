"""Simulated strategies of known law, whose envelopes and watches are put to the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from backtests.enveloping.watch_streams import result_stream
from dolphin_strategies.envelope.shift_detector import AT_THE_START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dolphin_strategies.envelope.envelope import Stream

EDGE: Final = 0.2
"""Expected result of a trade, in standard deviations."""
LAWS: Final = ("iid", "autocorrelated", "fat tails", "regime switch")
_BURN: Final = 300


def results_of(law: str, count: int, length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the results of trades, of mean ``EDGE`` and variance 1.

    Parameters
    ----------
    law : str
        ``iid``: normal; ``autocorrelated``: first order, 0.3; ``fat tails``: Student's t of three
        degrees of freedom; ``regime switch``: two states of 20 trades in the mean each, with other
        means (0.1 either way) and standard deviations (0.7 and 1.3).
    count, length : int
        Strategies, and trades of each.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray of float64, shape (count, length)

    """
    size = (count, length + _BURN)
    if law == "fat tails":
        found = rng.standard_t(3, size) / np.sqrt(3)
    else:
        found = rng.standard_normal(size)
    if law == "autocorrelated":
        found = lfilter([np.sqrt(1 - 0.3**2)], [1.0, -0.3], found, axis=1)
    elif law == "regime switch":
        is_wild = np.cumsum(rng.random(size) < 0.05, axis=1) + rng.integers(0, 2, (count, 1))
        state = is_wild % 2 == 1
        found = np.where(state, -0.1, 0.1) + np.where(state, 1.3, 0.7) * found
        found /= np.sqrt((0.7**2 + 1.3**2) / 2 + 0.01)
    return np.asarray(EDGE + found[:, _BURN:], np.float64)


def scores_of(
    history: NDArray[np.float64], live: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the scores of RankScores for continuous values, of one strategy."""
    known = np.searchsorted(np.sort(history), live)
    # The rank of each value among those before it.
    earlier = np.array([earlier_below(live, i) for i in range(len(live))])
    total = len(history) + np.arange(1, len(live) + 1)
    scores: NDArray[np.float64] = ndtri((known + earlier + rng.random(len(live))) / total)
    return scores


def earlier_below(live: NDArray[np.float64], i: int) -> int:
    """Return how many earlier values are below one."""
    return int(np.count_nonzero(live[:i] < live[i]))


def log_values(stream: Stream, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of a ShiftDetector's value after each score.

    The sum over all starts in one line: capital of start k at t is exp(c[t] - c[k]).
    """
    count = len(scores)
    starts = max(1, int(np.ceil(stream.starts)))
    taken = np.arange(count)
    fading = len(stream.values) / (len(stream.values) + taken)
    entering = (1 - AT_THE_START) / starts
    unspent = entering * np.maximum(0, starts - taken - 1)
    parts = [np.log(np.maximum(unspent, 1e-300))]
    for shift in stream.shifts:
        faded = shift.score * fading
        step = (faded * scores - faded**2 / 2) / stream.dependence
        parts.append(np.log(shift.weight * AT_THE_START) + np.cumsum(step))
        step = (shift.score * scores - shift.score**2 / 2) / stream.dependence
        course = np.cumsum(step)
        begun = np.where(taken < starts, np.log(entering), -np.inf) - (course - step)
        later = course + np.logaddexp.accumulate(begun)
        parts.append(np.log(shift.weight) + later)
    return np.asarray(np.logaddexp.reduce(np.array(parts), axis=0), np.float64)


def cusum(
    live: NDArray[np.float64], history: NDArray[np.float64], drift: float
) -> NDArray[np.float64]:
    """Return Page's CUSUM of results that became worse, standardised by the history's figures.

    Parameters
    ----------
    live, history : ndarray of float64, shape (n,)
        Results of trades.
    drift : float
        The loss for which it is tuned, in the unit of the results.

    Notes
    -----
    E. Page, 1954; the reference value is half of the drift.

    """
    deviation = history.std()
    steps = (history.mean() - live - drift / 2) / deviation
    sums = np.cumsum(steps)
    lowest = np.minimum.accumulate(np.concatenate([[0.0], sums[:-1]]))
    return np.asarray(np.maximum(0.0, sums - lowest), np.float64)


def watched(history: NDArray[np.float64], trades_a_year: float) -> Stream:
    """Return the product's test of the results of trades."""
    return result_stream(history, trades_a_year)
