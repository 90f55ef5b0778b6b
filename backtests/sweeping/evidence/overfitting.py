"""The probability of backtest overfitting, by combinatorially symmetric cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS: Final = 10
"""Into which the time is cut: 252 ways to choose half of them."""
LEAST_ROWS: Final = 3
"""Returns of a block, at least."""


@dataclass(frozen=True, kw_only=True)
class Overfitting:
    """How often the best trial of one half of the time is below the median in the other.

    Attributes
    ----------
    probability : float
        The fraction of the ways to choose half of the blocks in which it is: PBO.
    logits : float64 array of shape (ways,)
        The logit of its relative rank in the other half; PBO counts those at or below 0.
    loss : float
        The fraction of the ways in which its Sharpe ratio in the other half is below 0.
    blocks : int
        The blocks of time.

    """

    probability: float
    logits: NDArray[np.float64]
    loss: float
    blocks: int


def overfitting(
    returns: NDArray[np.float64], *, blocks: int = BLOCKS, gap: int = 0
) -> Overfitting | None:
    """Return the probability of backtest overfitting of some trials.

    Parameters
    ----------
    returns : float64 array of shape (returns, trials)
        The returns of the same steps of time of each trial.
    blocks : int
        The blocks into which the time is cut, an even number; fewer if there are too few returns.
    gap : int
        Returns left out between two blocks, so that what reaches over a border is in no block.

    Returns
    -------
    Overfitting or None
        None with fewer than two trials, or too few returns for four blocks.

    Notes
    -----
    Bailey, Borwein, López de Prado and Zhu, *The probability of backtest overfitting*, Journal of
    Computational Finance 20 (4), 2017 (2015 on SSRN), section 3. The measure is the Sharpe ratio;
    trials with equal ones share the mean of their ranks.

    """
    count, trials = returns.shape
    while blocks > 4 and count // blocks < LEAST_ROWS + gap:
        blocks -= 2
    if trials < 2 or blocks < 4 or count // blocks < LEAST_ROWS + gap:
        return None
    sums, squares, sizes = _block_sums(returns, blocks, gap)
    logits: list[float] = []
    losses = 0
    for inside, outside in _halves(blocks):
        seen = _sharpes(sums[inside], squares[inside], sizes[inside])
        unseen = _sharpes(sums[outside], squares[outside], sizes[outside])
        best = int(np.argmax(seen))
        below = np.count_nonzero(unseen < unseen[best])
        equal = np.count_nonzero(unseen == unseen[best])
        rank = below + (equal + 1) / 2
        relative = rank / (trials + 1)
        logits.append(float(np.log(relative / (1 - relative))))
        losses += bool(unseen[best] < 0)
    found = np.array(logits)
    return Overfitting(
        probability=float(np.mean(found <= 0)),
        logits=found,
        loss=losses / len(logits),
        blocks=blocks,
    )


def _block_sums(
    returns: NDArray[np.float64], blocks: int, gap: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the sum, the sum of squares and the number of returns of each block."""
    borders = np.linspace(0, len(returns), blocks + 1).astype(int)
    parts = [returns[a + gap * (a > 0) : b] for a, b in pairwise(borders)]
    return (
        np.array([part.sum(axis=0) for part in parts]),
        np.array([(part**2).sum(axis=0) for part in parts]),
        np.array([len(part) for part in parts]),
    )


def _halves(blocks: int) -> Iterator[tuple[list[int], list[int]]]:
    for inside in combinations(range(blocks), blocks // 2):
        yield list(inside), [i for i in range(blocks) if i not in inside]


def _sharpes(
    sums: NDArray[np.float64], squares: NDArray[np.float64], sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    count = int(sizes.sum())
    mean = sums.sum(axis=0) / count
    variance = (squares.sum(axis=0) - count * mean**2) / (count - 1)
    moved = variance > 1e-30
    return np.where(moved, mean / np.sqrt(np.where(moved, variance, 1.0)), 0.0)
