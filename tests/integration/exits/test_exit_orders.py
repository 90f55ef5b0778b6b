"""The orders of exits: prices, partial fills, hedging, latency, a start with open positions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.model import (
    AccountType,
    Bar,
    BarType,
    CustomData,
    Money,
    OmsType,
    OrderStatus,
    PositionId,
    Price,
    Quantity,
    QuoteTick,
)

from dolphin_strategies import EXTERNAL_FACTORS, ExternalFactors, FactorSchema
from dolphin_strategies.exits import (
    HOLD,
    ExitDecision,
    FixedExit,
    HoldExit,
    PositionView,
    TimeExit,
)
from dolphin_strategies.exits.holding.held_position import HeldPosition
from dolphin_strategies.exits.holding.instrument_prices import InstrumentPrices
from dolphin_strategies.exits.policies.price_ranges import PriceRanges
from dolphin_strategies.testing import StrategyHarness, perpetual
from tests.support.exits.exit_trader import BTC, exit_trader, reasons_of

if TYPE_CHECKING:
    from collections.abc import Callable

type Make = Callable[..., StrategyHarness]

MINUTE = timedelta(minutes=1)


def test_an_exit_passes_the_price_gate(strategy_harness: Make) -> None:
    """With a price that is too old it is refused, and sent again when a price has come."""
    harness = strategy_harness(
        exit_trader(TimeExit(limit=MINUTE)), max_price_age=timedelta(seconds=5)
    )
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.wait(MINUTE)
    assert [o.status for o in harness.orders] == [OrderStatus.FILLED, OrderStatus.DENIED]
    assert harness.position() == 1
    harness.quote(101.0)
    harness.wait(timedelta(seconds=1))
    harness.quote(101.0)
    assert harness.position() == 0


def test_an_exit_that_waits_for_a_price_is_sent_once(strategy_harness: Make) -> None:
    """However often the policy says the same meanwhile."""
    harness = strategy_harness(
        exit_trader(TimeExit(limit=MINUTE)), max_price_age=timedelta(seconds=5), stale_price="wait"
    )
    harness.quote(100.0)
    harness.factors(btc=1.0)
    for _ in range(3):
        harness.wait(MINUTE)
        harness.factors(btc=0.0)
    assert harness.position() == 1
    harness.quote(101.0)
    assert harness.position() == 0
    assert reasons_of(harness) == ["time is up"]


def test_what_an_order_leaves_is_closed_by_the_next(strategy_harness: Make) -> None:
    """A touch with less than the position: the rest follows, and nothing is sold twice."""
    harness = strategy_harness(exit_trader(FixedExit(stop=0.01)))
    harness.quote(100.0)
    harness.factors(btc=10.0)
    for _ in range(6):
        harness.quote(98.0, size=4.0)
        harness.wait(timedelta(seconds=1))
    assert harness.position() == 0
    filled = [float(o.filled_qty) for o in harness.orders[1:]]
    assert sum(filled) == 10
    assert set(reasons_of(harness)) == {"stop loss"}


def test_a_position_that_is_open_at_the_start_is_held_with_unknown_excursions(
    strategy_harness: Make,
) -> None:
    """As after a restart of a node: said in its view, and its stops and time go on."""
    seen: list[tuple[bool, int]] = []

    class Looking(HoldExit):
        def decide(self, view: PositionView) -> ExitDecision:
            seen.append((view.is_whole, view.held_ns))
            return HOLD

    strategy = exit_trader(Looking(), hard_stop=0.03, time_stop=timedelta(hours=1))
    harness = strategy_harness(strategy)
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.quote(99.0)
    assert seen[-1][0]
    desk = strategy.exit_desk
    assert desk is not None
    # What Nautilus calls when a strategy starts, with the position in the cache.
    desk.around_lifecycle("on_start", lambda: None)()
    harness.wait(timedelta(minutes=30))
    harness.quote(99.0)
    is_whole, held_ns = seen[-1]
    assert not is_whole
    assert held_ns >= 30 * 60 * 1_000_000_000
    harness.wait(timedelta(minutes=30))
    assert harness.position() == 0
    assert reasons_of(harness) == ["time stop"]


def test_in_hedging_mode_each_position_has_its_own_exit() -> None:
    """Two positions of one instrument, opened at different prices, one of them short."""
    strategy = exit_trader(FixedExit(take=0.02, stop=0.02))
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    instrument = perpetual()
    engine.add_venue(
        BTC.venue, OmsType.HEDGING, AccountType.MARGIN, [Money.from_str("100000 USDT")],
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)), latency_model=StaticLatencyModel(
            base_latency_nanos=50_000_000
        ),
    )  # fmt: skip
    engine.add_instrument(instrument)
    engine.add_strategy(strategy)
    schema = FactorSchema(["btc"])
    data: list[Any] = []
    steps = [(100.0, 0.0), (100.0, 1.0), (101.0, 0.0), (101.0, -2.0), (103.0, 0.0), (103.3, 0.0)]
    for i, (price, size) in enumerate(steps, 1):
        for at_ns in range(i * 10_000_000_000, i * 10_000_000_000 + 3_000_000_000, 10_000_000):
            bid, ask = instrument.make_price(price), instrument.make_price(price + 0.1)
            much = instrument.make_qty(100)
            data.append(QuoteTick(BTC, bid, ask, much, much, at_ns, at_ns))
        at_ns = i * 10_000_000_000 + 1_000_000_001
        record = ExternalFactors.from_values(schema, [size], ts_event=at_ns, ts_init=at_ns)
        data.append(CustomData(EXTERNAL_FACTORS, record))
    engine.add_data(data, sort=True)
    engine.run()
    exits = [o for o in engine.cache.orders() if o.tags]
    assert sorted(o.tags[0] for o in exits) == ["EXIT: stop loss", "EXIT: take profit"]
    assert sorted(float(o.quantity) for o in exits) == [1.0, 2.0]
    assert all(o.status == OrderStatus.FILLED for o in exits)
    assert engine.cache.positions_open() == []
    assert len(engine.cache.positions()) == 2
    engine.dispose()


def test_the_extremes_of_bars_are_seen() -> None:
    """Of the bar in which it was opened only the close counts."""
    prices = InstrumentPrices(PriceRanges(60_000_000_000))
    view = PositionView(
        instrument_id=BTC, side=1, entry_price=100.0, opened_ns=90, ranges=prices.ranges
    )
    prices.held[PositionId("1")] = HeldPosition(PositionId("1"), 1.0, view)
    bar_type = BarType.from_str(f"{BTC}-1-MINUTE-LAST-EXTERNAL")

    def give(low: float, high: float, close: float, at_ns: int) -> tuple[float, float, float]:
        first, top, bottom = (Price.from_str(f"{p:.1f}") for p in (close, high, low))
        much = Quantity.from_str("1")
        prices.bar(Bar(bar_type, first, top, bottom, first, much, at_ns, at_ns))
        return view.gain, view.favourable, view.adverse

    assert give(90.0, 110.0, 101.0, 100) == pytest.approx((0.01, 0.01, 0.0))
    assert give(98.0, 103.0, 101.0, 200) == pytest.approx((0.01, 0.03, 0.02))
