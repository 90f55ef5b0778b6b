"""Measures of made series: drawdowns, daily returns, positions; and beside quantstats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from backtests.run.results.accounting.measures.daily_returns import daily_returns, return_figures
from backtests.run.results.accounting.measures.drawdowns import drawdowns
from backtests.run.results.accounting.measures.exposure import exposure_figures
from backtests.run.results.accounting.measures.hold import hold_figures
from backtests.run.results.accounting.measures.trade_figures import trade_figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY: Final = 86_400_000_000_000
FIRST: Final = 20_454
"""2026-01-01, a Thursday, in days since 1970."""


def at(*days: float) -> NDArray[np.int64]:
    """Return instants, in days after 2026-01-01."""
    return np.array([round((FIRST + day) * DAY) for day in days], np.int64)


def test_drawdowns_have_their_peak_trough_and_recovery() -> None:
    """The deepest one first; an unfinished one has no recovery; equal peaks are one recovery."""
    values = np.array([100.0, 110, 99, 105, 110, 120, 60, 90, 119])
    ts = at(*range(9))
    deepest, other = drawdowns(ts, values, 10)
    assert (deepest.amount, deepest.fraction) == (-60, -0.5)
    assert (deepest.start_ns, deepest.trough_ns, deepest.recovery_ns) == (ts[5], ts[6], None)
    assert other.amount == -11
    assert other.fraction == pytest.approx(-0.1)
    assert (other.start_ns, other.trough_ns, other.recovery_ns) == (ts[1], ts[2], ts[4])
    assert drawdowns(ts, values, 1) == [deepest]


@pytest.mark.parametrize("values", [[], [5.0], [1.0, 2.0, 2.0, 3.0]])
def test_a_series_that_never_falls_has_no_drawdown(values: list[float]) -> None:
    """None, one or rising values."""
    assert drawdowns(at(*range(len(values))), np.array(values), 5) == []


def test_a_drawdown_from_a_peak_of_nothing_has_no_fraction() -> None:
    """An account that starts with nothing can lose, but no part of it."""
    (found,) = drawdowns(at(0, 1), np.array([0.0, -5.0]), 5)
    assert (found.amount, found.fraction) == (-5, None)


def test_daily_returns_are_of_whole_days_and_of_the_newest_value_at_midnight() -> None:
    """The rests of days at both ends are left out; a value at midnight ends its day."""
    ts = at(0.5, 0.9, 1.0, 1.4, 2.9, 3.5)
    values = np.array([90.0, 95, 100, 110, 121, 500])
    assert daily_returns(ts, values).tolist() == pytest.approx([0.1, 0.1])
    assert daily_returns(at(0.1, 0.9), np.array([1.0, 2])).tolist() == []


def test_days_without_a_market_are_no_days_of_it() -> None:
    """Friday's change is Friday's, a weekend is no return, what happens on it is Monday's."""
    ts = at(0, 1, 2, 3.5, 4, 5)
    values = np.array([100.0, 110, 121, 133.1, 133.1, 133.1])
    market_days = {FIRST, FIRST + 1, FIRST + 4}
    assert daily_returns(ts, values, market_days).tolist() == pytest.approx([0.1, 0.1, 0.1])
    assert len(daily_returns(ts, values)) == 5


@pytest.mark.parametrize(
    ("returns", "least", "why"),
    [
        (np.full(9, 0.01), 1.0, "9 whole days, 10 needed"),
        (np.zeros(20), 1.0, "the equity did not move"),
        (np.linspace(-0.1, 0.1, 20), 0.0, "not above 0"),
    ],
)
def test_where_there_is_no_statistic_there_is_a_reason(
    returns: NDArray[np.float64], least: float, why: str
) -> None:
    """Too few days, nothing but one value, nothing left."""
    found = return_figures(returns, 365, is_owned=least > 0)
    assert found.sharpe is found.sortino is found.volatility is found.annual_return is None
    assert why in found.why_none


