"""A strategy whose model computes in a thread: values in, answers out, and no strategy there.

    uv run live/run_node.py --strategy model_in_thread:ModelTaker --seconds 10

from this folder.
"""

from __future__ import annotations

import queue
import threading

from nautilus_trader.model import InstrumentId, OrderSide

from dolphin_strategies import (
    ExternalFactors,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
    OrderRateLimit,
)

BTCUSDT = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


def run_model(questions: queue.SimpleQueue, answers: queue.SimpleQueue) -> None:
    """Answer until None is asked. It knows queues and values only."""
    mean = 0.0
    while (imbalance := questions.get()) is not None:
        mean += 0.05 * (imbalance - mean)
        answers.put(mean)


class ModelTaker(FactorStrategy[FactorStrategyConfig]):
    """Take the side of the model's newest answer, at most one unit."""

    required_factors = ("imbal_btc",)

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(BTCUSDT)
        self.limit = OrderRateLimit(max_per_second=2)
        self.answered = 0
        self.questions: queue.SimpleQueue = queue.SimpleQueue()
        self.answers: queue.SimpleQueue = queue.SimpleQueue()
        # The queues, not self: what is inherited may be used on this thread only.
        arguments = (self.questions, self.answers)
        threading.Thread(target=run_model, args=arguments, daemon=True).start()

    def on_schema(self, schema: FactorSchema) -> None:
        self.imbalance = schema.index("imbal_btc")

    def on_factors(self, f: ExternalFactors) -> None:
        self.questions.put(f.value_at(self.imbalance))
        newest = None
        while not self.answers.empty():
            newest = self.answers.get_nowait()
            self.answered += 1
        if newest is not None and abs(newest) > 0.1 and self.limit.allow(f.ts_init):
            self.take(1 if newest > 0 else -1)

    def take(self, sign: int) -> None:
        """Trade one unit towards a side, unless it is held already."""
        if float(self.portfolio.net_position(BTCUSDT)) * sign > 0:
            return
        side = OrderSide.BUY if sign > 0 else OrderSide.SELL
        size = self.instrument(BTCUSDT).make_qty(0.01)
        self.submit_order(self.order_factory.market(BTCUSDT, side, size))

    def on_stop(self) -> None:
        self.questions.put(None)
        print("ANSWERED", self.answered, flush=True)
