#!/usr/bin/env bash
# manage_stop=True (close what is open, then stop) in a backtest: the position is closed at the end,
# but on_stop is never called and the strategy stays RUNNING.
#
# Expected: as in a LiveNode, the strategy is flat, on_stop is called, the state is STOPPED.
# Seen: flat and RUNNING, also where an end lies a minute after the last data; the engine logs that
# the stop did not complete. Without manage_stop: STOPPED, with the position open.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >backtest.py <<'PYTHON'
import sys
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, OmsType, OrderSide, Price, Quantity, QuoteTick
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy, StrategyConfig

PERP = TestInstrumentProvider.btcusdt_perp_binance()
START = 1_700_006_400 * 10**9
SECOND = 10**9


class Buys(Strategy):
    has_bought = False
    on_stop_calls = 0

    def on_start(self):
        self.subscribe_quotes(PERP.id)

    def on_quote(self, quote):
        if not self.has_bought:
            self.has_bought = True
            self.submit_order(self.order_factory.market(PERP.id, OrderSide.BUY, Quantity(1, 3)))

    def on_stop(self):
        self.on_stop_calls += 1


engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.OFF)))
engine.add_venue(
    PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
)
engine.add_instrument(PERP)
one = Quantity(1, 3)
engine.add_data([
    QuoteTick(PERP.id, Price(100, 1), Price(101, 1), one, one, START + s * SECOND, START + s * SECOND)
    for s in range(10)
])
strategy = Buys(StrategyConfig(manage_stop=sys.argv[1] == "managed"))
engine.add_strategy(strategy)
engine.run(end=START + 70 * SECOND)
print(
    f"{sys.argv[1]}: {len(engine.cache.positions_open())} open, on_stop {strategy.on_stop_calls} times, "
    f"running: {strategy.is_running()}"
)
PYTHON

report "managed: 0 open, on_stop 1 times, running: False; plain: 1 open, on_stop 1 times, running: False" \
    "managed: 0 open, on_stop 0 times, running: True; plain: 1 open, on_stop 1 times, running: False" \
    "$(python backtest.py managed); $(python backtest.py plain)"
