"""The streams of a watch: the backtest's values, what is bet against them, and the budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from backtests.enveloping.resampling import block_length, long_run_ratio
from dolphin_strategies.envelope.envelope import FEWEST_VALUES, Shift, Stream
from dolphin_strategies.envelope.watch_rules import HIT_RATE, RESULT, SLIPPAGE, TRADE_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUDGETS: Final = {
    RESULT: 0.030,
    HIT_RATE: 0.005,
    SLIPPAGE: 0.005,
    TRADE_COUNT: 0.005,
}
DRAWDOWN_BUDGET: Final = 0.005
"""With the others 5 %."""
_LOST_EDGE: Final = ((0.5, 0.7), (1.0, 0.2), (2.0, 0.1))
"""Parts of the expected result that may be gone, and of the capital that bets on each."""
_FEWER_HITS: Final = ((0.75, 0.6), (0.5, 0.4))
_OTHER_COUNTS: Final = ((0.5, 0.3), (0.25, 0.2), (2.0, 0.3), (4.0, 0.2))
_MORE_SLIPPAGE: Final = ((0.25, 0.5), (1.0, 0.5))
_SLIPPAGE_MARGIN: Final = 0.1
"""Part of the expected result: a difference so small is no warning."""
_MOST_KEPT: Final = 5_000
_LARGEST: Final = 1.5
_SMALLEST: Final = 1e-3
_EVEN: Final = 0.5


def result_stream(results: NDArray[np.float64], starts: float) -> Stream:
    """Return the test of the results of trades against a loss of the expected one.

    Parameters
    ----------
    results : ndarray of float64, shape (trades,)
        Results over notional values, in the order of the exits.
    starts : float
        Trades of a year.

    """
    edge = expected_edge(results)
    return _stream(
        results, [(results - part * edge, w) for part, w in _LOST_EDGE], BUDGETS[RESULT], starts
    )


def hit_stream(results: NDArray[np.float64], starts: float) -> Stream:
    """Return the test of the fraction of trades that win, against a lower one."""
    hits = (results > 0).astype(np.float64)
    rate = float(np.clip(hits.mean(), 0.5 / len(hits), 1 - 0.5 / len(hits)))
    # The mean score of a hit and of a miss, whose ranks are spread over their part.
    quantile = float(ndtri(1 - rate))
    density = float(np.exp(-quantile * quantile / 2) / np.sqrt(2 * np.pi))
    slope = density * (1 / rate + 1 / (1 - rate))
    scores = [(-(1 - part) * rate * slope, w) for part, w in _FEWER_HITS]
    return _with_shifts(hits, scores, BUDGETS[HIT_RATE], starts)


def slippage_stream(
    slippage: NDArray[np.float64], results: NDArray[np.float64], starts: float
) -> Stream:
    """Return the test of slippage over notional values against more of it."""
    edge = expected_edge(results)
    moved = [(slippage + part * edge, w) for part, w in _MORE_SLIPPAGE]
    return _stream(slippage, moved, BUDGETS[SLIPPAGE], starts, _SLIPPAGE_MARGIN * edge)


def count_stream(counts: NDArray[np.float64], starts: float) -> Stream:
    """Return the test of the number of trades of an interval, against fewer and more."""
    moved = [(counts * factor, w) for factor, w in _OTHER_COUNTS]
    return _stream(counts, moved, BUDGETS[TRADE_COUNT], starts)


def expected_edge(results: NDArray[np.float64]) -> float:
    """Return the expected result of a trade; at least its standard error, if it is not clear."""
    error = float(results.std(ddof=1)) / len(results) ** 0.5
    return float(max(results.mean(), error))


def _stream(
    values: NDArray[np.float64],
    moved: list[tuple[NDArray[np.float64], float]],
    budget: float,
    starts: float,
    margin: float = 0.0,
) -> Stream:
    shifts = [(float(_scores(values, other).mean()), weight) for other, weight in moved]
    return _with_shifts(values, shifts, budget, starts, margin)


def _with_shifts(
    values: NDArray[np.float64],
    shifts: list[tuple[float, float]],
    budget: float,
    starts: float,
    margin: float = 0.0,
) -> Stream:
    scores = _scores(values, values)
    dependence = long_run_ratio(scores, block_length(scores))
    kept = values
    if len(values) > _MOST_KEPT:
        kept = values[np.linspace(0, len(values) - 1, _MOST_KEPT).astype(np.int64)]
    return Stream(
        values=tuple(kept.tolist()),
        dependence=dependence,
        shifts=tuple(Shift(score=_bounded(score), weight=weight) for score, weight in shifts),
        budget=budget,
        starts=starts,
        margin=margin,
    )


def _scores(values: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal scores of values at their ranks among others; ties at the middle."""
    known = np.sort(values)
    rank = np.searchsorted(known, others, "left") + np.searchsorted(known, others, "right")
    scores: NDArray[np.float64] = ndtri((rank / 2 + _EVEN) / (len(known) + 1))
    return scores


def _bounded(score: float) -> float:
    size = min(max(abs(score), _SMALLEST), _LARGEST)
    return size if score > 0 else -size


def has_enough(values: NDArray[np.float64]) -> bool:
    """Return whether ranks among these values say something."""
    return len(values) >= FEWEST_VALUES and bool(np.isfinite(values).all())
