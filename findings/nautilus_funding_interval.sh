#!/usr/bin/env bash
# Whether a backtest books funding depends on optional fields of FundingRateUpdate: without
# next_funding_ns a rate counts only if it is stamped exactly at a funding time.
#
# One long position over 00:00 to 24:00, funding at 08:00 and 16:00, always the same two rates.
# Expected: the same two payments each time, or a warning.
# Seen: with next_funding_ns, two payments. With the interval alone, two if the updates are stamped
# at 08:00:00 and 16:00:00, none if they are one second late. With neither, none. Nothing is logged.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >backtest.py <<'PYTHON'
import sys
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType, Currency, FundingRateUpdate, Money, OmsType, OrderSide, Price, Quantity,
    QuoteTick,
)
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusdt_perp_binance()
DAY = 1_700_006_400 * 10**9  # 2023-11-15 00:00 UTC
HOUR = 3600 * 10**9


class Buys(Strategy):
    def on_start(self):
        self.subscribe_quotes(PERP.id)
        self.has_bought = False

    def on_quote(self, quote):
        if not self.has_bought:
            self.has_bought = True
            self.submit_order(self.order_factory.market(PERP.id, OrderSide.BUY, Quantity(1, 3)))


def rate(late_ns, hour, **fields):
    ns = DAY + hour * HOUR + late_ns
    return FundingRateUpdate(PERP.id, Decimal("0.001"), ns, ns, **fields)


RATES = {
    "next": [rate(0, 7, next_funding_ns=DAY + 8 * HOUR), rate(0, 15, next_funding_ns=DAY + 16 * HOUR)],
    "interval": [rate(0, 8, interval=480), rate(0, 16, interval=480)],
    "late interval": [rate(10**9, 8, interval=480), rate(10**9, 16, interval=480)],
    "neither": [rate(0, 8), rate(0, 16)],
}[sys.argv[1]]

one = Quantity(1, 3)
quotes = [
    QuoteTick(PERP.id, Price(100, 1), Price(100, 1), one, one, ns, ns)
    for ns in range(DAY, DAY + 25 * HOUR, HOUR)
]
engine = BacktestEngine(
    BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.WARNING, is_colored=False))
)
engine.add_venue(
    PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
)
engine.add_instrument(PERP)
engine.add_data(quotes)
engine.add_data(RATES)
engine.add_strategy(Buys())
engine.run()
balance = engine.portfolio.account(PERP.id.venue).balance_total(Currency.from_str("USDT"))
print(f"{sys.argv[1]} {Decimal(1000) - balance.as_decimal():f}")
PYTHON

seen=""
for fields in next interval "late interval" neither; do
    seen+="${seen:+, }$(python backtest.py "$fields")"
done
report "0.2 USDT paid with each" \
    "next 0.20000000, interval 0.20000000, late interval 0.00000000, neither 0.00000000" "$seen"
