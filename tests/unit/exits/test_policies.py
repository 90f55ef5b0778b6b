"""Exit policies, and what they are shown of a position."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from nautilus_trader.model import InstrumentId

from dolphin_strategies import ExternalFactors, FactorSchema
from dolphin_strategies.exits import (
    HOLD,
    AdaptiveExit,
    ExitDecision,
    ExitModel,
    ExitPolicy,
    FixedExit,
    PositionView,
    TimeExit,
    TrailingExit,
    TripleBarrierExit,
)
from dolphin_strategies.exits.model.exit_model import Bucket, ExitRule, ModelFactor
from dolphin_strategies.exits.policies.price_ranges import PriceRanges

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
MINUTE_NS = 60_000_000_000
NEVER = 1e6


def view(side: int = 1, volatility: float = 0.001, bucket: str = "") -> PositionView:
    """Return a position that was opened at 100 at instant 0."""
    ranges = PriceRanges(MINUTE_NS)
    ranges.volatility, ranges.average_range = volatility, 2 * volatility
    return PositionView(
        instrument_id=BTC, side=side, entry_price=100.0, opened_ns=0, ranges=ranges, bucket=bucket
    )


@pytest.mark.parametrize(("side", "up"), [(1, 103.0), (-1, 97.0)])
def test_a_view_has_gains_in_the_direction_of_the_position(side: int, up: float) -> None:
    """Favourable and adverse excursions never shrink; bars' extremes count for them."""
    seen = view(side)
    seen.see(up, min(up, 99.0), max(up, 101.0), 5)
    assert seen.gain == pytest.approx(0.03)
    assert (seen.favourable, seen.adverse) == pytest.approx((0.03, 0.01))
    seen.see(100.0, 100.0, 100.0, 9)
    assert (seen.gain, seen.favourable, seen.adverse) == pytest.approx((0.0, 0.03, 0.01))
    assert seen.held_ns == 9


@pytest.mark.parametrize("price", [math.nan, math.inf, 0.0, -1.0])
def test_a_price_that_is_none_changes_nothing_but_the_time(price: float) -> None:
    """Neither in a view nor in the ranges."""
    seen = view()
    seen.see(price, price, price, 7)
    assert (seen.gain, seen.favourable, seen.adverse, seen.now_ns) == (0.0, 0.0, 0.0, 7)
    ranges = PriceRanges(MINUTE_NS)
    ranges.add(price, price, price, 0)
    ranges.add(100.0, 100.0, 100.0, MINUTE_NS)
    assert math.isnan(ranges.volatility)


def test_ranges_are_wilders_average() -> None:
    """By hand: a mean of the first periods, then a weight of one period."""
    ranges = PriceRanges(MINUTE_NS, periods=2)
    rows = [
        (100.0, 99.0, 101.0),
        (102.0, 100.0, 103.0),
        (101.0, 101.0, 102.0),
        (99.0, 98.0, 101.0),
    ]
    for i, (close, low, high) in enumerate([*rows, (1.0, 1.0, 1.0)]):
        ranges.add(close, low, high, i * MINUTE_NS)
    true = [3.0 / 100, 1.0 / 102, 3.0 / 101]
    assert ranges.average_range == pytest.approx(
        (true[0] + true[1]) / 2 + (true[2] - (true[0] + true[1]) / 2) / 2
    )
    moves = [math.log(b / a) ** 2 for a, b in ((100, 102), (102, 101), (101, 99))]
    first = (moves[0] + moves[1]) / 2
    assert ranges.volatility == pytest.approx(math.sqrt(first + (moves[2] - first) / 2))


def test_a_move_over_several_intervals_counts_as_one_of_a_random_walk() -> None:
    """So that 15-minute bars and one-minute intervals give the volatility of a minute."""
    ranges = PriceRanges(MINUTE_NS, periods=2)
    for i, price in enumerate((100.0, 101.0, 100.0, 101.0)):
        ranges.add(price, price, price, i * 4 * MINUTE_NS)
    assert ranges.volatility == pytest.approx(math.log(1.01) / 2)
    assert ranges.average_range == pytest.approx((0.01 + 0.01 / 1.01) / 4)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: ExitDecision(1.5, "x"), "keep"),
        (lambda: ExitDecision(math.nan, "x"), "keep"),
        (lambda: ExitDecision(0.5), "reason"),
        (lambda: FixedExit(take=0), "take"),
        (lambda: FixedExit(stop=-0.1), "stop"),
        (lambda: FixedExit(scale_out=((0.01, 2.0),)), "keep"),
        (lambda: TrailingExit(multiple=math.nan), "multiple"),
        (lambda: TrailingExit(multiple=3, interval=timedelta()), "interval"),
        (lambda: TripleBarrierExit(limit=timedelta(hours=-1)), "limit"),
        (lambda: TimeExit(limit=3), "limit"),  # type: ignore[arg-type]
    ],
)
def test_settings_that_make_no_sense_are_refused(make: Any, named: str) -> None:
    """With the name of the setting."""
    with pytest.raises(ValueError, match=named):
        make()


