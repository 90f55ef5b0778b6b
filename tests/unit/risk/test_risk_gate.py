"""What a gate refuses by the limits of a node, in a BacktestEngine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.model import InstrumentId, OrderSide, OrderStatus

from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from dolphin_strategies.order_gates.risk.risk_limits import RiskLimits
from dolphin_strategies.order_gates.risk.trading import Change
from dolphin_strategies.testing.strategy_harness import StrategyHarness

if TYPE_CHECKING:
    from collections.abc import Iterator

PERP = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
BID, ASK = 60_000.0, 60_000.1


class Trader(FactorStrategy[FactorStrategyConfig]):
    """Sends what a test asks for, and keeps the reasons of what was refused."""

    def __init__(self, config: FactorStrategyConfig) -> None:
        super().__init__(config)
        self.reasons: list[str] = []

    def market(self, quantity: float, *, reduce_only: bool = False) -> None:
        """Send a market order; below 0 to sell."""
        side = OrderSide.BUY if quantity > 0 else OrderSide.SELL
        size = self.instrument(PERP).make_qty(abs(quantity))
        self.submit_order(self.order_factory.market(PERP, side, size, reduce_only=reduce_only))

    def limit(self, quantity: float, price: float) -> Any:
        """Send a limit order; below 0 to sell."""
        side = OrderSide.BUY if quantity > 0 else OrderSide.SELL
        instrument = self.instrument(PERP)
        size, at = instrument.make_qty(abs(quantity)), instrument.make_price(price)
        order = self.order_factory.limit(PERP, side, size, at)
        self.submit_order(order)
        return order.client_order_id

    def on_order_denied(self, event: Any) -> None:
        self.reasons.append(event.reason)

    def on_order_modify_rejected(self, event: Any) -> None:
        self.reasons.append(event.reason)


class Desk:
    """A harness with limits, and its trader."""

    def __init__(self, **limits: Any) -> None:
        self.trader = Trader(FactorStrategyConfig())
        self.harness = StrategyHarness(
            self.trader,
            limits=RiskLimits(**limits),
            balance="10000 USDT",
            start=datetime(2026, 1, 1, 23, 59, 50, tzinfo=UTC),
        )
        assert self.harness.risk is not None
        self.switch = self.harness.risk.switch
        self.tick()

    def tick(self, bid: float = BID) -> None:
        """Quote, so that orders fill."""
        self.harness.quote(bid, bid + 0.1)

    def market(self, quantity: float, **words: Any) -> str:
        """Send a market order and return why it was refused, or nothing."""
        before = len(self.trader.reasons)
        self.trader.market(quantity, **words)
        self.tick()
        return "".join(self.trader.reasons[before:])

    def order(self, command: Any, why: str = "") -> None:
        """Throw the switch."""
        self.switch.change(Change(command=command, who="a test", why=why))
        self.tick()

    @property
    def position(self) -> float:
        """The net position."""
        return float(self.harness.position())

    def status(self, name: Any) -> OrderStatus:
        """Return an order's status."""
        found: OrderStatus = next(
            o.status for o in self.harness.orders if o.client_order_id == name
        )
        return found


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Desks that are closed at the end."""
    made: list[Desk] = []
    yield made
    for desk in made:
        desk.harness.close()


def desk(desks: list[Desk], **limits: Any) -> Desk:
    """Make one that is closed at the end."""
    desks.append(Desk(**limits))
    return desks[-1]


def test_a_position_grows_to_its_limit_and_no_further(desks: list[Desk]) -> None:
    """Exits pass; what would turn the position around counts as what it opens."""
    at = desk(desks, max_position={str(PERP): Decimal("0.02")})
    assert at.market(0.02) == ""
    assert at.market(0.001).startswith("MAX_POSITION: 0.021 of BTCUSDT-PERP.BINANCE exceed")
    assert at.market(-0.041).startswith("MAX_POSITION")
    assert at.market(-0.04) == ""
    assert at.position == -0.02


def test_orders_that_could_still_fill_count_as_position(desks: list[Desk]) -> None:
    """Also those of one moment, which the cache does not show as open yet."""
    at = desk(desks, max_position={str(PERP): Decimal("0.02")})
    resting = at.trader.limit(0.01, 50_000.0)
    at.trader.limit(0.01, 50_001.0)
    assert at.market(0.001).startswith("MAX_POSITION")
    at.trader.cancel_order(resting)
    at.tick()
    assert at.market(0.01) == ""


def test_the_notional_of_an_order_and_of_everything_is_limited(desks: list[Desk]) -> None:
    """An exit of any size passes."""
    at = desk(desks, max_order_notional=Decimal(700), max_notional=Decimal(1300))
    assert at.market(0.012).startswith("MAX_ORDER_NOTIONAL: 720")
    assert at.market(0.01) == at.market(0.01) == ""
    assert at.market(0.01).startswith("MAX_NOTIONAL: 1800.003 of all instruments exceed")
    assert at.market(-0.02) == ""
    assert at.position == 0


def test_the_rate_of_orders_is_limited_but_not_that_of_exits(desks: list[Desk]) -> None:
    """A second later orders pass again."""
    at = desk(desks, max_orders_per_s=2)
    assert at.market(0.01) == at.market(0.01) == ""
    assert at.market(0.01).startswith("MAX_ORDER_RATE: over 2 orders in a second")
    assert at.market(-0.01) == at.market(-0.01) == ""
    at.harness.wait(timedelta(seconds=1))
    assert at.market(0.01) == ""


def test_factors_of_an_age_refuse_entries(desks: list[Desk]) -> None:
    """Without factors there is no entry either; exits pass."""
    at = desk(desks, max_factor_age_ns=1_000_000_000)
    assert at.market(0.01).startswith("FACTOR_AGE: there are no factors")
    at.harness.factors(basis=1.0)
    assert at.market(0.01) == ""
    at.harness.wait(timedelta(seconds=1))
    assert at.market(0.01).startswith("FACTOR_AGE: 1.0")
    assert at.market(-0.01) == ""


def test_other_instruments_are_refused(desks: list[Desk]) -> None:
    """The node of one instrument sends no order of another."""
    at = desk(desks, instruments=frozenset({"ETHUSDT-PERP.BINANCE"}))
    assert at.market(0.01).startswith("INSTRUMENT: BTCUSDT-PERP.BINANCE is none of this node's")


@pytest.mark.parametrize(("on_loss", "left"), [("flat", 0.0), ("halt", 0.1), ("reduce", 0.1)])
def test_a_days_loss_acts_once_and_resume_counts_anew(
    desks: list[Desk], on_loss: str, left: float
) -> None:
    """Open positions count; the next day does not resume by itself."""
    at = desk(desks, max_daily_loss=Decimal(50), on_loss=on_loss)
    assert at.market(0.1) == ""
    at.tick(BID - 400)
    at.harness.wait(timedelta(milliseconds=300))
    assert at.position == 0.1
    at.tick(BID - 600)
    for _ in range(5):
        at.harness.wait(timedelta(milliseconds=300))
        at.tick(BID - 600)
    assert at.position == left
    change = at.switch.trading.last
    assert change is not None
    assert change.command == on_loss
    assert change.why.startswith("max_daily_loss: 60.0")
    at.harness.wait(timedelta(seconds=10))
    assert at.market(0.01) != ""
    at.order("resume")
    at.harness.wait(timedelta(milliseconds=300))
    assert at.market(0.01) == ""


def test_a_drawdown_counts_from_the_highest_value(desks: list[Desk]) -> None:
    """A gain that is lost again is a loss, also over days."""
    at = desk(desks, max_drawdown=Decimal(50), on_loss="halt")
    assert at.market(0.1) == ""
    at.tick(BID + 1_000)
    at.harness.wait(timedelta(seconds=10))
    at.tick(BID + 600)
    at.harness.wait(timedelta(milliseconds=300))
    assert at.market(0.01) == ""
    at.tick(BID + 400)
    at.harness.wait(timedelta(milliseconds=300))
    assert "max_drawdown" in at.market(0.01)


def test_halt_refuses_everything_and_cancels_resting_entries(desks: list[Desk]) -> None:
    """Exits too; a resting exit stays; resume lets orders pass."""
    at = desk(desks)
    at.market(0.01)
    entry, exit_ = at.trader.limit(0.01, 50_000.0), at.trader.limit(-0.01, 70_000.0)
    at.tick()
    at.order("halt", "a look")
    assert at.status(entry) == OrderStatus.CANCELED
    assert at.status(exit_) == OrderStatus.ACCEPTED
    assert at.market(0.01) == at.market(-0.01) == "HALTED: halt by a test: a look"
    at.trader.close_all_positions(PERP)
    at.tick()
    at.trader.modify_order(exit_, at.trader.instrument(PERP).make_qty(0.02))
    at.tick()
    assert at.trader.reasons[-2:] == ["HALTED: halt by a test: a look"] * 2
    assert at.position == 0.01
    at.order("resume")
    assert at.market(0.01) == ""


def test_reduce_lets_exits_pass_and_nothing_else(desks: list[Desk]) -> None:
    """Two exits together close no more than is open."""
    at = desk(desks)
    at.market(0.02)
    at.order("reduce")
    assert at.market(0.01).startswith("REDUCING")
    at.trader.limit(-0.015, 70_000.0)
    assert at.market(-0.01).startswith("REDUCING")
    assert at.market(-0.005) == ""
    at.trader.cancel_all_orders(PERP)
    at.tick()
    at.trader.close_all_positions(PERP)
    at.tick()
    assert at.position == 0


def test_flat_closes_everything_and_halts(desks: list[Desk]) -> None:
    """And after resume the strategy trades again."""
    at = desk(desks)
    at.market(0.02)
    resting = at.trader.limit(-0.01, 70_000.0)
    at.tick()
    at.order("flat")
    assert at.position == 0
    assert at.status(resting) == OrderStatus.CANCELED
    assert at.market(0.01).startswith("HALTED: flat by a test")
    at.harness.wait(timedelta(seconds=1))
    assert at.switch.is_flat
    at.order("resume")
    assert at.market(0.01) == ""
