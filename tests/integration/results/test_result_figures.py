"""The figures of runs, each recomputed by hand from Nautilus's own fills and the made prices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from backtests.engine.backtest_venue import BacktestVenue
from backtests.run.results.accounting.contract import contract_of
from tests.support.catalogs.backtests.hand_figures import (
    FLIPS,
    ROWS,
    equity_by_hand,
    fills_of,
    worth,
)
from tests.support.catalogs.backtests.traded_markets import (
    Market,
    inverse,
    linear,
    spot,
    traded,
    walk,
)
from tests.support.strategies.planned_trader import Step

if TYPE_CHECKING:
    from pathlib import Path

    from nautilus_trader.backtest import BacktestEngine

    from backtests.run.results.figures.run_figures import Figures

SPOTS: Final = (Step(2, "BUY", "1"), Step(9, "SELL", "0.4"), Step(30, "BUY", "0.123456"))
CONTRACTS: Final = tuple(Step(s.row, s.side, str(int(float(s.quantity) * 100_000))) for s in FLIPS)
HOURLY: Final = tuple((i, "0.0001" if i % 3 else "-0.0003") for i in range(1, ROWS - 1))
CENT: Final = 0.005
CASES: Final[dict[str, tuple[Any, ...]]] = {
    "netting": (linear(), "quotes", FLIPS, BacktestVenue(), HOURLY),
    "hedging": (linear(), "quotes", FLIPS, BacktestVenue(oms="hedging"), HOURLY),
    "trades": (linear(), "trades", FLIPS, BacktestVenue(), HOURLY),
    "bars": (linear(), "bars", FLIPS, BacktestVenue(latency_ms=1_000), ()),
    "inverse": (inverse(), "quotes", CONTRACTS, BacktestVenue(balances=["10 BTC"]), HOURLY),
    "cash": (spot(), "quotes", SPOTS,
             BacktestVenue(account="cash", balances=["500000 USDT", "3 BTC"]), ()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_result_is_that_of_fills_and_fundings_to_the_cent(name: str, tmp_path: Path) -> None:
    """Netting with reversals, hedging, inverse, cash, on quotes, trades and bars."""
    instrument, kind, plan, venue, rates = CASES[name]
    market = Market(instrument=instrument, mids=walk(ROWS), kind=kind, rates=rates)
    code = contract_of(instrument).currency
    tolerance = CENT if code == "USDT" else 1e-7
    with traded(tmp_path / "c", [market], plan, venue=venue) as (engine, _, figures):
        hand = equity_by_hand(engine, market, market.ts[-1])
        t, books = figures.trading, figures.books
        assert t.fills == len(plan)
        assert t.price_pnl[code] == pytest.approx(float(hand["price"]), abs=tolerance)
        assert t.funding[code] == pytest.approx(float(hand["funding"]), abs=tolerance)
        assert t.fees[code] == pytest.approx(float(hand["fees"]), abs=tolerance)
        assert bool(t.funding[code]) is bool(rates)
        total = hand["price"] + hand["funding"] - hand["fees"]
        assert t.pnl[code] == pytest.approx(float(total), abs=tolerance)
        assert books.positions["pnl"].sum() == pytest.approx(t.pnl[code], abs=tolerance)
        start = t.accounts[code].start
        for ts, equity in zip(books.stated_ts.tolist(), books.stated_equity(code), strict=True):
            if ts % market.step_ns < 60_000_000_000:
                at = equity_by_hand(engine, market, ts)
                expected = at["price"] + at["funding"] - at["fees"]
                assert equity - start == pytest.approx(float(expected), abs=tolerance)
        assert all(a.unexplained == 0 for a in t.accounts.values())
        agrees_with_the_account(engine, market, figures, code, tolerance)


def agrees_with_the_account(
    engine: BacktestEngine, market: Market, figures: Figures, code: str, tolerance: float
) -> None:
    """Check the result against the balance that Nautilus kept, and what was still held."""
    account = engine.cache.account_for_venue(market.instrument.id.venue)
    assert account is not None
    currency = next(c for c in account.balances_total() if c.code == code)
    start = account.starting_balances()[currency].as_double()
    gained = account.balances_total()[currency].as_double() - start
    last = float(worth(market, market.mids[-1]))
    if account.account_type.name == "CASH":
        held = sum(q for _, q, _, _ in fills_of(engine))
        open_value = float(held) * last
    else:
        open_value = sum(
            p.signed_qty * (last - float(worth(market, p.avg_px_open)))
            for p in engine.cache.positions_open()
        )
    assert gained + open_value == pytest.approx(figures.trading.pnl[code], abs=tolerance)


def test_an_inverse_position_of_several_entries_is_what_an_exchange_pays(tmp_path: Path) -> None:
    """Nautilus averages its entries arithmetically, and books nothing; the difference is told."""
    mids = [50_000.0, 50_000.0, 60_000.0, 60_000.0, 55_000.0, 55_000.0]
    market = Market(instrument=inverse(), mids=mids, kind="trades")
    plan = [Step(2, "BUY", "100000"), Step(4, "BUY", "100000"), Step(6, "SELL", "200000")]
    venue = BacktestVenue(balances=["100 BTC"], maker_fee=Decimal(0), taker_fee=Decimal(0))
    with traded(tmp_path / "c", [market], plan, venue=venue) as (_, _, figures):
        paid = 100_000 * (1 / 50_000 - 1 / 55_000) + 100_000 * (1 / 60_000 - 1 / 55_000)
        account = figures.trading.accounts["BTC"]
        assert account.pnl == pytest.approx(paid, abs=1e-8)
        assert account.unexplained == pytest.approx(-paid, abs=1e-8)
        (row,) = figures.books.positions
        assert row["entry_price"] == pytest.approx(2 / (1 / 50_000 + 1 / 60_000))


def test_positions_are_those_of_nautilus(tmp_path: Path) -> None:
    """Number, side, duration, fees and funding of each, the reversed ones included."""
    market = Market(instrument=linear(), mids=walk(ROWS), rates=HOURLY)
    with traded(tmp_path / "c", [market], FLIPS) as (engine, _, figures):
        cache = engine.cache
        theirs = sorted(
            [*cache.position_snapshots(), *cache.positions()], key=lambda p: p.ts_opened
        )
        ours = figures.books.positions
        assert [bool(p.is_open) for p in theirs] == ours["is_open"].tolist()
        assert ours["is_open"].tolist() == [False, False, False, True]
        assert ours["side"].tolist() == [1, -1, -1, 1]
        assert ours["fills"].tolist() == [len(p.events()) for p in theirs]
        for row, position in zip(ours[:3], theirs[:3], strict=True):
            assert row["exit_ns"] - row["entry_ns"] == position.duration_ns
            assert position.realized_pnl is not None
            assert row["pnl"] == pytest.approx(position.realized_pnl.as_double(), abs=CENT)
            assert row["peak_quantity"] == position.peak_qty.as_double()


@pytest.mark.parametrize("kind", ["quotes", "trades", "bars"])
def test_excursions_are_the_extremes_of_the_running_result(kind: str, tmp_path: Path) -> None:
    """Against a loop over all prices; of a bar its low and its high."""
    market = Market(instrument=linear(), mids=walk(ROWS, width=200), kind=kind, reach=90.0)
    with traded(tmp_path / "c", [market], FLIPS) as (_, _, figures):
        books = figures.books
        fills, reach = books.ledger.fills, market.reach if kind == "bars" else 0.0
        for number, row in enumerate(books.positions):
            own = fills[fills["position"] == number]
            results = [0.0]
            for i, ts in enumerate(market.ts):
                so_far = own[own["ts"] < ts]
                held = round(so_far["quantity"].sum(), 3)
                if held and (row["is_open"] or ts <= row["exit_ns"]):
                    paid = np.dot(so_far["quantity"], so_far["price"])
                    results += [held * (market.mids[i] + x) - paid for x in (-reach, reach)]
            for i in range(1, len(own) + 1):
                held, price = round(own["quantity"][:i].sum(), 3), own["price"][i - 1]
                results.append(held * price - np.dot(own["quantity"][:i], own["price"][:i]))
            if kind == "bars":
                assert row["mae"] == pytest.approx(min(results), abs=CENT)
                assert row["mfe"] == pytest.approx(max(results), abs=CENT)
            else:
                # The tick at which it is closed is not a price at which it was held.
                assert min(results) - CENT <= row["mae"] <= 0
                assert 0 <= row["mfe"] <= max(results) + CENT


def test_a_stop_inside_a_bar_does_not_count_the_rest_of_that_bar(tmp_path: Path) -> None:
    """The bar of the stop reaches far below it; the position was closed at the stop."""
    mids = [60_000.0, 60_000.0, 60_010.0, 59_900.0, 59_900.0]
    market = Market(instrument=linear(), mids=mids, kind="bars", reach=50.0)
    plan = [Step(2, "BUY", "1"), Step(2, "SELL", "1", stop="59955.0")]
    with traded(tmp_path / "c", [market], plan) as (_, _, figures):
        (row,) = figures.books.positions
        assert not row["is_open"]
        assert row["exit_price"] <= 59_960
        # Bar 3 was lived through: 60,010 - 50; then the stop.
        assert row["mae"] == pytest.approx(row["exit_price"] - row["entry_price"])
        assert row["mfe"] == pytest.approx(60_060 - row["entry_price"])
