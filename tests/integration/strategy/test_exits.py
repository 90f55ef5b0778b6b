"""Exits that a strategy holds, in a real engine."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import InstrumentId, OrderSide, OrderStatus

from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from dolphin_strategies.exits import (
    ExitPolicy,
    FixedExit,
)
from dolphin_strategies.testing import StrategyHarness

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies import ExternalFactors

type Make = Callable[..., StrategyHarness]

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
ETH = InstrumentId.from_str("ETHUSDT-PERP.BYBIT")
MINUTE = timedelta(minutes=1)


class Trader(FactorStrategy[FactorStrategyConfig]):
    """Send market orders of the sizes that the factors name."""

    def on_start(self) -> None:
        super().on_start()
        for instrument in self.cache.instruments():
            self.subscribe_quotes(instrument.id)

    def on_factors(self, f: ExternalFactors) -> None:
        for name, instrument_id in (("btc", BTC), ("eth", ETH)):
            size = f[name] if name in f.schema else 0.0
            if size:
                self.trade(instrument_id, size)

    def trade(self, instrument_id: InstrumentId, size: float) -> None:
        side = OrderSide.BUY if size > 0 else OrderSide.SELL
        quantity = self.instrument(instrument_id).make_qty(abs(size))
        self.submit_order(self.order_factory.market(instrument_id, side, quantity))


def trader(policy: ExitPolicy | None, **stops: Any) -> Trader:
    """Return a new Trader with exits and stops."""
    strategy = type("Trader", (Trader,), {"exits": policy, **stops})(FactorStrategyConfig())
    assert isinstance(strategy, Trader)
    return strategy


def tags_of(harness: StrategyHarness) -> list[str]:
    """Return the reasons of the exits, in the order in which they were sent."""
    return [tag.removeprefix("EXIT: ") for o in harness.orders for tag in o.tags or ()]


def test_a_fixed_exit_takes_scales_out_and_stops(strategy_harness: Make) -> None:
    """Each order reduces only, is tagged with its reason, and is sent once."""
    policy = FixedExit(take=0.02, stop=0.01, scale_out=((0.01, 0.5),))
    harness = strategy_harness(trader(policy))
    harness.quote(100.0)
    harness.factors(btc=1.0)
    harness.quote(101.2)
    assert harness.position() == Decimal("0.5")
    harness.quote(101.4)
    assert harness.position() == Decimal("0.5")
    harness.quote(103.0)
    assert harness.position() == 0
    harness.factors(btc=-1.0)
    harness.quote(104.2)
    assert harness.position() == 0
    assert tags_of(harness) == ["scale out", "take profit", "stop loss"]
    exits = [o for o in harness.orders if o.tags]
    assert all(o.is_reduce_only and o.status == OrderStatus.FILLED for o in exits)
    desk = harness.strategy.exit_desk
    assert desk is not None
    assert desk.orders.sent == {"scale out": 1, "take profit": 1, "stop loss": 1}
