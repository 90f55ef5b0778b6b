#!/usr/bin/env bash
# What a backtest's market order costs at the end of a session: a latency of a millisecond decides
# whether it fills at the price before the gap or at the one after it, fifteen hours later.
#
# The last bar before a gap closes at 101, the next one at 150; an order answers the former.
# Expected: a millisecond changes little; the market that has closed fills no order.
# Seen: without a latency model it fills at 101 on the spot. With StaticLatencyModel it waits for
# the next bar, and fills at 150.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >backtest.py <<'PYTHON'
import sys
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.model import (
    AccountType, Bar, BarType, Money, OmsType, OrderSide, Price, Quantity,
)
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusdt_perp_binance()
BARS = BarType.from_str(f"{PERP.id}-1-MINUTE-LAST-EXTERNAL")
START = 1_700_006_400 * 10**9
MINUTE = 60 * 10**9


class Buys(Strategy):
    def on_start(self):
        self.subscribe_bars(BARS)

    def on_bar(self, bar):
        if bar.close == Price(101, 1):
            self.submit_order(self.order_factory.market(PERP.id, OrderSide.BUY, Quantity(1, 3)))

    def on_order_filled(self, event):
        minutes = (event.ts_event - START) // MINUTE
        print(f"{sys.argv[1]} ms: filled at {event.last_px} after {minutes} min")


def bar(minute, price):
    price, ns = Price(price, 1), START + minute * MINUTE
    return Bar(BARS, price, price, price, price, Quantity(5, 3), ns, ns)


latency_ms = int(sys.argv[1])
engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.ERROR)))
engine.add_venue(
    PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    latency_model=StaticLatencyModel(latency_ms * 10**6) if latency_ms else None,
)
engine.add_instrument(PERP)
engine.add_data([bar(0, 100), bar(1, 101), bar(900, 150), bar(901, 151)])
engine.add_strategy(Buys())
engine.run()
PYTHON

report "the same fill, or none while the market is closed" \
    "0 ms: filled at 101.0 after 1 min; 1 ms: filled at 150.0 after 900 min" \
    "$(python backtest.py 0); $(python backtest.py 1)"
