"""An author's own tests: a strategy driven step by step in a real engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from nautilus_trader.model import InstrumentId, OrderSide, OrderStatus

from dolphin_strategies import (
    ConfigError,
    ExternalFactors,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
)
from dolphin_strategies.testing import StrategyHarness, perpetual

if TYPE_CHECKING:
    from collections.abc import Callable

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
SECOND = timedelta(seconds=1)


class Follower(FactorStrategy[FactorStrategyConfig]):
    """Buy on a positive basis, sell on a negative one, and write everything down."""

    required_factors: ClassVar[tuple[str, ...]] = ("basis",)
    max_age: ClassVar[timedelta | None] = SECOND

    def on_start(self) -> None:
        super().on_start()
        self.told: list[Any] = []
        self.subscribe_quotes(BTC)
        self.subscribe_trades(BTC)

    def on_schema(self, schema: FactorSchema) -> None:
        self.told.append(schema.names)

    def on_factors(self, f: ExternalFactors) -> None:
        self.told.append((f["basis"], f.sequence))
        if f["basis"] > 100:
            raise ArithmeticError(f["basis"])
        side = OrderSide.BUY if f["basis"] > 0 else OrderSide.SELL
        size = self.instrument(BTC).make_qty(0.01)
        self.submit_order(self.order_factory.market(BTC, side, size))

    def on_factors_stale(self) -> None:
        self.told.append("stale")

    def on_factors_recovered(self) -> None:
        self.told.append("recovered")

    def on_quote(self, quote: Any) -> None:
        self.told.append(str(quote.bid_price))

    def on_trade(self, trade: Any) -> None:
        self.told.append(str(trade.price))

    def on_order_filled(self, event: Any) -> None:
        self.told.append(("filled", str(event.last_px)))


type Make = Callable[..., StrategyHarness]


def follower(make: Make, **options: Any) -> tuple[StrategyHarness, list[Any]]:
    """Make a harness that has had its first quote."""
    harness = make(Follower(FactorStrategyConfig()), **options)
    harness.quote(60_000.0, 60_000.5)
    assert isinstance(harness.strategy, Follower)
    told = harness.strategy.told
    told.clear()
    return harness, told


def test_a_step_returns_when_its_orders_are_filled(strategy_harness: Make) -> None:
    """At the touch of the newest quote, and after a trade at its price, as Nautilus does."""
    harness, told = follower(strategy_harness)
    harness.factors(basis=1.0)
    harness.trade(61_000.0)
    harness.factors({"basis": -1.0})
    harness.quote(59_000.0)
    harness.factors(basis=-1.0)
    assert told == [
        ("basis",),
        (1.0, 1), ("filled", "60000.5"), "61000.0",
        (-1.0, 2), ("filled", "61000.0"), "59000.0", (-1.0, 3), ("filled", "59000.0"),
    ]  # fmt: skip
    assert harness.position() == Decimal("-0.01")
    assert [o.status for o in harness.orders] == [OrderStatus.FILLED] * 3
    assert [o.side for o in harness.orders] == [OrderSide.BUY, OrderSide.SELL, OrderSide.SELL]


def test_time_passes_only_by_steps(strategy_harness: Make) -> None:
    """Factors grow old while the test waits; a late record and one without a value do not pass."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    harness, told = follower(strategy_harness, start=start)
    harness.factors(basis=1.0)
    harness.wait(SECOND / 2)
    assert "stale" not in told
    harness.wait(SECOND)
    assert told[-1] == "stale"
    told.clear()
    harness.factors(basis=None)
    harness.factors(basis=2.0, age=2 * SECOND)
    assert told == []
    harness.factors(basis=2.0)
    assert told == ["recovered", (2.0, 4), ("filled", "60000.5")]
    passed_ns = harness.ts_ns - int(start.timestamp()) * 1_000_000_000
    assert passed_ns == 1_500_000_000 + 5 * 1_000_000


def test_other_names_are_another_schema(strategy_harness: Make) -> None:
    """As live, when the producer starts with other factors."""
    harness, told = follower(strategy_harness)
    harness.factors(basis=1.0, other=2.0)
    harness.factors(basis=1.0, other=3.0)
    harness.factors(other=2.0)
    assert [n for n in told if isinstance(n, tuple) and n[0] == "basis"] == [("basis", "other")]
    assert harness.position() == Decimal("0.02")


def test_what_a_callback_raises_is_raised_by_the_step(strategy_harness: Make) -> None:
    """The exception itself; the harness can be looked at afterwards."""
    harness, told = follower(strategy_harness)
    with pytest.raises(ArithmeticError, match="101"):
        harness.factors(basis=101.0)
    assert told[-1] == (101.0, 1)
    assert harness.orders == []


def test_a_stop_closes_the_position(strategy_harness: Make) -> None:
    """With the time that it takes; what comes later is not delivered."""
    harness, told = follower(strategy_harness)
    harness.factors(basis=1.0)
    harness.stop()
    assert harness.position() == 0
    assert not harness.strategy.is_running()
    told.clear()
    harness.factors(basis=1.0)
    assert told == []


def test_an_instrument_is_named_by_its_id(strategy_harness: Make) -> None:
    """The first one needs no name."""
    eth = perpetual("ETHUSDT-PERP.BYBIT", price_increment="0.01", base="ETH")
    harness, _ = follower(strategy_harness, instruments=[perpetual(), eth])
    harness.quote(2_000.0, instrument_id="ETHUSDT-PERP.BYBIT")
    harness.factors(basis=1.0)
    assert harness.position() == Decimal("0.01")
    assert harness.position("ETHUSDT-PERP.BYBIT") == 0


def test_one_harness_is_open_at_a_time() -> None:
    """Engines of one process share a message bus; after an error it can be left as well."""
    with StrategyHarness(Follower(FactorStrategyConfig())) as first:
        with pytest.raises(ConfigError, match="another harness is open"):
            StrategyHarness(Follower(FactorStrategyConfig()))
        first.quote(60_000.0)
    with StrategyHarness(Follower(FactorStrategyConfig())) as second:
        second.quote(60_000.0)
        assert second.orders == []


def test_what_cannot_be_is_refused(strategy_harness: Make) -> None:
    """By name, with what was expected; nothing is delivered."""
    harness, told = follower(strategy_harness)
    for wrong, match in (
        (lambda: harness.quote(1.0, instrument_id="X.Y"), "no instrument 'X.Y'; the harness has"),
        (lambda: harness.wait(timedelta(0)), "expected a positive span"),
        (lambda: perpetual("nonsense"), "perpetual 'nonsense'"),
    ):
        with pytest.raises(ConfigError, match=match):
            wrong()
    assert told == []
    harness.close()
    harness.close()
    wrong_start = datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused
    for option, match in (({"balance": "much"}, "balance"), ({"start": wrong_start}, "time zone")):
        with pytest.raises(ConfigError, match=match):
            strategy_harness(Follower(FactorStrategyConfig()), **option)
    with pytest.raises(ConfigError, match="is closed"):
        harness.quote(1.0)
