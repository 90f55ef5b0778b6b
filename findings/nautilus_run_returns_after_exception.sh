#!/usr/bin/env bash
# An exception that stops a LiveNode or a BacktestEngine (shutdown_on_error) is logged and does
# not reach whoever called run_async or run: a failed run ends like a good one.
#
# Expected: run_async and run raise.
# Seen: both return normally, and a script ends with exit code 0.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >live.py <<'PYTHON'
import asyncio

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId
from nautilus_trader.trading import Strategy

CONFIG = LiveNodeConfig(
    environment=Environment.SANDBOX,
    trader_id=TraderId("T-001"),
    shutdown_on_error=True,
    delay_post_stop_secs=0.1,
    logging=LoggerConfig(stdout_level=LogLevel.OFF),
)


class Fails(Strategy):
    def on_start(self):
        self.clock.set_time_alert_ns("a", self.clock.timestamp_ns() + 10**8, self.fail)

    def fail(self, event):
        raise ValueError("on purpose")


async def main():
    node = LiveNodeBuilder.from_config("T", CONFIG).build()
    node.add_strategy(Fails())
    await asyncio.wait_for(node.run_async(), 20)
    print("run_async returned")


asyncio.run(main())
PYTHON

cat >backtest.py <<'PYTHON'
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, OmsType, Price, Quantity, QuoteTick
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusdt_perp_binance()


class Fails(Strategy):
    def on_start(self):
        self.subscribe_quotes(PERP.id)

    def on_quote(self, quote):
        raise ValueError("on purpose")


engine = BacktestEngine(
    BacktestEngineConfig(
        shutdown_on_error=True, logging=LoggerConfig(stdout_level=LogLevel.OFF)
    )
)
engine.add_venue(
    PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
)
engine.add_instrument(PERP)
one = Quantity(1, 3)
engine.add_data([
    QuoteTick(PERP.id, Price(100, 1), Price(101, 1), one, one, ns, ns) for ns in (10**18, 10**18 + 1)
])
engine.add_strategy(Fails())
engine.run()
print("run returned")
PYTHON

report "both raise" "run_async returned; run returned" "$(python live.py); $(python backtest.py)"
