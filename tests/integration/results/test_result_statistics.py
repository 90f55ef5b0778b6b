"""Costs, exposure and statistics of runs, and where there is no statistic."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from backtests.engine.backtest_venue import BacktestVenue
from backtests.run.results.accounting.reconciliation import unexplained
from tests.support.catalogs.backtests.hand_figures import FLIPS, ROWS, equity_by_hand
from tests.support.catalogs.backtests.traded_markets import (
    HALF_SPREAD,
    START_NS,
    Market,
    linear,
    traded,
    walk,
)
from tests.support.strategies.planned_trader import Step

if TYPE_CHECKING:
    from pathlib import Path


def test_slippage_is_measured_from_what_was_expected(tmp_path: Path) -> None:
    """A market order from the mid, a stop from its trigger, a resting limit order not at all."""
    mids = [60_000.0, 60_000.0, 60_000.0, 59_000.0, 59_000.0, 58_000.0, 58_000.0]
    market = Market(instrument=linear(), mids=mids)
    plan = [
        Step(1, "BUY", "2"),
        Step(2, "SELL", "1", stop="59500.0"),
        Step(4, "SELL", "1", limit="59100.0"),
    ]
    with traded(tmp_path / "c", [market], plan, closes_at_end=True) as (_, _, figures):
        fills = figures.books.ledger.fills
        assert fills["price"].tolist() == [60_000.5, 58_999.5, 57_999.5]
        expected = 2 * HALF_SPREAD + (59_500 - 58_999.5) + HALF_SPREAD
        assert figures.trading.accounts["USDT"].slippage == pytest.approx(expected)


def test_a_resting_limit_order_that_is_filled_has_no_slippage(tmp_path: Path) -> None:
    """It makes its own price, far from the mid at which it was sent."""
    market = Market(instrument=linear(), mids=[60_000.0, 60_000.0, 59_000.0, 59_000.0])
    plan = [Step(1, "BUY", "1", limit="59500.0")]
    with traded(tmp_path / "c", [market], plan) as (_, _, figures):
        assert figures.books.ledger.fills["price"].tolist() == [59_500.0]
        assert figures.trading.accounts["USDT"].slippage == 0


def test_slippage_with_latency_is_from_the_price_when_the_order_was_sent(tmp_path: Path) -> None:
    """The price moves while the order is on its way."""
    market = Market(instrument=linear(), mids=[60_000.0, 60_000.0, 60_100.0, 60_100.0])
    venue = BacktestVenue(latency_ms=1_000)
    with traded(tmp_path / "c", [market], [Step(2, "BUY", "1")], venue=venue) as (_, _, figures):
        assert figures.books.ledger.fills["price"].tolist() == [60_100.5]
        assert figures.trading.accounts["USDT"].slippage == pytest.approx(100 + HALF_SPREAD)


def test_a_settlement_is_an_exit_without_slippage(tmp_path: Path) -> None:
    """The venue closes what is open when a contract expires, at the price of the settlement."""
    market = Market(instrument=linear(), mids=walk(20), expires=(15, 61_000.0))
    with traded(tmp_path / "c", [market], [Step(2, "BUY", "1")]) as (_, _, figures):
        (row,) = figures.books.positions
        assert not row["is_open"]
        assert row["exit_price"] == 61_000
        assert row["exit_ns"] == market.ts[15] + 5
        assert row["slippage"] == pytest.approx(HALF_SPREAD)
        assert figures.books.ts[0] == START_NS
        account = figures.trading.accounts["USDT"]
        assert account.pnl == pytest.approx(61_000 - row["entry_price"] - account.fees)
        assert account.unexplained == 0


def test_refused_orders_are_counted_by_their_reason(tmp_path: Path) -> None:
    """Reasons that differ in their numbers only are one, shown as the first order had it."""
    market = Market(instrument=linear(), mids=walk(10))
    plan = [Step(i, "BUY", str(5_000 + i)) for i in range(2, 7)] + [Step(7, "BUY", "1")]
    with traded(tmp_path / "c", [market], plan) as (_, _, figures):
        t = figures.trading
        assert (t.orders, t.refused, t.fills) == (6, 5, 1)
        (refusal,) = t.refusals
        assert (refusal.what, refusal.count) == ("denied", 5)
        assert "MARGIN_EXCEEDS_FREE_BALANCE" in refusal.reason


def test_a_strategy_with_few_positions_has_no_ratios(tmp_path: Path) -> None:
    """However many days: a Sharpe ratio of three decisions is none; it says why."""
    market = Market(instrument=linear(), mids=walk(24 * 30))
    with traded(tmp_path / "c", [market], FLIPS) as (_, _, figures):
        account = figures.trading.accounts["USDT"]
        assert account.returns.days == 29
        assert account.returns.sharpe is account.returns.sortino is None
        assert account.trades.win_rate is account.trades.profit_factor is None
        assert account.returns.why_none == account.trades.why_none
        assert account.trades.why_none == "3 closed positions, 10 needed"
        assert figures.trading.instruments["BTCUSDT-PERP.BINANCE"].hold.sharpe is not None


def test_a_strategy_with_many_positions_has_ratios_of_365_days(tmp_path: Path) -> None:
    """From the equity at midnight, by hand; other days of a year by setting."""
    market = Market(instrument=linear(), mids=walk(24 * 30), rates=((30, "0.0001"),))
    plan = [Step(7 * i + 3, "BUY" if i % 2 else "SELL", "0.5") for i in range(90)]
    equity: dict[int, float] = {}
    for days in (365, 100):
        with traded(
            tmp_path / str(days), [market], plan, days_per_year=None if days == 365 else days
        ) as (engine, _, figures):
            if not equity:
                for day in range(30):
                    at = equity_by_hand(engine, market, START_NS + day * 24 * market.step_ns)
                    equity[day] = 100_000 + float(at["price"] + at["funding"] - at["fees"])
            values = np.array([equity[day] for day in range(30)])
            returns = values[1:] / values[:-1] - 1
            found = figures.trading.accounts["USDT"].returns
            assert (found.days, found.days_per_year) == (29, days)
            expected = returns.mean() / returns.std(ddof=1) * np.sqrt(days)
            assert found.sharpe == pytest.approx(expected)
            assert found.volatility == pytest.approx(returns.std(ddof=1) * np.sqrt(days))


def test_currencies_and_venues_have_accounts_of_their_own(tmp_path: Path) -> None:
    """Two venues of one currency are one account; another currency is another."""
    markets = [
        Market(instrument=linear(), mids=walk(ROWS, 1)),
        Market(instrument=linear("BTCUSDT.BYBIT"), mids=walk(ROWS, 2)),
        Market(instrument=linear("BTCUSDC.OKX", "USDC"), mids=walk(ROWS, 3)),
    ]
    names = [str(m.instrument.id) for m in markets]
    plan = [Step(3 * i + 4, "BUY", "1", instrument=names[i % 3]) for i in range(6)]
    venue = BacktestVenue(balances=["100000 USDT", "50000 USDC"])
    with traded(tmp_path / "c", markets, plan, venue=venue) as (_, _, figures):
        t = figures.trading
        assert t.fills == 6
        assert sorted(t.accounts) == ["USDC", "USDT"]
        assert t.accounts["USDT"].start == 300_000
        assert t.accounts["USDC"].start == 150_000
        by_currency: defaultdict[str, float] = defaultdict(float)
        for row in figures.books.positions:
            contract = figures.books.ledger.contracts[row["contract"]]
            own = next(m for m in markets if str(m.instrument.id) == contract.instrument_id)
            assert row["mark"] == own.mids[-1]
            by_currency[contract.currency] += row["pnl"]
        assert t.pnl == pytest.approx(dict(by_currency))
        assert set(t.instruments) == set(names)
        for i in t.instruments.values():
            assert (i.positions, i.fills) == (1, 2)
            assert i.pnl == pytest.approx(i.price_pnl - i.fees)
        assert sum(i.pnl for i in t.instruments.values()) == pytest.approx(sum(t.pnl.values()))


def test_exposure_is_what_was_held_and_how_long(tmp_path: Path) -> None:
    """One unit for ten of twenty hours, at prices that stay."""
    market = Market(instrument=linear(), mids=[60_000.0] * 21)
    plan = [Step(3, "BUY", "1"), Step(13, "SELL", "1")]
    with traded(tmp_path / "c", [market], plan) as (_, _, figures):
        e = figures.trading.accounts["USDT"].exposure
        assert e.time_in_market == pytest.approx(0.5)
        assert e.mean_notional == pytest.approx(60_000)
        assert e.max_notional == pytest.approx(60_000)
        assert e.traded == pytest.approx(60_000.5 + 59_999.5)
        assert e.turnover == pytest.approx(1.2, rel=1e-3)
        (instrument,) = figures.trading.instruments.values()
        assert instrument.hold.total_return == 0
        assert instrument.traded == e.traded


def test_a_run_without_a_trade_has_figures_without_a_statistic(tmp_path: Path) -> None:
    """Nothing is divided by nothing; the equity is the balance."""
    market = Market(instrument=linear(), mids=walk(20))
    with traded(tmp_path / "c", [market], []) as (_, _, figures):
        account = figures.trading.accounts["USDT"]
        assert account.pnl == account.fees == account.exposure.turnover == 0
        assert account.return_on_notional is account.return_on_traded is None
        assert account.drawdowns == []
        assert set(figures.books.stated_equity("USDT")) == {100_000.0}


def test_an_account_that_loses_more_than_it_has_has_no_ratios(tmp_path: Path) -> None:
    """Equity below 0 has no returns; drawdowns are still told."""
    mids = [60_000.0, 60_000.0, *np.linspace(60_000, 1_000, 40).tolist()]
    market = Market(instrument=linear(), mids=mids, step_ns=24 * 3_600_000_000_000)
    venue = BacktestVenue(leverage=Decimal(100))
    with traded(tmp_path / "c", [market], [Step(2, "BUY", "20")], venue=venue) as (_, _, figures):
        account = figures.trading.accounts["USDT"]
        assert account.end < 0
        assert account.returns.sharpe is None
        assert account.exposure.max_leverage is None
        assert account.drawdowns[0].amount == pytest.approx(
            account.end - figures.books.stated_equity("USDT").max()
        )


def test_a_result_that_the_balances_do_not_have_is_told(tmp_path: Path) -> None:
    """A result that is one too high is one that the balances never gained."""
    market = Market(instrument=linear(), mids=walk(ROWS))
    with traded(tmp_path / "c", [market], FLIPS) as (engine, _, figures):
        pnl = {"USDT": figures.trading.pnl["USDT"] + 1.0}
        assert unexplained(engine, figures.books, pnl)["USDT"] == pytest.approx(-1.0)
