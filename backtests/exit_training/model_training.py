"""The training of a model: buckets of assets, each with its verdict, as one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from backtests.exit_training.judging.asset_buckets import stable_bucket, traits_of
from backtests.exit_training.learning.factor_edge import describe_factors
from backtests.exit_training.learning.training import BucketResult, TrainingSettings, train_bucket
from dolphin_strategies.exits.model.exit_model import OTHER, Bucket, ExitModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backtests.exit_training.recorded.path_building import BuiltPaths
    from backtests.exit_training.recorded.price_steps import PriceSteps

FEWEST_OF_BUCKET: Final = 60
"""A bucket with fewer positions is part of ``other``."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, and what it was decided on.

    Attributes
    ----------
    model : ExitModel
        The model.
    results : dict of str to BucketResult
        What training found in each bucket.

    """

    model: ExitModel
    results: dict[str, BucketResult]


def assign_buckets(
    built: BuiltPaths, prices: Mapping[str, PriceSteps], interval_ns: int, folds: int
) -> dict[str, str]:
    """Return the bucket of each asset.

    By the prices before the first position that a fold is judged on, so that nothing of what is
    judged decides about it. Too few positions, and halves of time that contradict each other,
    make an asset part of ``other``.

    Parameters
    ----------
    built : BuiltPaths
        The positions.
    prices : mapping of str to PriceSteps
        The prices of each asset.
    interval_ns : int
        The interval of volatility, nanoseconds.
    folds : int
        The number of folds.

    """
    entries = built.paths.entry_ns
    until_ns = int(entries[len(entries) // (folds + 1)]) if len(entries) else 0
    found = {}
    for name in built.assets:
        of = prices[name]
        closes = of.close[: int(np.searchsorted(of.ts_ns, until_ns, side="right"))]
        half = len(closes) // 2
        if half < 2:
            found[name] = OTHER
            continue
        whole, *halves = (
            traits_of(part, interval_ns, of.turnover)
            for part in (closes, closes[:half], closes[half:])
        )
        found[name] = stable_bucket(halves, whole)
    numbers = {name: i for i, name in enumerate(built.assets)}
    sizes: dict[str, int] = {}
    for name, bucket in found.items():
        sizes[bucket] = sizes.get(bucket, 0) + int((built.paths.asset == numbers[name]).sum())
    return {n: b if sizes[b] >= FEWEST_OF_BUCKET else OTHER for n, b in found.items()}


def judged_buckets(assets: Mapping[str, str]) -> list[str]:
    """Return the buckets that are judged; one with everything in it is `other` too."""
    named = sorted({bucket for bucket in assets.values() if bucket != OTHER})
    return named if len(named) == 1 and OTHER not in assets.values() else [*named, OTHER]


def train_model(  # noqa: PLR0913 - by name
    built: BuiltPaths,
    assets: Mapping[str, str],
    names: tuple[str, ...],
    settings: TrainingSettings,
    *,
    interval_ns: int,
    described: Mapping[str, Any],
    on_fold: Callable[[], None] = lambda: None,
) -> Trained:
    """Train the rule of each bucket, and of ``other`` on all positions together.

    Parameters
    ----------
    built : BuiltPaths
        The positions.
    assets : mapping of str to str
        The bucket of each asset.
    names : tuple of str
        The factors of the paths.
    settings : TrainingSettings
        The settings.
    interval_ns : int
        The interval of volatility, nanoseconds.
    described : mapping
        What the model says about its training.
    on_fold : callable
        Called after each fold of each bucket.

    """
    paths = built.paths
    factors = describe_factors(paths, names)
    results = {}
    judged = judged_buckets(assets)
    for bucket in judged:
        numbers = [i for i, n in enumerate(built.assets) if bucket in {OTHER, assets[n]}]
        chosen = paths.take(np.isin(paths.asset, numbers))
        results[bucket] = train_bucket(chosen, factors, settings, len(judged), on_fold)
    if OTHER not in results:
        results[OTHER] = results[judged[0]]
    uses_factors = any(r.rule is not None and any(r.rule.weights) for r in results.values())
    model = ExitModel(
        horizon_ns=settings.horizon_ns,
        interval_ns=interval_ns,
        factors=factors if uses_factors else (),
        buckets={
            name: Bucket(
                rule=_rule_of(result, uses_factors=uses_factors), figures=result.as_dict()
            )
            for name, result in results.items()
        },
        assets=dict(assets),
        trained=dict(described),
    )
    return Trained(model=model, results=results)


def _rule_of(result: BucketResult, *, uses_factors: bool) -> Any:
    """Return a bucket's rule; without weights if no bucket has any."""
    if result.rule is None or uses_factors:
        return result.rule
    return replace(result.rule, weights=())
