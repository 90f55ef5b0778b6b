"""The price gate in a backtest: no order meets a price that is too old."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from nautilus_trader.model import OrderSide

from tests.support.strategies.stepwise import buy, close, sell, submit
from tests.support.strategies.stepwise_run import KINDS, run_steps

if TYPE_CHECKING:
    from pathlib import Path

IN_THE_HOLE: Final = "PRICE_TOO_OLD: BTCUSDT-PERP.BINANCE has no price younger than 5 s"


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_without_a_price_is_refused_with_that_reason(tmp_path: Path, kind: str) -> None:
    """Market orders, limits, stops and closings in the hole; after it orders fill again."""
    ran = run_steps(
        tmp_path / "catalog",
        kind,
        {
            9.5: buy,
            20.5: buy,
            21.5: partial(submit, kind="limit", side=OrderSide.BUY, price=90),
            22.5: partial(submit, kind="stop_market", side=OrderSide.SELL, price=80),
            23.5: close,
            59.999: sell,
            65.5: sell,
        },
    )
    assert ran.reasons() == [IN_THE_HOLE] * 5
    assert not ran.reasons("Rejected")
    assert [(second, side) for second, side, _ in ran.fills] == [(9.5, "BUY"), (65.5, "SELL")]
    assert ran.fills[-1][2] == pytest.approx(265, abs=0.2)
    (hole,) = ran.market.holes
    assert (hole.refused, hole.waited) == (5, 0)
    assert [(trade.side, trade.quantity) for trade in hole.trades] == [("LONG", 0.01)]
    assert "5 denied: PRICE_TOO_OLD" in ran.text
    assert "no price for 50s" in ran.text


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_waits_for_the_next_price(tmp_path: Path, kind: str) -> None:
    """It is filled at that price, at its instant."""
    ran = run_steps(tmp_path / "catalog", kind, {9.5: buy, 20.5: sell}, stale_price="wait")
    assert not ran.reasons()
    assert [(second, side) for second, side, _ in ran.fills] == [(9.5, "BUY"), (60.0, "SELL")]
    assert ran.fills[-1][2] == pytest.approx(260, abs=0.2)
    assert (ran.market.holes[0].refused, ran.market.holes[0].waited) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_resting_stop_meets_the_first_price_after_the_hole(tmp_path: Path, kind: str) -> None:
    """Not the one before it, and not the second one after it."""
    stop = partial(submit, kind="stop_market", side=OrderSide.BUY, price=150)
    ran = run_steps(tmp_path / "catalog", kind, {8.5: stop, 62.5: sell})
    assert [(second, side) for second, side, _ in ran.fills] == [(60.0, "BUY"), (62.5, "SELL")]
    assert ran.fills[0][2] == pytest.approx(260, abs=0.2)


@pytest.mark.parametrize("stale_price", ["refuse", "wait"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_latency_the_price_must_be_young_enough_on_arrival(
    tmp_path: Path, kind: str, stale_price: str
) -> None:
    """What is on its way when the price grows too old is filled at its last young instant; what
    would arrive later is refused or waits.
    """
    ran = run_steps(
        tmp_path / "catalog",
        kind,
        {13.0: buy, 14.8: buy},
        latency_ms=500,
        stale_price=stale_price,
    )
    second, _, price = ran.fills[0]
    assert second <= 15.0
    assert price == pytest.approx(110, abs=0.2)
    assert not ran.reasons("Rejected")
    if stale_price == "refuse":
        assert ran.reasons() == [IN_THE_HOLE]
    else:
        assert not ran.reasons()
        assert ran.fills[1][0] == pytest.approx(60.5, abs=0.6)
        assert ran.fills[1][2] >= 260


@pytest.mark.parametrize("chunk_rows", [1, 7])
def test_small_chunks_change_nothing(tmp_path: Path, chunk_rows: int) -> None:
    """A hole between two chunks is a hole."""
    actions = {9.5: buy, 20.5: sell, 40.0: buy, 62.5: sell}
    small = run_steps(tmp_path / "small", "quotes", actions, chunk_rows=chunk_rows)
    large = run_steps(tmp_path / "large", "quotes", actions)
    assert small.fills == large.fills
    assert small.strategy.events == large.strategy.events
    assert small.market == large.market


def test_by_default_the_age_is_of_the_data(tmp_path: Path) -> None:
    """Three bars but 5 s at least; 1,000 distances of quotes, so that a hole of 50 s is none."""
    bars = run_steps(tmp_path / "bars", "bars", {20.5: buy}, max_price_age=None)
    assert bars.market.max_price_age_ns == 5_000_000_000
    quotes = run_steps(tmp_path / "quotes", "quotes", {20.5: buy}, max_price_age=None)
    assert quotes.market.max_price_age_ns == 1_000_000_000_000
    assert not quotes.market.holes
    assert quotes.fills[0][0] == 20.5


def test_a_price_may_be_of_any_age_if_asked(tmp_path: Path) -> None:
    """Then there is no gate: Nautilus fills at the last price, however old."""
    ran = run_steps(tmp_path / "catalog", "quotes", {40.0: buy}, max_price_age="none")
    assert ran.fills[0][:2] == (40.0, "BUY")
    assert ran.fills[0][2] == pytest.approx(110.1)
    assert not ran.market.holes
