"""Stepwise: a strategy that does what a test tells it, one action for each record of factors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors

type Action = Callable[[Stepwise], None]


@dataclass(frozen=True, kw_only=True)
class StepwiseConfig(FactorStrategyConfig):
    """What to trade."""

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


class Stepwise(FactorStrategy[StepwiseConfig]):
    """Does ``actions[i]`` when the factor ``step`` is i, and notes what happens to its orders."""

    required_factors: ClassVar[tuple[str, ...]] = ("step",)
    actions: Sequence[Action | None] = ()

    def on_start(self) -> None:
        super().on_start()
        self.events: list[tuple[float, str, str]] = []
        self.started_ns = self.clock.timestamp_ns()

    def on_factors(self, f: ExternalFactors) -> None:
        action = self.actions[int(f["step"])] if int(f["step"]) < len(self.actions) else None
        if action is not None:
            action(self)

    def on_order_event(self, event: Any) -> None:
        name = type(event).__name__.removeprefix("Order")
        if name not in {"Initialized", "Submitted"}:
            self.events.append((event.ts_event, name, str(getattr(event, "reason", ""))))


def submit(strategy: Stepwise, kind: str, side: OrderSide, price: int | None = None) -> Any:
    """Submit an order of 0.01; return it."""
    instrument_id = strategy.config.instrument_id
    instrument = strategy.instrument(instrument_id)
    arguments = [instrument_id, side, instrument.make_qty(0.01)]
    if price is not None:
        arguments.append(instrument.make_price(price))
    order = getattr(strategy.order_factory, kind)(*arguments)
    strategy.submit_order(order)
    return order


def buy(strategy: Stepwise) -> None:
    """Buy at the market."""
    submit(strategy, "market", OrderSide.BUY)


def sell(strategy: Stepwise) -> None:
    """Sell at the market."""
    submit(strategy, "market", OrderSide.SELL)


def close(strategy: Stepwise) -> None:
    """Close all positions."""
    strategy.close_all_positions(strategy.config.instrument_id)


class Alternates(Stepwise):
    """Buys and sells by turns, at each record."""

    def on_start(self) -> None:
        super().on_start()
        self.actions = [buy, sell] * 10
