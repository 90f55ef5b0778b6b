#!/usr/bin/env bash
# In a backtest with quotes and trades a trade replaces the quote: until the next quote, orders to buy
# and to sell are both filled at the trade's price, be it inside, at or outside the spread.
#
# The market is 100 to 101 at 1 s. One trade comes at 2 s, an order of 1 at 3 s, the next quote at 9 s.
# Expected: a market order to buy pays 101, one to sell gets 100, as without the trade, at least with
# trade_execution=False. The guide to trade-based execution says that the book remains unchanged and
# that prices move for the one iteration only.
# Seen: both are filled at the trade's price, so that nobody pays the spread, with trade_execution=False
# as well; of a trade of 0.5 half is filled, and the rest never. A quote after the trade puts it right,
# also one of the same stamp: what was added last decides. A strategy that answers trades pays no
# spread at all.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >backtest.py <<'PYTHON'
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType, AggressorSide, Money, OmsType, OrderSide, Price, Quantity, QuoteTick, TradeId,
    TradeTick,
)
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusdt_perp_binance()
SECOND = 10**9
START = 1_700_006_400 * SECOND


def quote(second):
    ns = START + second * SECOND
    return QuoteTick(
        PERP.id, Price(100, 1), Price(101, 1), Quantity(5, 3), Quantity(5, 3), ns, ns
    )


def trade(second, price, size=5):
    ns = START + second * SECOND
    side = AggressorSide.BUY
    return TradeTick(PERP.id, Price(price, 1), Quantity(size, 3), side, TradeId("1"), ns, ns)


class Orders(Strategy):
    def on_start(self):
        self.fills = []
        self.clock.set_time_alert_ns("order", START + 3 * SECOND, self.send)

    def send(self, event):
        self.submit_order(self.order_factory.market(PERP.id, self.side, Quantity(1, 3)))

    def on_order_filled(self, event):
        self.fills.append(f"{event.last_qty} at {event.last_px}")


def fill(data, side, trade_execution):
    engine = BacktestEngine(
        BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.ERROR))
    )
    engine.add_venue(
        PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)), trade_execution=trade_execution,
    )
    engine.add_instrument(PERP)
    for one in data:  # one stamp keeps the order in which it is added
        engine.add_data([one])
    orders = Orders()
    orders.side = side
    engine.add_strategy(orders)
    engine.run()
    return " and ".join(orders.fills)


CASES = {
    "no trade": [quote(1), quote(9)],
    "at 100": [quote(1), trade(2, 100), quote(9)],
    "at 99": [quote(1), trade(2, 99), quote(9)],
    "of 0.5": [quote(1), trade(2, 100, 0.5), quote(9)],
    "then a quote": [quote(1), trade(2, 100), quote(2), quote(9)],
}
lines = []
for name, data in CASES.items():
    buys = {fill(data, OrderSide.BUY, executes) for executes in (True, False)}
    sells = {fill(data, OrderSide.SELL, executes) for executes in (True, False)}
    lines.append(f"{name}: buys {'/'.join(sorted(buys))}, sells {'/'.join(sorted(sells))}")
print(*lines, sep="; ")
PYTHON

spread="buys 1.000 at 101.0, sells 1.000 at 100.0"
seen="no trade: $spread; at 100: buys 1.000 at 100.0, sells 1.000 at 100.0"
seen+="; at 99: buys 1.000 at 99.0, sells 1.000 at 99.0"
seen+="; of 0.5: buys 0.500 at 100.0, sells 0.500 at 100.0; then a quote: $spread"
report "each time: $spread" "$seen" "$(python backtest.py)"
