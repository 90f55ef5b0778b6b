"""Columns of regimes for a catalog, smoothed and filtered, and the functions that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adapters.catalog import FactorCatalog
from tests.research.regimes.regime_strategies import MODEL, hmm
from tests.support.strategies.backtest_strategies import Follower

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dolphin_strategies import ExternalFactors

type Columns = tuple[list[str], NDArray[np.int64], NDArray[np.float64]]


class Rising(Follower):
    """Trades on the recorded probability of the rising state."""

    required_factors: ClassVar[tuple[str, ...]] = ("p_rising",)

    def wish(self, f: ExternalFactors) -> int:
        return 1 if f["p_rising"] > 0.5 else -1


def smoothed(catalog: Path) -> Columns:
    """Return hmmlearn's ``predict_proba`` over the whole history."""
    ts, returns = _returns(catalog)
    return ["p_rising"], ts, hmm().predict_proba(returns[:, None])[:, 1]


def filtered(catalog: Path) -> Columns:
    """Return the forward recursion over the same history."""
    ts, returns = _returns(catalog)
    now, found = MODEL.stationary, []
    for one in returns.tolist():
        now = MODEL.filtered(now, one)
        found.append(now[1])
    return ["p_rising"], ts, np.array(found)


def read_back(catalog: Path) -> Columns:
    """Make nothing: return what is recorded."""
    ts, values = FactorCatalog(catalog).arrays(["p_rising"])
    return ["p_rising"], ts, values


def _returns(catalog: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    ts, values = FactorCatalog(catalog).arrays(["mid"])
    known = ~np.isnan(values[:, 0])
    return ts[known][1:], np.diff(np.log(values[known, 0])) * 1e4
