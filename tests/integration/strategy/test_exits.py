"""Exits that a strategy holds, in a real engine."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.model import OrderStatus

from dolphin_strategies import ConfigError, FactorStrategyConfig
from dolphin_strategies.exits import (
    HOLD,
    AdaptiveExit,
    ExitDecision,
    ExitModel,
    ExitPolicy,
    FixedExit,
    HoldExit,
    TimeExit,
    TrailingExit,
    TripleBarrierExit,
    model_of,
    text_of,
)
from dolphin_strategies.exits.model.exit_model import Bucket, ExitRule, ModelFactor
from dolphin_strategies.testing import StrategyHarness, perpetual
from tests.support.exits.exit_trader import BTC, ETH, ExitTrader, exit_trader, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.exits import PositionView

type Make = Callable[..., StrategyHarness]

MINUTE = timedelta(minutes=1)


def test_a_fixed_exit_takes_scales_out_and_stops(strategy_harness: Make) -> None:
    """Each order reduces only, is tagged with its reason, and is sent once."""
    policy = FixedExit(take=0.02, stop=0.01, scale_out=((0.01, 0.5),))
    harness = strategy_harness(exit_trader(policy))
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.quote(101.2)
    assert harness.position() == Decimal("0.5")
    harness.quote(101.4)
    assert harness.position() == Decimal("0.5")
    harness.quote(103.0)
    assert harness.position() == 0
    harness.factors(btc=-1.0)
    harness.quote(104.2)
    assert harness.position() == 0
    assert reasons_of(harness) == ["scale out", "take profit", "stop loss"]
    exits = [o for o in harness.orders if o.tags]
    assert all(o.is_reduce_only and o.status == OrderStatus.FILLED for o in exits)
    desk = harness.strategy.exit_desk
    assert desk is not None
    assert desk.orders.sent == {"scale out": 1, "take profit": 1, "stop loss": 1}


@pytest.mark.parametrize(
    ("policy", "prices", "reason"),
    [
        (HoldExit(), [90.0, 110.0], None),
        (FixedExit(take=0.05, stop=0.05), [101.0, 106.0], "take profit"),
        (FixedExit(take=0.05, stop=0.05), [101.0, 94.0], "stop loss"),
        (TrailingExit(multiple=2), [103.0, 104.0, 101.0], "trailing stop"),
        (TripleBarrierExit(take=1, limit=9 * MINUTE), [101.0, 108.0], "take profit"),
        (TripleBarrierExit(stop=1, limit=9 * MINUTE), [101.0, 92.0], "stop loss"),
        (TripleBarrierExit(take=9, stop=9, limit=9 * MINUTE), [101.0] * 12, "time is up"),
        (TimeExit(limit=9 * MINUTE), [101.0] * 12, "time is up"),
    ],
)
def test_each_policy_closes_in_an_engine(
    strategy_harness: Make, policy: ExitPolicy, prices: list[float], reason: str | None
) -> None:
    """With a volatility of about 1 % a minute, known before the position is opened."""
    harness = strategy_harness(exit_trader(policy))
    for i in range(20):
        harness.quote(100.0 + i % 2)
        harness.wait(MINUTE)
    harness.quote(100.0)
    harness.factors(btc=1.0)
    for price in prices:
        harness.wait(MINUTE)
        harness.quote(price)
    assert reasons_of(harness) == ([] if reason is None else [reason])
    assert harness.position() == (1 if reason is None else 0)


def test_time_is_up_without_any_data(strategy_harness: Make) -> None:
    """The clock asks, at the instant; of several positions each at its own."""
    policy = TimeExit(limit=9 * MINUTE)
    harness = strategy_harness(exit_trader(policy), instruments=[perpetual(), perpetual(str(ETH))])
    harness.quote(100.0)
    harness.quote(10.0, instrument_id=str(ETH))
    harness.factors(btc=1.0)
    harness.wait(MINUTE)
    harness.factors(eth=1.0)
    harness.wait(8 * MINUTE)
    assert [harness.position(), harness.position(str(ETH))] == [0, 1]
    harness.wait(MINUTE)
    assert harness.position(str(ETH)) == 0


class Loose(ExitPolicy):
    """Hold whatever happens, and remember what was seen."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float, float, bool]] = []

    def decide(self, view: PositionView) -> ExitDecision:
        self.seen.append((view.gain, view.favourable, view.adverse, view.is_whole))
        return HOLD


def test_the_hard_stop_and_the_time_stop_hold_whatever_the_policy_says(
    strategy_harness: Make,
) -> None:
    """A policy cannot loosen them: it is not even asked."""
    stops = {"hard_stop": 0.03, "time_stop": 5 * MINUTE}
    harness = strategy_harness(exit_trader(Loose(), **stops))
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.quote(98.0)
    assert harness.position() == 1
    harness.quote(97.0)
    assert harness.position() == 0
    harness.factors(btc=-1.0)
    harness.wait(5 * MINUTE)
    assert harness.position() == 0
    assert reasons_of(harness) == ["hard stop", "time stop"]


