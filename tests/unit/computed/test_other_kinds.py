"""Factors of books, funding, open interest, liquidations and volatility indexes."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from typing import Any, Final

import pytest
from nautilus_trader.adapters.binance import BinanceFuturesLiquidation, BinanceFuturesOpenInterest
from nautilus_trader.adapters.bybit import BybitLiquidation
from nautilus_trader.adapters.deribit import DeribitVolatilityIndex
from nautilus_trader.adapters.hyperliquid import HyperliquidOpenInterest
from nautilus_trader.model import (
    BookAction,
    BookOrder,
    CustomData,
    DataType,
    FundingRateUpdate,
    IndexPriceUpdate,
    InstrumentId,
    MarkPriceUpdate,
    OrderBookDelta,
    OrderBookDeltas,
    OrderBookDepth,
    OrderSide,
    PositionSide,
    Price,
    Quantity,
)

from adapters.exchanges.order_book import book_values
from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed.events import PERPETUAL, Quote, data_of, perpetual, spec
from tests.support.computed.plain import SECOND

ID: Final = InstrumentId.from_str(PERPETUAL)
START: Final = 1_700_000_000 * SECOND
HOUR: Final = 3_600 * SECOND


def quote(ts: int, bid: float = 100.0, ask: float = 102.0, instrument: str = PERPETUAL) -> Any:
    """Return a quote of one and three."""
    return data_of(Quote(ts, instrument, bid, ask, 1.0, 3.0, ts))


def value_of(factors: ComputedFactors, now: int | None = None) -> float:
    """Return the only value at an instant."""
    factors.evaluate(factors.now_ns if now is None else now)
    (value,) = factors.values
    return value


def funding(ts: int, rate: str, interval: int | None = None, next_ns: int | None = None) -> Any:
    """Return a funding rate."""
    return FundingRateUpdate(ID, Decimal(rate), ts, ts, interval, next_ns)


@pytest.mark.parametrize(
    ("interval", "parameters", "expected"),
    [(480, {}, 0.0001), (60, {}, 0.0008), (None, {"interval_h": 4.0}, 0.0002), (None, {}, None)],
)
def test_funding_is_for_eight_hours(
    interval: int | None, parameters: dict[str, Any], expected: float | None
) -> None:
    """Whatever a rate is for, and from whomever it is known."""
    factors = ComputedFactors([spec("Funding8h", **parameters)])
    factors.update(quote(START))
    factors.update(funding(START, "0.0001", interval))
    found = value_of(factors)
    assert math.isnan(found) if expected is None else found == pytest.approx(expected, rel=1e-15)


def test_funding_learns_its_interval_from_two_funding_times() -> None:
    """Binance gives only the next one; a time that was missed teaches nothing."""
    factors = ComputedFactors([spec("Funding8h", alive="funding")])
    factors.update(funding(START, "0.0001", None, START + HOUR))
    assert math.isnan(value_of(factors))
    factors.update(funding(START + HOUR, "0.0002", None, START + 5 * HOUR))
    assert math.isnan(value_of(factors))
    factors.update(funding(START + 5 * HOUR - SECOND, "0.0002", None, START + 5 * HOUR))
    factors.update(funding(START + 5 * HOUR + SECOND, "0.0003", None, START + 9 * HOUR))
    assert value_of(factors) == pytest.approx(0.0006, rel=1e-15)


def test_a_rate_that_does_not_change_lives_as_long_as_quotes_come() -> None:
    """The quotes are its sign of life."""
    factors = ComputedFactors([spec("Funding8h", time_to_live_s=2.0)])
    factors.update(funding(START, "0.0001", 480))
    assert math.isnan(value_of(factors))
    for n in range(100):
        factors.update(quote(START + n * SECOND))
        assert value_of(factors) == 0.0001
    assert factors.expiry_ns == START + 101 * SECOND
    assert value_of(factors, START + 101 * SECOND - 1) == 0.0001
    assert math.isnan(value_of(factors, START + 101 * SECOND))


def test_the_countdown_changes_each_second_until_the_funding() -> None:
    """And is NaN after it, until the next one is stated."""
    factors = ComputedFactors([spec("FundingCountdown", alive="funding")])
    factors.update(funding(START, "0.0001", 480, START + 90 * SECOND))
    assert value_of(factors) == 1.5
    assert factors.due_ns == START + 1
    assert value_of(factors, START + SECOND) == 89 / 60
    assert value_of(factors, START + 90 * SECOND) == 0.0
    assert math.isnan(value_of(factors, START + 90 * SECOND + 1))


def test_open_interest_in_quote_currency_and_its_change() -> None:
    """Of contracts of 0.01 coins; NaN until the contract size is known."""
    factors = ComputedFactors([spec("OpenInterestUsd"), spec("OpenInterestChange", window_s=10.0)])
    custom = CustomData(
        DataType("BinanceFuturesOpenInterest"),
        BinanceFuturesOpenInterest(ID, Decimal(5000), START, START),
    )
    factors.update(quote(START))
    factors.update(custom)
    factors.evaluate(factors.now_ns)
    assert all(map(math.isnan, factors.values))
    factors.define(perpetual(multiplier="0.01"))
    factors.evaluate(factors.now_ns)
    assert factors.values[0] == 5000 * 0.01 * 101.0
    factors.update(HyperliquidOpenInterest(ID, Decimal(5500), START + SECOND, START + SECOND))
    assert factors.evaluate(START + 10 * SECOND)
    assert factors.values[1] == 5500 / 5000 - 1
    factors.evaluate(START + 11 * SECOND)
    assert factors.values[1] == 0.0


def test_liquidations_of_both_venues() -> None:
    """A liquidated long sells; none in a full window is balance, not ignorance."""
    factors = ComputedFactors(
        [
            spec("LiquidationImbalance", window_s=10),
            *(
                spec("LiquidatedNotional", name=side, window_s=10, side=side)
                for side in ("long", "short", "both")
            ),
        ]
    )
    factors.define(perpetual())
    factors.update(quote(START))
    factors.evaluate(START + 10 * SECOND - 1)
    assert all(map(math.isnan, factors.values))
    factors.evaluate(START + 10 * SECOND)
    assert list(factors.values) == [0.0, 0.0, 0.0, 0.0]
    ts = START + 11 * SECOND
    price, size = Price(100.0, 1), Quantity(3.0, 3)
    factors.update(BybitLiquidation(ID, PositionSide.LONG, price, size, ts, ts))
    one = Quantity(1.0, 3)
    factors.update(
        BinanceFuturesLiquidation(ID, OrderSide.BUY, Price(90.0, 1), price, one, one, ts, ts)
    )
    factors.evaluate(ts)
    assert list(factors.values) == [-0.5, 300.0, 100.0, 400.0]
    assert factors.due_ns == ts + 10 * SECOND
    factors.evaluate(factors.due_ns)
    assert list(factors.values) == [0.0, 0.0, 0.0, 0.0]


def test_a_volatility_index_is_known_by_its_name() -> None:
    """It has no instrument."""
    factors = ComputedFactors([spec("VolatilityIndex", ["btc_usd"])])
    assert factors.inputs[0].instrument_id == "btc_usd"
    assert not factors.update(DeribitVolatilityIndex("eth_usd", 70.0, START, START))
    assert factors.update(DeribitVolatilityIndex("btc_usd", 55.5, START, START))
    assert value_of(factors) == 55.5
    factors.update(DeribitVolatilityIndex("btc_usd", -1.0, START, START))
    assert math.isnan(value_of(factors))
    assert factors.problems == {"volatility_index btc_usd invalid": 1}


def test_mark_over_index() -> None:
    """Of one instrument."""
    factors = ComputedFactors([spec("MarkIndexBasisBps")])
    factors.update(MarkPriceUpdate(ID, Price(101.0, 1), START, START))
    factors.update(IndexPriceUpdate(ID, Price(100.0, 1), START, START))
    assert value_of(factors) == (101.0 / 100.0 - 1) * 1e4


def test_marks_that_are_not_repeated_live_as_long_as_quotes_come() -> None:
    """On venues that send a mark or index price only when it changes."""
    own = spec("MarkIndexBasisBps", name="own", time_to_live_s=2.0)
    shared = spec("MarkIndexBasisBps", name="shared", time_to_live_s=2.0, alive="quotes")
    factors = ComputedFactors([own, shared])
    factors.update(MarkPriceUpdate(ID, Price(101.0, 1), START, START))
    factors.update(IndexPriceUpdate(ID, Price(100.0, 1), START, START))
    factors.update(quote(START + 5 * SECOND))
    factors.evaluate(factors.now_ns)
    assert math.isnan(factors.values[0])
    assert factors.values[1] == pytest.approx(100.0)
    factors.evaluate(START + 7 * SECOND)
    assert math.isnan(factors.values[1])


def order(side: OrderSide, price: float, size: float) -> BookOrder:
    """Return one level."""
    return BookOrder(side, Price(price, 1), Quantity(size, 3), 0)


@pytest.mark.parametrize("seed", range(12))
def test_books_have_the_values_of_polled_books(seed: int) -> None:
    """The same formulas, whether a venue pushes deltas or is polled."""
    draw = random.Random(seed)  # noqa: S311 - for tests
    bids = {1000.0 - 0.1 * n: draw.randrange(1, 9000) / 1000 for n in range(1, 60)}
    asks = {1000.0 + 0.1 * n: draw.randrange(1, 9000) / 1000 for n in range(60)}
    factors = ComputedFactors(
        [
            *(spec("LevelImbalance", name=f"imbalance_{n}", levels=n) for n in (1, 5, 20)),
            *(
                spec("Depth", name=f"{side}_depth_{bps}bps", side=side, within_bps=bps)
                for side in ("bid", "ask")
                for bps in (5, 10, 25, 100)
            ),
        ]
    )
    factors.define(perpetual(multiplier="0.01"))
    deltas = [OrderBookDelta.clear(ID, 1, START, START)]
    for side, levels in ((OrderSide.BUY, bids), (OrderSide.SELL, asks)):
        for price, size in levels.items():
            deltas.append(
                OrderBookDelta(ID, BookAction.ADD, order(side, price, size), 0, 1, START, START)
            )
    assert factors.update(OrderBookDeltas(ID, deltas))
    for n in range(20):
        ts, price = START + n, draw.choice(list(bids)[1:])
        bids[price] = draw.randrange(1, 9000) / 1000
        changed = order(OrderSide.BUY, price, bids[price])
        delta = OrderBookDelta(ID, BookAction.UPDATE, changed, 0, n + 2, ts, ts)
        assert factors.update(OrderBookDeltas(ID, [delta]))
        factors.evaluate(ts)
        rounded = [
            sorted(((float(str(Price(p, 1))), s) for p, s in side.items()), reverse=is_bid)
            for side, is_bid in ((bids, True), (asks, False))
        ]
        expected = book_values(*rounded, levels_asked=59)
        found = dict(zip(factors.schema.names, factors.values, strict=True))
        assert math.isnan(found.pop("bid_depth_100bps"))
        assert math.isnan(found.pop("ask_depth_100bps"))
        contract = {name: 0.01 if "depth" in name else 1.0 for name in found}
        assert found == pytest.approx(
            {name: expected[name] * contract[name] for name in found}, rel=1e-12, abs=0
        )


def test_a_book_of_ten_levels_and_one_that_is_crossed() -> None:
    """An OrderBookDepth is a whole new book."""
    factors = ComputedFactors([spec("DepthImbalance", within_bps=5.0)])
    bids = [order(OrderSide.BUY, 1000.0 - n / 10, 2.0) for n in range(1, 11)]
    asks = [order(OrderSide.SELL, 1000.0 + n / 10, 1.0) for n in range(1, 11)]
    ones = [1] * 10
    factors.update(OrderBookDepth(ID, bids, asks, ones, ones, 0, 1, START, START))
    assert value_of(factors) == pytest.approx(1 / 3)
    bids[0] = order(OrderSide.BUY, 1000.1, 2.0)
    factors.update(OrderBookDepth(ID, bids, asks, ones, ones, 0, 2, START + 1, START + 1))
    assert math.isnan(value_of(factors))
    assert sum(factors.problems.values()) == 1
