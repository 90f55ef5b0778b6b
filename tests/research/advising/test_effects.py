"""What an advice finds: planted effects with their size, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.advising.block_permutation import block_orders
from backtests.advising.calendar_advice import calendar_advice
from backtests.advising.calendar_effects import calendar_effects
from backtests.advising.trade_outcomes import TradeOutcomes
from tests.research.advising.trades import DAYS, START_NS, WEDNESDAY, made_trades, shuffled
from tests.support.lengths import counts


def test_a_planted_weekday_is_found_with_its_size() -> None:
    """And the filter that follows leaves it out, and nothing else."""
    outcomes = made_trades(400, planted_bps=-40.0)
    effects = calendar_effects(outcomes, draws=500)
    assert [str(e.question.rule) for e in effects.survivors] == [WEDNESDAY]
    (found,) = effects.survivors
    assert found.low_bps < -40 < found.high_bps < 0
    assert found.p <= found.q <= 0.1
    assert found.p <= found.p_all
    advice = calendar_advice(outcomes, effects)
    assert advice.stay_out == (WEDNESDAY,)
    assert advice.kept == 400 - found.trades
    assert advice.kept_bps == pytest.approx(found.others_bps)


def test_an_effect_that_pays_on_both_sides_is_no_reason_for_a_filter() -> None:
    """Leaving out what pays less, and pays, costs what it pays."""
    outcomes = made_trades(400, planted_bps=-40.0, mean_bps=60.0)
    effects = calendar_effects(outcomes, draws=500)
    assert effects.survivors
    assert calendar_advice(outcomes, effects).stay_out == ()


def test_where_only_a_range_pays_the_rest_is_left_out() -> None:
    """A gain on Wednesdays among losses keeps Wednesdays."""
    outcomes = made_trades(500, planted_bps=60.0, mean_bps=-15.0)
    effects = calendar_effects(outcomes, draws=500)
    advice = calendar_advice(outcomes, effects)
    assert advice.stay_out[:2] == ("utc_weekday < 2", "3 <= utc_weekday")
    assert advice.kept_bps > 20


@counts("runs", 20, long=200)
def test_shuffled_trades_advise_nothing(runs: int) -> None:
    """In at least 95 % of the runs; what is shuffled has a strong effect of its own."""
    real = made_trades(300, planted_bps=-60.0, seed=5)
    advised = sum(
        bool(calendar_effects(shuffled(real, i), draws=200, seed=i).survivors) for i in range(runs)
    )
    assert advised <= 0.05 * runs


@counts("runs", 3, long=200)
def test_dependent_trades_without_an_effect_advise_little(runs: int) -> None:
    """Neighbours share half of their result: the dependence is only estimated, so up to 8 %."""
    advised = sum(
        bool(
            calendar_effects(
                made_trades(300, persistence=0.5, seed=100 + i), draws=200, seed=i
            ).survivors
        )
        for i in range(runs)
    )
    assert advised <= max(0.08 * runs, 1)


def test_the_same_seed_gives_the_same_advice() -> None:
    """To the last bit."""
    outcomes = made_trades(200)
    first, second = (repr(calendar_effects(outcomes, draws=150, seed=4)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("count", [0, 1, 9, 200])
def test_few_trades_or_those_of_one_day_are_no_evidence(count: int) -> None:
    """However large their effect: each question needs trades of five days on both sides."""
    outcomes = made_trades(count, days=1, planted_bps=-500.0, rule="utc_hour < 12")
    effects = calendar_effects(outcomes, draws=150)
    assert effects.asked == 0
    assert effects.survivors == ()
    assert calendar_advice(outcomes, effects).stay_out == ()


def test_trades_that_all_pay_the_same_are_no_evidence() -> None:
    """Nothing differs, nothing divides by zero."""
    at = START_NS + np.arange(0, DAYS * 24, 7) * 3_600_000_000_000
    outcomes = TradeOutcomes(entry_ns=at, return_bps=np.full(len(at), -3.0), origins=[])
    effects = calendar_effects(outcomes, draws=150)
    assert effects.asked > 0
    assert effects.survivors == ()


def test_an_order_keeps_neighbours_together_and_every_trade_once() -> None:
    """With a mean of eight, about seven of eight pairs stay neighbours; alone, none does."""
    random = np.random.default_rng(1)
    for block, share in ((8.0, 7 / 8), (1.0, 0.0)):
        orders = block_orders(200, block, 50, random)
        assert (np.sort(orders, axis=1) == np.arange(200)).all()
        together = (np.diff(orders, axis=1) % 200 == 1).mean()
        assert together == pytest.approx(share, abs=0.03)
