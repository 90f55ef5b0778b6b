"""What Nautilus's engine books for funding rates, over a day on which one coin is held."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    Currency,
    FundingRateUpdate,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
)
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR_NS: Final = 3_600_000_000_000
MONEY: Final = Decimal(1000)


class _Buyer(Strategy):
    """Buys one coin at the first quote."""

    def on_start(self) -> None:
        self.subscribe_quotes(_PERPETUAL.id)
        self.has_bought = False

    def on_quote(self, quote: Any) -> None:
        if not self.has_bought:
            self.has_bought = True
            order = self.order_factory.market(_PERPETUAL.id, OrderSide.BUY, Quantity(1, 3))
            self.submit_order(order)


_PERPETUAL: Final = TestInstrumentProvider.btcusdt_perp_binance()


def paid(updates: Sequence[Any], start_ms: int) -> str:
    """Return what holding one coin at 100 USDT for a day costs in funding, USDT.

    Parameters
    ----------
    updates : sequence of FundingRateUpdate
        Of any instrument.
    start_ms : int
        The beginning of the day, UNIX milliseconds.

    """
    own = [
        FundingRateUpdate(
            _PERPETUAL.id, u.rate, u.ts_event, u.ts_init, u.interval, u.next_funding_ns
        )
        for u in updates
    ]
    one, start_ns = Quantity(1, 3), start_ms * 1_000_000
    quotes = [
        QuoteTick(_PERPETUAL.id, Price(100, 1), Price(100, 1), one, one, ns, ns)
        for ns in range(start_ns, start_ns + 25 * HOUR_NS, HOUR_NS)
    ]
    config = BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.ERROR))
    engine = BacktestEngine(config)
    engine.add_venue(
        _PERPETUAL.id.venue,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money.from_str(f"{MONEY} USDT")],
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    engine.add_instrument(_PERPETUAL)
    engine.add_data(quotes)
    engine.add_data(own)
    engine.add_strategy(_Buyer())
    engine.run()
    account: Any = engine.portfolio.account(_PERPETUAL.id.venue)
    left = account.balance_total(Currency.from_str("USDT")).as_decimal()
    engine.dispose()
    return f"{MONEY - left:f}"