def test_returns_that_never_fall_have_no_sortino_ratio() -> None:
    """It would be infinite."""
    found = return_figures(np.linspace(0.0, 0.01, 20), 365)
    assert found.sortino is None
    assert found.sharpe is not None


def test_positions_are_counted_after_costs() -> None:
    """By hand; a result of 0 is no win; the longest run of losses."""
    pnl = np.array([5.0, -1, -1, 0, 5, -2, 5, 5, 5, -1])
    found = trade_figures(pnl, np.arange(10.0))
    assert found.win_rate == 0.5
    assert found.profit_factor == pytest.approx(25 / 5)
    assert (found.mean, found.mean_winner, found.mean_loser) == (2, 5, -1)
    assert (found.best, found.worst, found.losses_in_a_row) == (5, -2, 3)
    assert (found.mean_holding_s, found.longest_holding_s) == (4.5, 9)
    few = trade_figures(pnl[:9], np.arange(9.0))
    assert few.win_rate is few.profit_factor is few.mean is None
    assert (few.closed, few.best) == (9, 5)
    assert few.why_none == "9 closed positions, 10 needed"
    assert trade_figures(np.ones(12), np.ones(12)).profit_factor is None


def test_exposure_weighs_with_time() -> None:
    """A large position for a short time is a small mean and a large maximum."""
    ts = at(0, 1, 1.5, 4)
    found = exposure_figures(ts, np.array([0.0, 800, 200, 0]), np.full(4, 100.0), 1_000.0)
    assert found.time_in_market == pytest.approx(0.75)
    assert found.mean_notional == pytest.approx((800 * 0.5 + 200 * 2.5) / 3)
    assert (found.max_notional, found.max_leverage, found.turnover) == (800, 8, 10)


def test_the_benchmark_begins_at_the_first_price() -> None:
    """What was before it is not known."""
    found = hold_figures(at(0, 1, 2, 3), np.array([np.nan, 50.0, 40, 60]), 365, None)
    assert (found.first_price, found.last_price) == (50, 60)
    assert found.total_return == pytest.approx(0.2)
    assert found.drawdown is not None
    assert found.drawdown.fraction == pytest.approx(-0.2)
    assert hold_figures(at(0), np.array([np.nan]), 365, None).total_return is None


@pytest.mark.long
@pytest.mark.timeout(300)
def test_ratios_are_those_of_quantstats_where_the_definition_is_the_same() -> None:
    """The same equity: equal; rates of positions are not those of days, which it counts.

    One test, so that one worker imports quantstats, which takes seconds.
    """
    import pandas as pd
    from quantstats import stats

    for days_per_year in (252, 365):
        random = np.random.default_rng(days_per_year)
        returns = random.normal(0.001, 0.02, 400)
        equity = 1_000 * np.cumprod(np.concatenate([[1.0], 1 + returns]))
        ts = at(*range(401))
        own = daily_returns(ts, equity)
        found = return_figures(own, days_per_year)
        theirs = pd.Series(own, pd.to_datetime(ts[1:]))
        assert found.sharpe == pytest.approx(stats.sharpe(theirs, periods=days_per_year))
        assert found.sortino == pytest.approx(stats.sortino(theirs, periods=days_per_year))
        assert found.volatility == pytest.approx(stats.volatility(theirs, periods=days_per_year))
        assert found.annual_return == pytest.approx(stats.cagr(theirs, periods=days_per_year))
        (deepest,) = drawdowns(ts, equity, 1)
        prices = pd.Series(equity, pd.to_datetime(ts))
        assert deepest.fraction == pytest.approx(stats.max_drawdown(prices))

    # Positions over three days each, two of which gained.
    days = pd.Series([0.02, -0.01, 0.02] * 10, pd.date_range("2026-01-01", periods=30))
    assert trade_figures(np.full(10, 0.03), np.ones(10)).win_rate == 1
    assert stats.win_rate(days) == pytest.approx(2 / 3)
    profit_factor: Any = stats.profit_factor
    assert profit_factor(days) == pytest.approx(4)
    assert stats.exposure(days) == 1
