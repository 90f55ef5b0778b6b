"""The figures of an evaluation: of a factor at a horizon, of a factor, of all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backtests.evaluation.inputs.sampling import Sampling
from backtests.evaluation.measures.quantile_returns import QuantileReturns
from backtests.evaluation.measures.redundancy import Redundancy


@dataclass(kw_only=True)
class Predicted:
    """How well a factor predicts the return over a horizon.

    Attributes
    ----------
    rows : int
        Instants with a value and a return.
    ic, rank_ic : float
        Pearson's and Spearman's correlation over these; NaN: not stated.
    ic_error, rank_ic_error : float
        Standard errors by the block bootstrap.
    block_ns : int
        The length of a block.
    blocks : float
        Blocks that the rows make, or in which the factor varies, where these are fewer.
    margin : float
        Half the width of the interval that has ``rank_ic`` with 95 %.
    p_value : float
        Of the rank IC, two-sided, by Student's t with one degree of freedom less than blocks.
    q_value : float
        The lowest false-discovery rate at which it is a discovery.
    is_discovery : bool
        Whether it is one at the stated rate.

    """

    rows: int
    ic: float
    rank_ic: float
    block_ns: int
    blocks: float
    ic_error: float = float("nan")
    rank_ic_error: float = float("nan")
    margin: float = float("nan")
    p_value: float = float("nan")
    q_value: float = float("nan")
    is_discovery: bool = False

    @property
    def strength(self) -> float:
        """The size of the rank IC beside its error; 0 where one of them is not stated."""
        found = abs(self.rank_ic) / self.rank_ic_error if self.rank_ic_error > 0 else 0.0
        return found if found == found else 0.0  # noqa: PLR0124 - NaN


@dataclass(kw_only=True)
class Spread:
    """Long in the outer quantile that the IC favours, short in the other, for one horizon.

    Attributes
    ----------
    gross, net : float
        Mean return over the horizon before and after cost, of the money on both sides.
    net_error : float
        Standard error of ``net`` by the block bootstrap.
    traded : float
        What is traded in a horizon, as a multiple of that money.
    break_even : float
        The cost of a trade at which nothing is left, a fraction.

    """

    gross: float
    net: float
    traded: float
    break_even: float
    net_error: float = float("nan")


@dataclass(kw_only=True, eq=False)
class HorizonFigures:
    """A factor at one horizon.

    Attributes
    ----------
    horizon_ns : int
        The horizon.
    predicted : Predicted
        IC and rank IC.
    delayed : list of float
        Rank IC with each delay of the sampling.
    quantiles : QuantileReturns
        Mean returns and turnover of the quantiles.
    spread : Spread
        The outer quantiles against each other.
    groups : dict of str to float64 array
        Rank IC within each of ``months``, ``regimes`` and ``hours``.
    group_rows : dict of str to int64 array
        The rows of each.
    suspicion : str or None
        Why look-ahead is suspected.

    """

    horizon_ns: int
    predicted: Predicted
    delayed: list[float]
    quantiles: QuantileReturns
    spread: Spread
    groups: dict[str, NDArray[np.float64]]
    group_rows: dict[str, NDArray[np.int64]]
    suspicion: str | None = None


@dataclass(kw_only=True, eq=False)
class FactorFigures:
    """A factor.

    Attributes
    ----------
    name : str
        Its name.
    coverage : float
        Share of the instants at which it has a value.
    records, distinct : int
        Records with a value, and how many of these differ from the one before.
    half_life_ns : int or None
        When its rank autocorrelation is one half; None: later than a quarter of the window.
    step_autocorrelation : float
        Its rank autocorrelation at one step.
    horizons : list of HorizonFigures
        In the order of the sampling.
    verdict, reason : str
        One of the verdicts, and a sentence on it.
    cluster : int
        The cluster of factors that say the same, from 1.
    same_as : str
        The strongest other factor of the cluster, if it is stronger than this; or empty.

    """

    name: str
    coverage: float
    records: int
    distinct: int
    half_life_ns: int | None
    step_autocorrelation: float
    horizons: list[HorizonFigures]
    verdict: str = ""
    reason: str = ""
    cluster: int = 0
    same_as: str = ""

    @property
    def best(self) -> HorizonFigures:
        """The horizon with the largest rank IC beside its error; the first without any."""
        return max(self.horizons, key=lambda one: one.predicted.strength)


@dataclass(kw_only=True, eq=False)
class Evaluation:
    """Everything that an evaluation found.

    Attributes
    ----------
    sampling : Sampling
        The instants, horizons and delays.
    factors : list of FactorFigures
        In the order asked for; of an interrupted evaluation those that were finished.
    redundancy : Redundancy
        Their rank correlations and clusters.
    labels : dict of str to tuple of str
        The groups of ``months``, ``regimes`` and ``hours``.
    rate : float
        The false-discovery rate.
    cost : float
        Cost of a trade, a fraction.
    asked : int
        Factors that were to be evaluated.
    facts : dict of str to str
        What it was made of and how.
    instruments : int
        Instruments over whose tests together the rate holds.
    tests_of_all : int
        The number of these tests.

    """

    sampling: Sampling
    factors: list[FactorFigures]
    redundancy: Redundancy
    labels: dict[str, tuple[str, ...]]
    rate: float
    cost: float
    asked: int
    facts: dict[str, str] = field(default_factory=dict)
    instruments: int = 1
    tests_of_all: int = 0

    @property
    def tests(self) -> int:
        """The number of tests: factors times horizons with a rank IC and an error bar."""
        return sum(
            one.predicted.p_value == one.predicted.p_value
            for factor in self.factors
            for one in factor.horizons
        )

    @property
    def discoveries(self) -> int:
        """How many of the tests are discoveries."""
        return sum(one.predicted.is_discovery for f in self.factors for one in f.horizons)