def test_the_deepest_part_that_was_reached_is_what_remains() -> None:
    """Several gains at which a part is sold."""
    policy = FixedExit(scale_out=((0.01, 0.6), (0.02, 0.3)))
    seen = view()
    kept = []
    for price in (100.5, 101.0, 102.5):
        seen.see(price, price, price, 1)
        kept.append(policy.decide(seen).keep)
    assert kept == [1.0, 0.6, 0.3]


def test_a_base_policy_says_nothing() -> None:
    """A subclass must decide."""
    with pytest.raises(NotImplementedError):
        ExitPolicy().decide(view())


def model(rule: ExitRule | None, factors: tuple[ModelFactor, ...] = ()) -> ExitModel:
    """Return a model of 100 intervals, so that a unit is ten times the volatility."""
    return ExitModel(
        horizon_ns=100 * MINUTE_NS,
        interval_ns=MINUTE_NS,
        factors=factors,
        buckets={"calm": Bucket(rule=rule), "other": Bucket(rule=None)},
        assets={str(BTC): "calm"},
    )


def rule(**conditions: Any) -> ExitRule:
    """Return a rule with these conditions alone."""
    never = {"take": NEVER, "decay": 0.0, "stop": NEVER, "trail": NEVER, "time": 1.0}
    return ExitRule(**(never | conditions))


@pytest.mark.parametrize(
    ("of", "prices", "reason"),
    [
        (rule(take=1), [100.9, 101.0], "model: holding is worth no more"),
        (rule(stop=1), [99.1, 99.0], "model: loss"),
        (rule(trail=1), [102.0, 101.0], "model: gain given back"),
        (rule(time=0.02), [100.0, 100.0], "model: time is up"),
    ],
)
def test_a_model_closes_by_each_condition_of_its_rule(
    of: ExitRule, prices: list[float], reason: str
) -> None:
    """In units of the volatility over its horizon, as known at the opening."""
    policy = AdaptiveExit(model(of))
    assert policy.bucket_of(BTC) == "calm"
    seen = view(bucket="calm")
    for i, price in enumerate(prices, 1):
        assert policy.decide(seen) is HOLD
        seen.see(price, price, price, i * MINUTE_NS)
    assert policy.decide(seen).reason == reason


def test_the_gain_to_be_taken_falls_with_time() -> None:
    """By the rule's decay, over the horizon."""
    policy = AdaptiveExit(model(rule(take=1, decay=0.5)))
    seen = view(bucket="calm")
    seen.see(100.8, 100.8, 100.8, 20 * MINUTE_NS)
    assert policy.decide(seen) is HOLD
    seen.see(100.8, 100.8, 100.8, 50 * MINUTE_NS)
    assert policy.decide(seen) is not HOLD


@pytest.mark.parametrize(
    ("bucket", "volatility"), [("other", 0.001), ("unheard of", 0.001), ("calm", math.nan)]
)
def test_where_a_model_has_no_say_another_policy_decides(bucket: str, volatility: float) -> None:
    """A bucket without a gain, one that the model does not know, an unknown volatility."""
    seen = view(volatility=volatility, bucket=bucket)
    seen.see(120.0, 120.0, 120.0, 1)
    trained = model(rule(take=1))
    assert AdaptiveExit(trained).decide(seen) is HOLD
    otherwise = AdaptiveExit(trained, otherwise=FixedExit(take=0.1))
    assert otherwise.decide(seen).reason == "take profit"


@pytest.mark.parametrize("side", [1, -1])
def test_factors_move_the_gain_to_be_taken_in_the_direction_of_the_position(side: int) -> None:
    """What speaks for a long position speaks against a short one; without a value nothing does."""
    trained = model(
        rule(take=1, weights=(0.5,)),
        (ModelFactor(name="flow", mean=1.0, scale=2.0),),
    )
    policy = AdaptiveExit(trained)
    assert policy.required_factors == ("flow",)
    schema = FactorSchema(["flow"])

    def is_held(value: float) -> bool:
        seen = view(side, bucket="calm")
        price = 100 + side * 1.2
        seen.see(price, price, price, 1)
        seen.factors = ExternalFactors.from_values(schema, [value], ts_event=1, ts_init=1)
        return policy.decide(seen) is HOLD

    assert [is_held(1.0 + side * 2.0), is_held(1.0 - side * 2.0), is_held(math.nan)] == [
        True,
        False,
        False,
    ]


def test_a_policy_beside_a_model_measures_over_the_same_interval() -> None:
    """Its distances would be of another size."""
    trained = model(rule(take=1))
    with pytest.raises(ValueError, match="otherwise"):
        AdaptiveExit(trained, otherwise=TrailingExit(multiple=3, interval=timedelta(hours=1)))
    assert AdaptiveExit(trained, otherwise=TrailingExit(multiple=3)).otherwise is not None
