"""Training on paths of a known law: the optimum is found, and no gain where there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dolphin_strategies.exits import (
    AdaptiveExit,
    ExitModel,
    FixedExit,
    PositionView,
    TimeExit,
    TrailingExit,
    TripleBarrierExit,
)
from dolphin_strategies.exits.model.exit_model import Bucket, ExitRule
from dolphin_strategies.exits.policies.price_ranges import PriceRanges
from tests.support.lengths import counts, long

if TYPE_CHECKING:
    from backtests.exit_training.learning.gain_paths import GainPaths
    from dolphin_strategies.exits import ExitPolicy

MINUTE_NS = 60_000_000_000
NEVER = 1e6


@pytest.mark.parametrize(
    ("speed", "depth", "hold_cost"),
    [(0.05, 1.5, 0.01), long(0.02, 1.0, 0.0), long(0.1, 2.0, 0.01), long(0.2, 1.0, 0.02)],
)
def test_the_value_of_the_optimal_exit_is_nearly_reached(
    speed: float, depth: float, hold_cost: float
) -> None:
    """At least 95 % of what dynamic programming reaches, after costs, on fresh paths."""
    from backtests.exit_training.learning.exit_steps import rule_steps
    from backtests.exit_training.learning.rule_search import search_rule
    from backtests.exit_training.learning.training import TrainingSettings, net_gains
    from tests.support.exits.simulated_paths import MeanReversion

    law = MeanReversion(speed=speed, depth=depth, hold_cost=hold_cost)
    settings = TrainingSettings(horizon_ns=law.horizon_ns, cost=law.cost, hold_cost=hold_cost)
    rule = search_rule(law.paths(1_000, 1), (), hold_cost)
    fresh = law.paths(20_000, 2)
    gains = net_gains(fresh, rule_steps(fresh, rule), settings)
    error = gains.std() / np.sqrt(len(gains))
    optimum = law.optimal_value()
    assert gains.mean() + 3 * error >= 0.95 * optimum
    assert gains.mean() - 4 * error <= optimum
    assert law.threshold_value() <= optimum + 1e-12


def test_a_gain_on_a_mean_reverting_price_is_claimed_with_its_rule() -> None:
    """The verdict of the whole walk forward, beside the simple exits."""
    from backtests.exit_training.learning.training import TrainingSettings, train_bucket
    from tests.support.exits.simulated_paths import MeanReversion

    law = MeanReversion(speed=0.05, hold_cost=0.01)
    settings = TrainingSettings(horizon_ns=law.horizon_ns, cost=law.cost, hold_cost=law.hold_cost)
    result = train_bucket(law.paths(400, 3), (), settings)
    assert result.verdict == "gain"
    assert result.rule is not None
    assert 0 < result.rule.take < NEVER
    assert result.gain.lower > 0
    assert result.against["trailing"].lower > 0
    # A fixed gain to be taken is nearly the optimum here: nobody should claim more.
    assert abs(result.against["fixed"].mean) < 0.1 * result.gain.mean


@counts("runs", 6, long=200)
def test_no_gain_is_claimed_on_a_random_walk(runs: int) -> None:
    """In at least 95 % of the runs; an exit cannot make an expectation of a martingale."""
    from backtests.exit_training.learning.training import TrainingSettings, train_bucket
    from tests.support.exits.simulated_paths import MeanReversion

    law = MeanReversion(speed=0.0)
    settings = TrainingSettings(horizon_ns=law.horizon_ns, cost=law.cost)
    verdicts = [train_bucket(law.paths(300, i), (), settings).verdict for i in range(runs)]
    assert set(verdicts) <= {"gain", "no gain"}
    assert verdicts.count("no gain") >= 0.95 * runs


def closed_by(policy: ExitPolicy, paths: GainPaths, number: int) -> int:
    """Return the step at which a policy itself closes a position of some paths."""
    ranges = PriceRanges(MINUTE_NS)
    ranges.average_range = float(paths.ranges[number, 0])
    ranges.volatility = float(paths.unit[number] / np.sqrt(paths.steps))
    view = PositionView(
        instrument_id=None,  # type: ignore[arg-type]
        side=1,
        entry_price=100.0,
        opened_ns=0,
        ranges=ranges,
        bucket="other",
    )
    for step in range(1, paths.steps + 1):
        price = 100.0 * (1 + float(paths.gain[number, step]))
        view.see(price, price, price, step * MINUTE_NS)
        if policy.decide(view).keep == 0:
            return step
    return paths.steps


def test_training_closes_where_the_policies_themselves_do() -> None:
    """Each exit on the same paths, step by step, by the code that a strategy runs."""
    from backtests.exit_training.learning import exit_steps
    from backtests.exit_training.learning.peer_exits import _CLOSED
    from tests.support.exits.simulated_paths import MeanReversion

    law = MeanReversion(speed=0.05)
    paths = law.paths(60, 5)
    rule = ExitRule(take=0.9, decay=0.5, stop=0.6, trail=0.7, time=0.75)
    model = ExitModel(
        horizon_ns=law.horizon_ns,
        interval_ns=MINUTE_NS,
        factors=(),
        buckets={"other": Bucket(rule=rule)},
        assets={},
    )
    minute = timedelta(minutes=1)
    pairs: list[tuple[ExitPolicy, Any]] = [
        (AdaptiveExit(model), exit_steps.rule_steps(paths, rule)),
        (FixedExit(take=0.011, stop=0.013), _CLOSED["fixed"](paths, 0.011, 0.013)),
        (TrailingExit(multiple=3), _CLOSED["trailing"](paths, 3.0)),
        (
            TripleBarrierExit(take=0.5, stop=0.7, limit=60 * minute),
            _CLOSED["barrier"](paths, 0.5, 0.7, 1.0),
        ),
        (TimeExit(limit=15 * minute), _CLOSED["time"](paths, 0.25)),
    ]
    for policy, expected in pairs:
        found = [closed_by(policy, paths, i) for i in range(len(paths))]
        assert found == expected.tolist(), policy
        assert len(set(found)) > 1 or isinstance(policy, TimeExit)


def test_a_factor_that_tells_of_the_future_is_used_and_noise_is_not() -> None:
    """Planted: the gain still to come, with noise, on a random walk; and nothing but noise."""
    from dataclasses import replace

    from backtests.exit_training.learning.factor_edge import describe_factors
    from backtests.exit_training.learning.training import TrainingSettings, train_bucket
    from tests.support.exits.simulated_paths import MeanReversion

    law = MeanReversion(speed=0.0)
    plain = law.paths(400, 6)
    generator = np.random.default_rng(7)
    noise = generator.normal(0, 0.02, plain.gain.shape)
    told = (plain.gain[:, -1:] - plain.gain) + noise
    settings = TrainingSettings(horizon_ns=law.horizon_ns, cost=law.cost)
    verdicts = []
    for values in (told, noise):
        paths = replace(plain, factors=values[:, :, None])
        result = train_bucket(paths, describe_factors(paths, ["planted"]), settings)
        verdicts.append(result.verdict)
        assert result.rule is None or result.rule.weights[0] > 0
    assert verdicts == ["gain", "no gain"]
