"""Runs of random orders over random markets, each recomputed by hand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from backtests.engine.backtest_venue import BacktestVenue
from tests.support.catalogs.backtests.hand_figures import equity_by_hand
from tests.support.catalogs.backtests.traded_markets import Market, inverse, linear, traded, walk
from tests.support.lengths import counts
from tests.support.strategies.planned_trader import Step

if TYPE_CHECKING:
    from pathlib import Path


def random_step(dice: random.Random, mids: list[float], *, is_inverse: bool) -> Step:
    """Return a market, limit or stop order at a random instant."""
    row = dice.randint(1, len(mids))
    side = dice.choice(["BUY", "SELL"])
    quantity = str(dice.randint(1, 3_000) * (100 if is_inverse else 0.001))
    price = f"{mids[row - 1] + dice.randint(-300, 300):.1f}"
    kind = dice.random()
    return Step(
        row,
        side,
        quantity,
        stop=price if kind < 0.2 else "",
        limit=price if 0.2 <= kind < 0.5 else "",
    )


@counts("runs", 12, long=200)
def test_results_of_random_runs_are_those_by_hand(runs: int, tmp_path: Path) -> None:
    """Kinds of data and orders, netting and hedging, linear and inverse, latency, funding."""
    for seed in range(runs):
        dice = random.Random(seed)  # noqa: S311 - made orders
        is_inverse = seed % 4 == 3
        mids = walk(dice.choice([20, 60, 150]), seed, width=dice.choice([3, 40, 400]))
        plan = [random_step(dice, mids, is_inverse=is_inverse) for _ in range(dice.randint(1, 40))]
        kind = dice.choice(["quotes", "trades", "bars"])
        settled = range(1, len(mids) - 1) if kind != "bars" else ()
        market = Market(
            instrument=inverse() if is_inverse else linear(),
            mids=mids,
            kind=kind,
            reach=dice.choice([0.0, 3.0, 50.0]),
            rates=[(row, f"{dice.randint(-30, 30) / 100_000:.5f}") for row in settled],
        )
        venue = BacktestVenue(
            oms=dice.choice(["netting", "hedging"]),
            balances=["1000 BTC", "10000000 USDT"],
            latency_ms=dice.choice([0, 1_000, 7_200_000]),
        )
        closes = dice.random() < 0.5
        with traded(tmp_path / str(seed), [market], plan, venue=venue, closes_at_end=closes) as (
            engine,
            _,
            figures,
        ):
            code = "BTC" if is_inverse else "USDT"
            tolerance = 1e-6 if is_inverse else 0.005
            books, t = figures.books, figures.trading
            end_ns = max(market.ts[-1], int(books.ledger.fills["ts"].max(initial=0)))
            hand = equity_by_hand(engine, market, end_ns)
            result = hand["price"] + hand["funding"] - hand["fees"]
            assert abs(t.price_pnl[code] - float(hand["price"])) < tolerance, seed
            assert abs(t.funding[code] - float(hand["funding"])) < tolerance, seed
            assert abs(t.pnl[code] - float(result)) < tolerance, seed
            assert abs(books.positions["pnl"].sum() - t.pnl[code]) < tolerance, seed
            assert abs(books.stated_equity(code)[-1] - t.accounts[code].end) < tolerance, seed
            if not is_inverse:
                assert t.accounts[code].unexplained == 0, seed
            rows = books.positions[~books.positions["is_open"]]
            assert np.all(rows["mae"] <= np.minimum(rows["price_pnl"], 0) + tolerance), seed
            assert np.all(rows["mfe"] >= np.maximum(rows["price_pnl"], 0) - tolerance), seed
