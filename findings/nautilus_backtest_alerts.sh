#!/usr/bin/env bash
# When a backtest's time alerts fire: after the data of their instant, a past one after the data of
# the present instant, and those after the last data not at all unless run() is given an end.
#
# Expected: an alert for an instant fires when the clock reaches it, before the data that arrives
# then; one that lies in the past fires at once; one an hour later fires an hour later.
# Seen: quotes at 0, 1 and 2 s, alerts set in on_start for -1, 1, and 3 s.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >backtest.py <<'PYTHON'
import sys
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, OmsType, Price, Quantity, QuoteTick
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusdt_perp_binance()
START = 1_700_006_400 * 10**9
SECOND = 10**9
seen = []


class Alerts(Strategy):
    def on_start(self):
        self.subscribe_quotes(PERP.id)
        for s in (-1, 1, 3):
            self.clock.set_time_alert_ns(f"alert {s}", START + s * SECOND, self.on_alert)

    def on_alert(self, event):
        seen.append(event.name)

    def on_quote(self, quote):
        seen.append(f"quote {(quote.ts_init - START) // SECOND}")


engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.OFF)))
engine.add_venue(
    PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("1000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
)
engine.add_instrument(PERP)
one = Quantity(1, 3)
engine.add_data([
    QuoteTick(PERP.id, Price(100, 1), Price(101, 1), one, one, START + s * SECOND, START + s * SECOND)
    for s in (0, 1, 2)
])
engine.add_strategy(Alerts())
engine.run(end=START + 4 * SECOND if sys.argv[1] == "end" else None)
print(*seen, sep=", ")
PYTHON

report "alert -1, quote 0, alert 1, quote 1, quote 2, alert 3" \
    "without end: quote 0, alert -1, quote 1, alert 1, quote 2; with end: quote 0, alert -1, quote 1, alert 1, quote 2, alert 3" \
    "without end: $(python backtest.py none); with end: $(python backtest.py end)"
