"""One backtest over factors: ``python -m …children.research.comparison_process JOB COUNT``.

``ours`` gives a FactorStrategy this project's records, ``nautilus`` a plain Strategy a
``customdataclass`` with a field for each factor, as NautilusTrader documents it. Both answer with
the rate, the processor time, and the sum of what the strategy has read.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import CustomData, DataType, register_custom_data_class
from nautilus_trader.model.custom import customdataclass
from nautilus_trader.trading import Strategy

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.engine_setup import build_engine
from dolphin_strategies import EXTERNAL_FACTORS
from tests.benchmarks.children.backtest_process import GatedQuotes, factor_batches, quotes
from tests.benchmarks.report import require
from tests.benchmarks.workload import NAMES, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nautilus_trader.model import QuoteTick

    from dolphin_strategies import ExternalFactors

FIRST, SECOND = REQUIRED
Row: Any = customdataclass(  # type: ignore[no-untyped-call] # as NautilusTrader has it
    type("Row", (), {"__annotations__": dict.fromkeys(NAMES, float), "__module__": __name__})
)
"""NautilusTrader's own way to a record of 85 factors."""
ROWS: Final = DataType("Row")


class OurStrategy(GatedQuotes):
    """Reads two required factors, whose age is checked before."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0.0

    def on_factors(self, f: ExternalFactors) -> None:
        self.received += 1
        self.total += f[FIRST] + f[SECOND]


class PlainStrategy(Strategy):
    """Reads two fields, whose age nobody checks."""

    def __init__(self) -> None:
        super().__init__()
        self.received = self.quotes = 0
        self.total = 0.0

    def on_start(self) -> None:
        self.subscribe_data(ROWS)
        self.subscribe_quotes(BTCUSDT_PERP)

    def on_data(self, data: CustomData) -> None:
        row = data.data
        self.received += 1
        self.total += getattr(row, FIRST) + getattr(row, SECOND)

    def on_quote(self, quote: QuoteTick) -> None:
        self.quotes += 1


def rows(count: int) -> Iterator[CustomData]:
    """Yield the records as NautilusTrader's own custom data."""
    for batch in factor_batches(count):
        for ts, values in zip(batch.ts_init.tolist(), batch.values.tolist(), strict=True):
            yield CustomData(ROWS, Row(ts, ts, *values))


def rate(job: str, count: int) -> dict[str, float]:
    """Replay what is in the engine; return the rate, the processor time and what was read."""
    strategy: Any = OurStrategy() if job == "ours" else PlainStrategy()
    engine = build_engine(venue=BacktestVenue(), instruments=[btcusdt_perp()], fill_on="quotes")
    engine.add_strategy(strategy)
    if job == "ours":
        batches = factor_batches(count)
        engine.add_data([CustomData(EXTERNAL_FACTORS, f) for b in batches for f in b.records()])
    else:
        register_custom_data_class(Row)
        engine.add_data(list(rows(count)))
    engine.add_data(quotes(0, count))
    gc.collect()
    gc.freeze()
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    engine.run()
    took_s, took_cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    found = strategy.received, strategy.quotes
    require(found == (count, count), f"{job}: replayed {count:,} each, received {found}")
    return {
        "rate_hz": count / took_s,
        "cpu_us": took_cpu_s * 1e6 / count,
        "total": strategy.total,
    }


if __name__ == "__main__":
    print(json.dumps(rate(sys.argv[1], int(sys.argv[2]))))