@pytest.mark.parametrize(
    ("rule", "prices", "reasons"),
    [
        # As loose as a file may be: ten years, and distances that are never reached.
        ({"take": 1e6, "stop": 1e6, "trail": 1e6, "time": 1.0}, [98.0, 97.0], ["hard stop"]),
        ({"take": 1e6, "stop": 1e6, "trail": 1e6, "time": 1.0}, [98.0] * 6, ["time stop"]),
        # As tight: the position is closed at once, and nothing else happens.
        ({"take": 0.0, "stop": 1e-6, "trail": 1e-6, "time": 1.0}, [99.0, 99.5], ["model: loss"]),
    ],
)
def test_a_model_made_by_hand_can_only_close_early(
    strategy_harness: Make, rule: dict[str, float], prices: list[float], reasons: list[str]
) -> None:
    """With a hash that fits: hard stop and time stop hold whatever its numbers are."""
    made = ExitModel(
        horizon_ns=3_650 * 86_400_000_000_000,
        interval_ns=60_000_000_000,
        factors=(ModelFactor(name="btc", mean=-1e300, scale=1e-300),),
        buckets={"other": Bucket(rule=ExitRule(**rule, decay=0.0, weights=(10.0,)))},
        assets={},
    )
    policy = AdaptiveExit(model_of(text_of(made)))
    stops = {"hard_stop": 0.03, "time_stop": 5 * MINUTE, "required_factors": ("btc",)}
    harness = strategy_harness(exit_trader(policy, **stops))
    for i in range(20):
        harness.quote(100.0 + i % 2)
        harness.wait(MINUTE)
    harness.quote(100.0)
    harness.factors(btc=1.0)
    for price in prices:
        harness.quote(price)
        harness.wait(MINUTE)
    assert harness.position() == 0
    assert reasons_of(harness) == reasons


def test_a_stop_without_a_policy_holds_too(strategy_harness: Make) -> None:
    """Declared on the class alone; set on an instance it is refused, as nothing would act."""
    harness = strategy_harness(exit_trader(None, hard_stop=0.03))
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.quote(96.0)
    assert harness.position() == 0
    harness.close()
    strategy = ExitTrader(FactorStrategyConfig())
    strategy.hard_stop = 0.03
    with pytest.raises(ConfigError, match="without exits"):
        strategy_harness(strategy)


def test_a_policy_set_in_the_constructor_decides(strategy_harness: Make) -> None:
    """Also over one of the class; after the start it is refused."""

    class Configured(ExitTrader):
        exits: ExitPolicy | None = HoldExit()

        def __init__(self, config: FactorStrategyConfig) -> None:
            super().__init__(config)
            self.exits = FixedExit(stop=0.01)

    strategy = Configured(FactorStrategyConfig())
    harness = strategy_harness(strategy)
    harness.quote(100.0)
    harness.factors(btc=1.0)
    with pytest.raises(ConfigError, match="before the start"):
        strategy.exits = HoldExit()
    harness.quote(98.0)
    assert harness.position() == 0


def test_what_is_no_policy_or_looks_at_more_than_is_required_is_refused() -> None:
    """When the strategy is made, so that nothing starts."""

    class Looking(HoldExit):
        required_factors = ("basis",)

    with pytest.raises(TypeError, match="expected an ExitPolicy"):
        exit_trader("hold")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="basis"):
        exit_trader(Looking())
    assert exit_trader(Looking(), required_factors=("basis",)).exit_desk is not None


def test_excursions_are_those_of_the_position(strategy_harness: Make) -> None:
    """As fractions of the average entry; a position that grows keeps what it has seen."""
    policy = Loose()
    harness = strategy_harness(exit_trader(policy))
    harness.quote(100.0, 100.0)
    harness.factors(btc=1.0)
    for price in (102.0, 99.0, 101.0):
        harness.quote(price, price)
    assert policy.seen[-1] == pytest.approx((0.01, 0.02, 0.01, True))
    harness.factors(btc=1.0)
    harness.quote(101.0, 101.0)
    gain, favourable, adverse, is_whole = policy.seen[-1]
    assert gain == pytest.approx(101 / 100.5 - 1)
    assert (favourable, adverse, is_whole) == pytest.approx((0.02, 0.01, True))
    harness.factors(btc=-4.0)
    harness.quote(100.0, 100.0)
    assert policy.seen[-1] == pytest.approx((1 / 101, 1 / 101, 0.0, True))


def test_several_instruments_are_looked_at_apart(strategy_harness: Make) -> None:
    """A price of one says nothing about the other."""
    harness = strategy_harness(
        exit_trader(FixedExit(stop=0.01)), instruments=[perpetual(), perpetual(str(ETH))]
    )
    harness.quote(100.0)
    harness.quote(10.0, instrument_id=str(ETH))
    harness.factors(btc=1.0, eth=1.0)
    harness.quote(9.0, instrument_id=str(ETH))
    assert [harness.position(), harness.position(str(ETH))] == [1, 0]


class Closing(ExitTrader):
    """Close the position by itself at a price of 99."""

    ways = 0

    def on_quote(self, quote: Any) -> None:
        position = next(iter(self.cache.positions_open()), None)
        if float(quote.bid_price) == 99 and position is not None:
            if self.ways == 0:
                self.trade(BTC, -1.0)
            elif self.ways == 1:
                self.close_position(position)
            else:
                self.close_all_positions(BTC)


@pytest.mark.parametrize("ways", [0, 1, 2])
def test_what_the_strategy_closes_itself_is_not_closed_twice(
    strategy_harness: Make, ways: int
) -> None:
    """At the same datum: with an order, a position's closing, and the closing of all."""
    kind = type("Closing", (Closing,), {"exits": FixedExit(stop=0.005), "ways": ways})
    harness = strategy_harness(kind(FactorStrategyConfig()))
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.quote(99.0)
    assert harness.position() == 0
    assert reasons_of(harness) == []
    assert len(harness.orders) == 2
