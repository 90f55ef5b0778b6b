"""The draft of one factor: all its figures but the error bars, and what these are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from backtests.evaluation.inputs.later_returns import LaterReturns
from backtests.evaluation.inputs.sampling import Sampling
from backtests.evaluation.inputs.time_groups import TimeGroups
from backtests.evaluation.measures.block_bootstrap import SUMS, cell_rows, cell_sums
from backtests.evaluation.measures.block_length import block_cells
from backtests.evaluation.measures.correlations import (
    LEAST_ROWS,
    correlation,
    group_correlations,
)
from backtests.evaluation.measures.past_quantiles import past_quantiles
from backtests.evaluation.measures.persistence import autocorrelation, half_life
from backtests.evaluation.measures.quantile_returns import quantile_returns, spread_series
from backtests.evaluation.measures.ranks import ranks_of, value_order
from backtests.evaluation.scoring.figures import (
    FactorFigures,
    HorizonFigures,
    Predicted,
    Spread,
)

SERIES = 2 * SUMS + 3
"""Sums of a draft's cells: six of the IC, six of the rank IC, rows, earned and traded."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """What all factors are compared with.

    Attributes
    ----------
    sampling : Sampling
        The instants, horizons and delays.
    returns : LaterReturns
        Later returns.
    groups : mapping of str to TimeGroups
        ``months``, ``regimes`` and ``hours``.
    quantiles : int
        The number of quantiles.
    cost : float
        Cost of a trade, a fraction.

    """

    sampling: Sampling
    returns: LaterReturns
    groups: Mapping[str, TimeGroups]
    quantiles: int
    cost: float


@dataclass(frozen=True, kw_only=True, eq=False)
class HorizonCells:
    """What the error bars of one horizon are made of.

    Attributes
    ----------
    sums : float32 array of shape (15, cells)
        Sums over cells: six of the IC, six of the rank IC; rows, earned and traded of the spread.
    block_cells : int
        Cells of a block.

    """

    sums: NDArray[np.float32]
    block_cells: int


@dataclass(frozen=True, kw_only=True, eq=False)
class FactorDraft:
    """A factor without its error bars.

    Attributes
    ----------
    figures : FactorFigures
        Its figures.
    cells : list of HorizonCells or None
        Of each horizon; None where nothing is stated.
    before, step_later, horizon_later : list of float
        Rank IC of each horizon at a delay of minus one horizon, one step and one horizon.
    autocorrelations : list of float
        Its rank autocorrelation at each horizon; 0 beyond a quarter of the window.
    ranks : float32 array of shape (instants,)
        Its ranks, scaled to -1 to 1; NaN: no value.

    """

    figures: FactorFigures
    cells: list[HorizonCells | None]
    before: list[float]
    step_later: list[float]
    horizon_later: list[float]
    autocorrelations: list[float]
    ranks: NDArray[np.float32]


class _Series:
    """A factor's values with what is made of them once for all horizons."""

    def __init__(self, values: NDArray[np.float64], market: Market) -> None:
        self.values = values
        self.order = value_order(values)
        self.has_value = ~np.isnan(values)
        self.quantiles = past_quantiles(values, market.quantiles)
        self._market = market

        self.rank_ic = cache(self._rank_ic)

    def ranks(
        self, horizon: int, delay_ns: int, division: TimeGroups | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return the ranks of values and returns where there are both, and where that is."""
        returns = self._market.returns
        later, order = returns.returns(horizon, delay_ns), returns.order(horizon, delay_ns)
        keep = self.has_value & ~np.isnan(later)
        groups = None if division is None else division.groups
        own = ranks_of(self.values, self.order, keep, groups)
        if np.count_nonzero(keep) == len(order):
            # The same for each factor that has a value wherever there is a return.
            return own, returns.ranks(horizon, delay_ns, division).astype(np.float64), keep
        return own, ranks_of(later, order, keep, groups), keep

    def _rank_ic(self, horizon: int, delay_ns: int) -> float:
        """Return the rank IC of a horizon with a delay."""
        return correlation(*self.ranks(horizon, delay_ns)[:2])


def draft(
    name: str, values: NDArray[np.float64], counts: tuple[int, int], market: Market
) -> FactorDraft:
    """Return the draft of a factor.

    Parameters
    ----------
    name : str
        The factor.
    values : float64 array of shape (instants,)
        Its value at each instant; NaN: none.
    counts : tuple of int
        Its records with a value, and how many of these differ from the one before.
    market : Market
        What it is compared with.

    """
    series = _Series(values, market)
    own = ranks_of(values, series.order, series.has_value)
    ranks = np.full(len(values), np.nan)
    ranks[series.has_value] = 2 * own / (len(own) + 1) - 1
    autocorrelations = np.full(2, np.nan)
    steps = None
    if np.ptp(own) > 0 if len(own) else False:
        autocorrelations = autocorrelation(ranks, max(len(values) // 4, 2))
        steps = half_life(autocorrelations)
    step_ns = market.sampling.step_ns
    found = [_horizon(series, horizon, market) for horizon in market.sampling.horizons]
    figures = FactorFigures(
        name=name,
        coverage=float(series.has_value.mean()),
        records=counts[0],
        distinct=counts[1],
        half_life_ns=None if steps is None else round(steps * step_ns),
        step_autocorrelation=float(autocorrelations[1]),
        horizons=[one for one, _ in found],
    )
    horizons = market.sampling.horizons
    return FactorDraft(
        figures=figures,
        cells=[cells for _, cells in found],
        before=[series.rank_ic(h, -h * step_ns) for h in horizons],
        step_later=[series.rank_ic(h, step_ns) for h in horizons],
        horizon_later=[series.rank_ic(h, h * step_ns) for h in horizons],
        autocorrelations=[
            float(autocorrelations[h]) if h < len(autocorrelations) else 0.0 for h in horizons
        ],
        ranks=ranks.astype(np.float32),
    )


def _horizon(
    series: _Series, horizon: int, market: Market
) -> tuple[HorizonFigures, HorizonCells | None]:
    """Return the figures of one horizon, and what their error bars are made of."""
    later = market.returns.returns(horizon, 0)
    x_ranks, y_ranks, keep = series.ranks(horizon, 0)
    places = np.flatnonzero(keep)
    x, y = series.values[keep], later[keep]
    rank_ic = correlation(x_ranks, y_ranks)
    sign = -1.0 if rank_ic < 0 else 1.0
    earned, traded = spread_series(series.quantiles, later, market.quantiles, horizon, sign)
    groups, group_rows = {}, {}
    for name, division in market.groups.items():
        groups[name], group_rows[name] = group_correlations(
            *series.ranks(horizon, 0, division)[:2],
            division.groups[keep],
            len(division.labels),
        )
    rows, size = len(later), cell_rows(len(later), horizon)
    step_ns = market.sampling.step_ns
    cells, block_ns, blocks = None, 0, 0.0
    if len(places) >= LEAST_ROWS and rank_ic == rank_ic:  # noqa: PLR0124 - NaN
        sums = np.empty((SERIES, -(-rows // size)), np.float32)
        sums[:SUMS] = cell_sums(x, y, places, rows, size)
        sums[SUMS : 2 * SUMS] = cell_sums(x_ranks, y_ranks, places, rows, size)
        in_cell = np.arange(rows) // size
        known = ~np.isnan(earned)
        sums[2 * SUMS] = np.bincount(in_cell, known, sums.shape[1])
        sums[-2] = np.bincount(in_cell, np.nan_to_num(earned), sums.shape[1])
        sums[-1] = np.bincount(in_cell, np.nan_to_num(traded), sums.shape[1])
        length = block_cells(sums[SUMS : 2 * SUMS], horizon, size)
        cells = HorizonCells(sums=sums, block_cells=length)
        block_ns, blocks = length * size * step_ns, len(places) / (length * size)
    figures = HorizonFigures(
        horizon_ns=horizon * step_ns,
        predicted=Predicted(
            rows=len(places),
            ic=correlation(x, y),
            rank_ic=rank_ic,
            block_ns=block_ns,
            blocks=blocks,
        ),
        delayed=[series.rank_ic(horizon, d) if d else rank_ic for d in market.sampling.delays_ns],
        quantiles=quantile_returns(
            series.quantiles, later, market.quantiles, horizon, market.cost
        ),
        spread=_spread(earned, traded, market.cost),
        groups=groups,
        group_rows=group_rows,
    )
    return figures, cells


def _spread(earned: NDArray[np.float64], traded: NDArray[np.float64], cost: float) -> Spread:
    known = ~np.isnan(earned)
    if not known.any():
        return Spread(gross=np.nan, net=np.nan, traded=np.nan, break_even=np.nan)
    gross, turned = float(earned[known].mean()), float(traded[known].mean())
    return Spread(
        gross=gross,
        net=gross - cost * turned,
        traded=turned,
        break_even=gross / turned if turned else np.nan,
    )
