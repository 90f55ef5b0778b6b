"""Strategies whose sessions are recorded and replayed in tests."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import FactorStrategy, FactorStrategyConfig
from dolphin_strategies.clocks.backtest_clock import is_backtest_clock
from dolphin_strategies.examples.imbalance_taker import ImbalanceTaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nautilus_trader.model import ClientOrderId, QuoteTick, TradeTick

    from dolphin_strategies import ExternalFactors

INSTRUMENT = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


class DataOnly(FactorStrategy[FactorStrategyConfig]):
    """Decide from factors and quotes alone, never from orders or positions."""

    required_factors = ("imbal_btc",)
    max_age = timedelta(seconds=1.5)
    every = 40

    def on_start(self) -> None:
        super().on_start()
        self.market = self.instrument(INSTRUMENT)
        self.size = self.market.make_qty(0.002)
        self.seen = 0
        self.pressure = 0.0
        self.quote: QuoteTick | None = None
        self.resting: list[ClientOrderId] = []
        self.subscribe_quotes(INSTRUMENT)

    def on_quote(self, quote: QuoteTick) -> None:
        self.quote = quote
        latency_ns = quote.ts_init - quote.ts_event
        self.pressure += 1e-9 * (latency_ns % 997)

    def on_factors(self, f: ExternalFactors) -> None:
        self.seen += 1
        self.pressure = 0.98 * self.pressure + f["imbal_btc"]
        quote = self.quote
        if quote is None or self.seen % self.every:
            return
        side = OrderSide.BUY if self.pressure > 0 else OrderSide.SELL
        if f.sequence % 2:
            self.submit_order(self.order_factory.market(INSTRUMENT, side, self.size))
            return
        far = quote.bid_price if side == OrderSide.BUY else quote.ask_price
        offset = -50.0 if side == OrderSide.BUY else 50.0
        price = self.market.make_price(float(far) + offset)
        order = self.order_factory.limit(
            INSTRUMENT, side, self.size, price, post_only=True, tags=["made", "up"]
        )
        self.submit_order(order)
        self.resting.append(order.client_order_id)
        if len(self.resting) > 2:
            self.cancel_order(self.resting.pop(0))

    def on_factors_stale(self) -> None:
        self.cancel_all_orders(INSTRUMENT)


class DataAndTrades(DataOnly):
    """Decide from trades too."""

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_trades(INSTRUMENT)

    def on_trade(self, trade: TradeTick) -> None:
        self.pressure += 1e-3 * float(trade.size) * (1 if trade.ts_event % 2 else -1)


class WarmedUp(ImbalanceTaker):
    """Begin with the averages of the past."""

    factor_history = timedelta(hours=1)
    past = 0

    def on_factor_history(self, records: Sequence[ExternalFactors]) -> None:
        for f in records:
            self.past += 1
            self.imbalance += 0.02 * (f["imbal_btc"] - self.imbalance)

    def on_stop(self) -> None:
        print("PAST", self.past, flush=True)


class RaisesAtRecord(DataOnly):
    """Raise at the 120th record."""

    def on_factors(self, f: ExternalFactors) -> None:
        super().on_factors(f)
        if self.seen == 120:
            msg = "planted at a record"
            raise RuntimeError(msg)


class GoesStale(DataOnly):
    """Kill the producer of a live node, so that its records turn old; the node has another."""

    max_age = timedelta(milliseconds=300)

    def on_factors(self, f: ExternalFactors) -> None:
        super().on_factors(f)
        if self.seen == 300 and not is_backtest_clock(self.clock):
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    command = (process / "cmdline").read_bytes()
                    if (
                        b"live.producers.demo_producer" in command
                        and _parent_of(process) == os.getpid()
                    ):
                        os.kill(int(process.name), signal.SIGKILL)


class UsesSignals(DataOnly):
    """Subscribe to what a session does not hold."""

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_signal("planted")

    def on_signal(self, planted: Any) -> None:
        """Do nothing."""


def _parent_of(process: Path) -> int:
    stat = (process / "stat").read_text(encoding="utf-8")
    return int(stat.rsplit(")", 1)[1].split()[1])
