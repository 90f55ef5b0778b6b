"""GREEN in an engine: sizing, limits, exits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dolphin_strategies.green.green import Green, GreenConfig
from dolphin_strategies.testing import StrategyHarness

CALM: dict[str, Any] = {"return_10s": 0.0, "vol_60s": 10.0, "p_storm": 0.1}


def run(harness: StrategyHarness, **factors: Any) -> Decimal:
    """Let the smoothed imbalance settle, then return the position."""
    for _ in range(20):
        harness.wait(timedelta(seconds=0.5))
        harness.quote(60_000.0, 60_000.1)
        harness.factors(**(CALM | factors))
    return harness.position()


def green(**config: Any) -> StrategyHarness:
    """Return a harness of GREEN."""
    return StrategyHarness(Green(GreenConfig(max_position=Decimal(1), **config)))


@pytest.mark.parametrize(("vol_bps", "size"), [(10.0, "0.033"), (20.0, "0.017")])
def test_a_wilder_market_makes_the_position_smaller(vol_bps: float, size: str) -> None:
    """By risk over price times deviation."""
    with green() as harness:
        assert run(harness, imbal=0.9, vol_60s=vol_bps) == Decimal(size)
    with green() as harness:
        assert run(harness, imbal=-0.9, vol_60s=vol_bps) == -Decimal(size)


def test_without_conviction_or_in_a_storm_nothing_is_entered() -> None:
    """An imbalance that is too small, and a wild market."""
    with green() as harness:
        assert run(harness, imbal=0.1) == 0
        assert run(harness, imbal=0.9, p_storm=0.9) == 0


def test_the_opposite_signal_closes() -> None:
    """Before any exit, and enters the other way."""
    with green() as harness:
        assert run(harness, imbal=0.9) > 0
        assert run(harness, imbal=-0.9) < 0


def test_the_days_loss_ends_the_day() -> None:
    """The open position counts; nothing is entered again that day, and the next day it is."""
    with green(max_loss_per_day=5.0, hard_stop=0.5) as harness:
        assert run(harness, imbal=0.9) > 0
        for _ in range(4):
            harness.wait(timedelta(seconds=0.5))
            harness.quote(59_000.0, 59_000.1)
            harness.factors(imbal=0.9, **CALM)
        assert harness.position() == 0
        orders = len(harness.orders)
        assert run(harness, imbal=-0.9) == 0
        assert len(harness.orders) == orders
        harness.wait(timedelta(days=1))
        assert run(harness, imbal=-0.9) < 0


def test_stale_factors_close_the_position() -> None:
    """Five seconds after the last record."""
    with green() as harness:
        assert run(harness, imbal=0.9) > 0
        harness.wait(timedelta(seconds=4))
        harness.quote(60_000.0, 60_000.1)
        harness.wait(timedelta(seconds=2))
        assert harness.position() == 0


def test_an_exit_keeps_it_out_until_the_signal_has_turned() -> None:
    """The time stop closes; the same signal does not enter again."""
    with green() as harness:
        assert run(harness, imbal=0.9) > 0
        for _ in range(10):
            run(harness, imbal=0.9)
        orders = len(harness.orders)
        for _ in range(5):
            run(harness, imbal=0.9)
        assert harness.position() == 0
        assert len(harness.orders) >= 2
        assert run(harness, imbal=0.0) == 0
        assert run(harness, imbal=0.9) > 0
        assert orders <= len(harness.orders)
