"""ExitTrader: a strategy that sends the market orders that its factors name, and holds exits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors
    from dolphin_strategies.exits import ExitPolicy
    from dolphin_strategies.testing import StrategyHarness

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
ETH = InstrumentId.from_str("ETHUSDT-PERP.BYBIT")


class ExitTrader(FactorStrategy[FactorStrategyConfig]):
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
        """Send a market order; a negative size sells."""
        side = OrderSide.BUY if size > 0 else OrderSide.SELL
        quantity = self.instrument(instrument_id).make_qty(abs(size))
        self.submit_order(self.order_factory.market(instrument_id, side, quantity))


def exit_trader(policy: ExitPolicy | None, **declared: Any) -> ExitTrader:
    """Return a new ExitTrader with exits, stops and other declarations."""
    kind = type("ExitTrader", (ExitTrader,), {"exits": policy, **declared})
    strategy = kind(FactorStrategyConfig())
    assert isinstance(strategy, ExitTrader)
    return strategy


def reasons_of(harness: StrategyHarness) -> list[str]:
    """Return the reasons of the exits, in the order in which they were sent."""
    return [tag.removeprefix("EXIT: ") for o in harness.orders for tag in o.tags or ()]
