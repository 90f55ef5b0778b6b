"""The training of a bucket: walk forward, verdict, and the rule that all positions give."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from backtests.exit_training.judging.error_bars import FEWEST, Bar, bar_of
from backtests.exit_training.judging.folds import walk_forward
from backtests.exit_training.learning import exit_steps
from backtests.exit_training.learning.factor_edge import describe_factors, shift_of
from backtests.exit_training.learning.peer_exits import OWN, PEERS, peer_steps
from backtests.exit_training.learning.rule_search import search_rule
from dolphin_strategies.exits.model.exit_model import ExitRule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backtests.exit_training.learning.gain_paths import Floats, GainPaths
    from dolphin_strategies.exits.model.exit_model import ModelFactor

ADAPTIVE: Final = "adaptive"
FEWEST_TRAINED: Final = 30
"""With fewer positions before a fold nothing is learned for it: positions are held there."""


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """The settings of a training.

    Attributes
    ----------
    horizon_ns : int
        The length of the paths, nanoseconds.
    folds : int
        The number of walk-forward folds.
    embargo_ns : int
        The time between the paths that are learned from and the fold, nanoseconds.
    cost : float
        What entering and closing costs together, as a fraction of the entry price.
    hold_cost : float
        What holding over the horizon costs, as a fraction of the entry price.
    level : float
        The confidence level of the error bars.

    """

    horizon_ns: int
    folds: int = 5
    embargo_ns: int = 0
    cost: float = 0.0
    hold_cost: float = 0.0
    level: float = 0.98


@dataclass(frozen=True, kw_only=True)
class BucketResult:
    """What training found in a bucket.

    Attributes
    ----------
    positions : int
        Positions in it.
    rule : ExitRule, optional
        The rule of all of them; None without a gain.
    verdict : str
        ``gain``, ``no gain`` or ``too few positions``.
    gain : Bar
        What the rule gained beyond the strategy's own exits, out of sample.
    means : dict of str to Bar
        The mean result of each exit out of sample, after costs.
    against : dict of str to Bar
        What the rule gained beyond each of the others.
    fold_rules : list of ExitRule
        The rules of the folds.

    """

    positions: int
    rule: ExitRule | None
    verdict: str
    gain: Bar
    means: dict[str, Bar] = field(default_factory=dict)
    against: dict[str, Bar] = field(default_factory=dict)
    fold_rules: list[ExitRule] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as a document of JSON; what is not finite is None."""

        def plain(bar: Bar) -> dict[str, Any]:
            return {k: v if np.isfinite(v) else None for k, v in asdict(bar).items()}

        return {
            "positions": self.positions,
            "verdict": self.verdict,
            "gain": plain(self.gain),
            "means": {name: plain(bar) for name, bar in self.means.items()},
            "against": {name: plain(bar) for name, bar in self.against.items()},
            "fold_rules": [asdict(rule) for rule in self.fold_rules],
        }


def train_bucket(
    paths: GainPaths,
    factors: Sequence[ModelFactor],
    settings: TrainingSettings,
    buckets: int = 1,
    on_fold: Callable[[], None] = lambda: None,
) -> BucketResult:
    """Judge the search for a rule out of sample; return the rule only if it gained.

    A gain is claimed if the lower end of its error bar is above 0, with the level of all buckets
    together: one of them errs no more often than one alone would (Bonferroni).

    Parameters
    ----------
    paths : GainPaths
        The bucket's positions, in the order of their entries.
    factors : sequence of ModelFactor
        The factors of the paths, with the means and scales of the final rule; each fold uses
        those of what it learns from.
    settings : TrainingSettings
        The settings.
    buckets : int
        How many buckets are judged at once.
    on_fold : callable
        Called after each fold.

    """
    results: dict[str, list[Floats]] = {name: [] for name in (ADAPTIVE, OWN, *PEERS)}
    fold_rules = []
    for fold in walk_forward(
        paths.entry_ns, settings.horizon_ns, settings.folds, settings.embargo_ns
    ):
        if len(fold.train) >= FEWEST_TRAINED:
            train, test = paths.take(fold.train), paths.take(fold.test)
            known = describe_factors(train, [factor.name for factor in factors])
            rule = search_rule(train, known, settings.hold_cost)
            fold_rules.append(rule)
            closed = {
                name: peer_steps(name, train, test, settings.hold_cost) for name in (OWN, *PEERS)
            }
            closed[ADAPTIVE] = adaptive_steps(test, rule, known)
            for name, steps in closed.items():
                results[name].append(net_gains(test, steps, settings))
        on_fold()
    each = {name: np.concatenate(of) if of else np.zeros(0) for name, of in results.items()}
    level = 1 - (1 - settings.level) / buckets
    gain = bar_of(each[ADAPTIVE] - each[OWN], level)
    means = {n: bar_of(of, settings.level) for n, of in each.items()}
    against = {
        name: bar_of(each[ADAPTIVE] - of, settings.level)
        for name, of in each.items()
        if name != ADAPTIVE
    }
    has_gain = gain.lower > 0
    final = search_rule(paths, factors, settings.hold_cost) if has_gain else None
    verdict = "gain" if has_gain else "no gain" if gain.count >= FEWEST else "too few positions"
    return BucketResult(
        positions=len(paths),
        rule=final,
        verdict=verdict,
        gain=gain,
        means=means,
        against=against,
        fold_rules=fold_rules,
    )


def adaptive_steps(
    paths: GainPaths, rule: ExitRule, factors: Sequence[ModelFactor]
) -> exit_steps.Steps:
    """Return when a rule closes positions, with the factors' weights."""
    shift = shift_of(paths, factors, np.array(rule.weights)) if any(rule.weights) else 0.0
    return exit_steps.rule_steps(paths, rule, shift)


def net_gains(paths: GainPaths, steps: exit_steps.Steps, settings: TrainingSettings) -> Floats:
    """Return the gain of each position at its step, after all costs."""
    held = settings.hold_cost * steps / paths.steps
    return exit_steps.gains_at(paths, steps) - settings.cost - held
