"""Error bars of many drafts at once: one set of resamples for all pairs of one block length."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.evaluation.measures.block_bootstrap import (
    SUMS,
    resampled_correlations,
    resampled_sums,
)
from backtests.evaluation.scoring.factor_draft import SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from backtests.evaluation.scoring.factor_draft import FactorDraft, HorizonCells
    from backtests.evaluation.scoring.figures import HorizonFigures

    type _Pairs = list[tuple[HorizonFigures, HorizonCells]]

CONFIDENCE: Final = 0.95
LEAST_BLOCKS: Final = 5.0
"""Blocks below which nothing is tested."""


def add_error_bars(
    drafts: Sequence[FactorDraft],
    cost: float,
    resamples: int,
    seed: int,
    pool: ThreadPoolExecutor,
) -> None:
    """Enter standard errors, margins and p-values into the drafts' figures.

    Parameters
    ----------
    drafts : sequence of FactorDraft
        Some factors.
    cost : float
        Cost of a trade, a fraction.
    resamples : int
        Resamples of the bootstrap.
    seed : int
        Its seed.
    pool : ThreadPoolExecutor
        Does the work.

    """

    def work(length: int, pairs: _Pairs) -> None:
        sums = np.concatenate([cells.sums for _, cells in pairs])
        found = resampled_sums(sums, length, resamples, seed)
        _enter_all(pairs, found.reshape(len(pairs), SERIES, resamples), cost)

    alike = defaultdict[tuple[int, int], "_Pairs"](list)
    for one in drafts:
        for figures, cells in zip(one.figures.horizons, one.cells, strict=True):
            if cells is not None:
                alike[cells.sums.shape[1], cells.block_cells].append((figures, cells))
    doing = [pool.submit(work, length, pairs) for (_, length), pairs in alike.items()]
    for work_done in doing:
        work_done.result()


def _enter_all(pairs: _Pairs, found: NDArray[np.float64], cost: float) -> None:
    plain = resampled_correlations(found[:, :SUMS])
    ranked = resampled_correlations(found[:, SUMS : 2 * SUMS])
    with np.errstate(invalid="ignore", divide="ignore"):
        net = (found[:, -2] - cost * found[:, -1]) / found[:, -3]
    for i, (figures, _) in enumerate(pairs):
        _enter(figures, _deviation(plain[i]), _deviation(ranked[i]), _deviation(net[i]))


def _deviation(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > len(values) // 2 else np.nan


def _enter(figures: HorizonFigures, plain: float, ranked: float, net: float) -> None:
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - the extra `research`

    predicted = figures.predicted
    predicted.ic_error, predicted.rank_ic_error = plain, ranked
    figures.spread.net_error = net
    if predicted.blocks < LEAST_BLOCKS or not ranked > 0:
        return
    freedom = predicted.blocks - 1
    predicted.margin = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * ranked
    predicted.p_value = float(2 * stdtr(freedom, -abs(predicted.rank_ic) / ranked))
