"""Strategies that trade on hmmlearn's smoothed regimes, and on filtered ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from hmmlearn.hmm import GaussianHMM

from adapters.catalog import FactorCatalog
from dolphin_strategies.computed.states.regimes.hidden_states import HiddenStates
from tests.support.strategies.backtest_strategies import Follower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dolphin_strategies import ExternalFactors

MODEL: Final = HiddenStates.of(((0.9, 0.1), (0.1, 0.9)), (-0.2, 0.2), (0.5, 0.5))


def hmm() -> GaussianHMM:
    """Return the same model as hmmlearn's."""
    model = GaussianHMM(n_components=2, covariance_type="diag")
    model.startprob_ = np.array(MODEL.stationary)
    model.transmat_ = np.array(MODEL.transition)
    model.means_ = np.array(MODEL.mean_bps)[:, None]
    model.covars_ = np.array(MODEL.deviation_bps)[:, None] ** 2
    return model


class Smoothed(Follower):
    """Trades on the probabilities that ``predict_proba`` gives of the whole history."""

    def on_start(self) -> None:
        super().on_start()
        ts, mid = FactorCatalog(Path(self.config.catalog)).arrays(["mid"])
        returns = np.diff(np.log(mid[:, 0])) * 1e4
        rising = self.probabilities(returns)
        self.rising = dict(zip(ts[1:].tolist(), rising.tolist(), strict=True))

    def probabilities(self, returns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of the rising state at each return."""
        found: NDArray[np.float64] = hmm().predict_proba(returns[:, None])[:, 1]
        return found

    def wish(self, f: ExternalFactors) -> int:
        return 1 if self.rising.get(f.ts_init, 0.0) > 0.5 else -1


class Filtered(Smoothed):
    """Trades on the forward recursion over the same history."""

    def probabilities(self, returns: NDArray[np.float64]) -> NDArray[np.float64]:
        now, found = MODEL.stationary, []
        for one in returns.tolist():
            now = MODEL.filtered(now, one)
            found.append(now[1])
        return np.array(found)
