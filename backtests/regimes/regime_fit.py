"""The fit of regimes: the best of several starts on one window, judged on the one after it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.command.models.regime_model import RegimeModel
from backtests.regimes.expectation_maximisation import (
    Fit,
    Parameters,
    fit,
    log_likelihoods,
    without_memory,
)
from dolphin_strategies.computed.states.regimes.hidden_states import HiddenStates
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from backtests.regimes.step_returns import StepReturns

_FEWEST: Final = 200
"""Returns of the training window for each state."""
_FEWEST_JUDGED: Final = 8
"""Sequences out of sample: with fewer there is no error bar."""
_CLEAR: Final = 2.0
"""Standard errors."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RegimeFit:
    """A fitted model, and what it is worth out of sample.

    Attributes
    ----------
    model : RegimeModel
        As its file has it.
    fit : Fit
        The best of the starts.
    gain, error : float
        Of the log-likelihood of a return out of sample over the same states without memory, and
        its standard error over the sequences; NaN if there are too few.
    over_normal : float
        The gain over one normal law.

    """

    model: RegimeModel
    fit: Fit
    gain: float
    error: float
    over_normal: float

    @property
    def verdict(self) -> str:
        """What the judged window says."""
        if math.isnan(self.error):
            return f"not judged: fewer than {_FEWEST_JUDGED} memories out of sample"
        if self.gain > _CLEAR * self.error:
            return "regimes shown: the state before says something about the next return"
        return "no regimes shown: out of sample the state before says nothing sure"


def fit_regimes(  # noqa: PLR0913 - the parts of a fit
    returns: StepReturns,
    *,
    states: int,
    holdout: float,
    starts: int,
    seed: int,
    progress: Callable[[int, Fit], object] = lambda _, __: None,
) -> RegimeFit:
    """Fit a model to the first part of the returns, and judge it on the rest.

    Parameters
    ----------
    returns : StepReturns
        The returns.
    states : int
        How many, 2 to 4.
    holdout : float
        Part of the sequences, at the end, that is not fitted to.
    starts : int
        From how many places the search begins; the first divides the returns by their size, the
        others vary it at random.
    seed : int
        Of the others.
    progress : callable
        Called with the number of starts that are done, and the fit of the last.

    Raises
    ------
    ConfigError
        If there are too few returns, or they do not differ.

    """
    total = len(returns.sequences)
    cut = total - round(holdout * total)
    training, judged = returns.part(0, cut), returns.part(cut, total)
    values = training[~np.isnan(training)]
    is_flat = len(values) > 0 and not np.ptp(values)
    if len(values) < _FEWEST * states or is_flat:
        what = f"{len(values):,}" + " that are all the same" * is_flat
        msg = (
            f"{returns.of}: expected at least {_FEWEST * states:,} returns that differ in the "
            f"training window, found {what}; take a longer window, or a shorter --step"
        )
        raise ConfigError(msg)
    rng = np.random.default_rng(seed)
    fits: list[Fit] = []
    for number in range(starts):
        fits.append(fit(training, beginning(values, states, rng if number else None)))
        progress(number + 1, fits[-1])
    best = max(fits, key=lambda one: one.log_likelihood)
    found = best.parameters.ordered()
    try:
        model = HiddenStates.of(
            found.transition.tolist(), found.means.tolist(), found.deviations.tolist()
        )
    except ValueError as problem:
        msg = f"{returns.of}: what was fitted is no model of returns in bps: {problem}"
        raise ConfigError(msg) from None
    gain, error, over_normal, level = _judge(judged, found, model, values)
    trained: dict[str, Any] = {
        "of": returns.of,
        "start_ns": returns.first_ns,
        "end_ns": returns.at_ns(cut),
        "judged_until_ns": returns.at_ns(total),
        "returns": len(values),
        "log_likelihood": best.log_likelihood / len(values),
        "out_of_sample": {
            "returns": int((~np.isnan(judged)).sum()),
            "log_likelihood": level,
            "gain_over_no_memory": gain,
            "standard_error": error,
            "gain_over_one_normal": over_normal,
        },
        "starts": starts,
        "seed": seed,
        "has_converged": best.has_converged,
    }
    out = trained["out_of_sample"]
    trained["out_of_sample"] = {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()
    }
    return RegimeFit(
        model=RegimeModel(
            step_ns=returns.step_ns, memory_ns=returns.memory_ns, states=model, trained=trained
        ),
        fit=best,
        gain=gain,
        error=error,
        over_normal=over_normal,
    )


def beginning(
    values: NDArray[np.float64], states: int, rng: np.random.Generator | None
) -> Parameters:
    """Return where a search begins: the returns divided by their distance from the median.

    Parameters
    ----------
    values : float64 array of shape (n,)
        The returns.
    states : int
        How many.
    rng : numpy.random.Generator, optional
        Varies it; None: nothing does.

    """
    scale = float(values.std())
    sizes = np.sort(np.abs(values - np.median(values)))
    parts = np.array_split(sizes, states)
    deviations = np.array([max(np.sqrt(np.mean(part**2)), 0.05 * scale) for part in parts])
    means = np.full(states, values.mean())
    stay = np.full(states, 0.95)
    if rng is not None:
        deviations = deviations * np.exp(0.5 * rng.standard_normal(states))
        means = means + 0.3 * scale * rng.standard_normal(states)
        stay = rng.uniform(0.6, 0.995, states)
    transition = np.tile(((1 - stay) / (states - 1))[:, None], (1, states))
    np.fill_diagonal(transition, stay)
    return Parameters(
        start=np.full(states, 1 / states),
        transition=transition,
        means=means,
        deviations=deviations,
    )


def _judge(
    judged: NDArray[np.float64],
    found: Parameters,
    model: HiddenStates,
    values: NDArray[np.float64],
) -> tuple[float, float, float, float]:
    """Return gain, error, gain over a normal law and log-likelihood of a return out of sample."""
    counts = (~np.isnan(judged)).sum(axis=1)
    total = int(counts.sum())
    if len(judged) < _FEWEST_JUDGED:
        return math.nan, math.nan, math.nan, math.nan
    # The filter begins with the states' shares of time.
    shares = np.array(model.stationary)
    own = Parameters(
        start=shares,
        transition=np.array(model.transition),
        means=found.means,
        deviations=found.deviations,
    )
    with_memory = log_likelihoods(judged, own)
    gains = with_memory - log_likelihoods(judged, without_memory(own, shares))
    gain = float(gains.sum() / total)
    # A ratio of sums: the error of its numerator less the gain of so many returns.
    rest = gains - gain * counts
    error = float(np.sqrt(np.sum(rest**2) * len(judged) / (len(judged) - 1)) / total)
    known = judged[~np.isnan(judged)]
    deviation = float(values.std())
    normal = -0.5 * ((known - values.mean()) / deviation) ** 2
    normal = normal - math.log(deviation) - 0.5 * math.log(2 * math.pi)
    level = float(with_memory.sum() / total)
    return gain, error, level - float(normal.mean()), level
