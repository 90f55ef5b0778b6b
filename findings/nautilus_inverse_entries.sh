#!/usr/bin/env bash
# The PnL of an inverse perpetual with several entries is computed from their arithmetic mean price,
# as of a linear contract: at a price at which an exchange pays, NautilusTrader can book a loss.
#
# Contracts of 1 USD, no fees: 100,000 bought at 50,000, 100,000 at 60,000, all sold at one price.
# Expected: what an exchange pays, the sum of size x (1 / entry - 1 / exit) of each entry: +0.03030303
# BTC sold at 55,000, +0.01703163 BTC sold at 54,800. The average entry price is then the harmonic
# mean, 54,545.45.
# Seen: avg_px_open is 55,000, the PnL 0 and -0.01327140 BTC, in the position and in the account's
# balance. With one entry it is right. The error grows with the square of the distance between the
# entries, against a long position and in favour of a short one: a backtest that adds to its positions
# is wrong by it. Compute their PnL from the fills.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >backtest.py <<'PYTHON'
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType, Currency, Money, OmsType, OrderSide, Price, Quantity, QuoteTick,
)
from nautilus_trader.testkit.providers import TestInstrumentProvider
from nautilus_trader.trading import Strategy

PERP = TestInstrumentProvider.btcusd_bybit()
BTC = Currency.from_str("BTC")
SECOND = 10**9
START = 1_700_006_400 * SECOND


class Trades(Strategy):
    """Trades a signed size at each quote."""

    def __init__(self, sizes):
        super().__init__()
        self.sizes = iter(sizes)

    def on_start(self):
        self.subscribe_quotes(PERP.id)

    def on_quote(self, quote):
        size = next(self.sizes)
        side = OrderSide.BUY if size > 0 else OrderSide.SELL
        self.submit_order(self.order_factory.market(PERP.id, side, Quantity(abs(size), 0)))


def backtest(*trades):
    """Return the average entry price, the position's PnL and the account's, of (size, price)."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(stdout_level=LogLevel.ERROR)))
    engine.add_venue(
        PERP.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("10 BTC")],
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    engine.add_instrument(PERP)
    deep = Quantity(1_000_000, 0)
    engine.add_data([
        QuoteTick(PERP.id, Price(price, 1), Price(price, 1), deep, deep, ns, ns)
        for ns, (_, price) in enumerate(trades, START)
    ])
    engine.add_strategy(Trades([size for size, _ in trades]))
    engine.run()
    (position,) = engine.cache.positions_closed()
    balance = engine.portfolio.account(PERP.id.venue).balance_total(BTC).as_decimal()
    found = (position.avg_px_open, position.realized_pnl.as_decimal(), balance - 10)
    engine.dispose()
    return found


def exchange(*trades):
    """Return the same of an exchange: a contract is worth 1 / price BTC."""
    pnl = sum(Decimal(size) / price for size, price in trades)
    entries = trades[:-1]
    mean = sum(size for size, _ in entries) / sum(Decimal(size) / price for size, price in entries)
    return float(mean), pnl, pnl


def show(computed):
    cases = (
        ("one entry", [(200_000, 50_000), (-200_000, 55_000)]),
        ("two at 55000", [(100_000, 50_000), (100_000, 60_000), (-200_000, 55_000)]),
        ("two at 54800", [(100_000, 50_000), (100_000, 60_000), (-200_000, 54_800)]),
        ("short at 55000", [(-100_000, 50_000), (-100_000, 60_000), (200_000, 55_000)]),
    )
    for name, trades in cases:
        mean, pnl, gain = computed(*trades)
        yield f"{name}: {mean:.2f} {pnl:+.8f} {gain:+.8f}"


print(*show(exchange), sep="; ")
print(*show(backtest), sep="; ")
PYTHON

both="$(python backtest.py)"
report "${both%%$'\n'*}" \
    "one entry: 50000.00 +0.36363636 +0.36363636; two at 55000: 55000.00 +0.00000000 +0.00000000; two at 54800: 55000.00 -0.01327140 -0.01327140; short at 55000: 55000.00 +0.00000000 +0.00000000" \
    "${both##*$'\n'}"
