"""The verdict: whether a sweep shows an edge, and by which figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAST_PROBABILITY: Final = 0.95
"""That the true Sharpe ratio is above 0, out of sample and deflated."""
MOST_LOSS: Final = 0.1
"""How often what half of the time chose may lose in the other half."""
MOST_OVERFITTING: Final = 0.5
"""The probability of backtest overfitting: above it a choice is worse than one by lot.

Bailey, Borwein, López de Prado and Zhu, 2015, section 2: then a search overfits.
"""
EDGE: Final = "edge shown"
OVERFITTED: Final = "edge shown, but the choice of parameters is overfitted"
NO_EDGE: Final = "no edge shown"
_OVERFITTING: Final = "probability of backtest overfitting"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One figure of a verdict.

    Attributes
    ----------
    name : str
        What it is.
    value : float, optional
        The figure; None: there is no statistic.
    limit : float
        What it must be at least, or at most.
    is_least : bool
        Whether the limit is the least value.

    """

    name: str
    value: float | None
    limit: float
    is_least: bool

    @property
    def holds(self) -> bool:
        """Whether the figure speaks for an edge."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.is_least else self.value <= self.limit

    def __str__(self) -> str:
        found = "no statistic" if self.value is None else f"{self.value:.3f}"
        word = "at least" if self.is_least else "at most"
        return f"{self.name} {found} ({word} {self.limit:g} needed)"


def checks_of(
    out_of_sample: float | None, deflated: float | None, loss: float | None, pbo: float | None
) -> list[Check]:
    """Return the checks of a verdict.

    Parameters
    ----------
    out_of_sample : float, optional
        The probability that the true Sharpe ratio out of sample is above 0.
    deflated : float, optional
        The deflated Sharpe ratio of what the last fold chose.
    loss, pbo : float, optional
        The probability of loss of the last fold's choice, and that of backtest overfitting, by the
        same cross-validation.

    """
    return [
        Check(
            name="out of sample, probability of a Sharpe ratio above 0",
            value=out_of_sample,
            limit=LEAST_PROBABILITY,
            is_least=True,
        ),
        Check(
            name="deflated Sharpe ratio", value=deflated, limit=LEAST_PROBABILITY, is_least=True
        ),
        Check(
            name="chosen in one half of the time, probability of loss in the other",
            value=loss,
            limit=MOST_LOSS,
            is_least=False,
        ),
        Check(name=_OVERFITTING, value=pbo, limit=MOST_OVERFITTING, is_least=False),
    ]


def verdict_of(checks: list[Check]) -> str:
    """Return the verdict: an edge is shown only if every check holds.

    If all do but that of overfitting, there is an edge and the search did not choose it: among
    trials that are all equally good the choice is no better than chance, and none of them loses.
    """
    failed = [check.name for check in checks if not check.holds]
    if failed == [_OVERFITTING]:
        return OVERFITTED
    return NO_EDGE if failed else EDGE
