"""One backtest in a process of its own: ``python -m …children.backtest_process JOB ...``.

``raw COUNT`` and ``gated COUNT`` replay that many records, half factors and half quotes, that are
in the engine already, and answer with records per second and processor time. ``write FOLDER
COUNT`` makes a catalog; ``stream FOLDER`` replays it as run_backtest.py does, ``plain FOLDER``
without the gate of prices and without funding; both answer with rate, processor time and the peak
memory.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import (
    CustomData,
    OrderSide,
    PositionAdjustmentType,
    Price,
    Quantity,
    QuoteTick,
)
from nautilus_trader.persistence import ParquetDataCatalog
from nautilus_trader.trading import Strategy

from adapters.catalog import RecordingWriter
from adapters.catalog.files.delivered_tables import funding_to_arrow
from adapters.command.settings_file import from_table
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.engine_setup import build_engine
from backtests.inputs.backtest_settings import BacktestSettings
from backtests.inputs.catalog_search import find_data
from backtests.run.one_backtest import replayed
from dolphin_strategies import EXTERNAL_FACTORS, ExternalFactors, FactorSchema
from dolphin_strategies.factors.batch import FactorBatch
from tests.benchmarks.report import require
from tests.benchmarks.sandbox_node import GatedStrategy
from tests.benchmarks.workload import FACTOR_COUNT, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nautilus_trader.backtest import BacktestEngine

START_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 1_000_000
BATCH: Final = 50_000
ORDER_EACH: Final = 700
"""Records between two orders: at some of the whole minutes a position is open."""
MINUTE_NS: Final = 60_000_000_000
MOST_OTHERS: Final = 2_000
"""Data of an engine beside factors and quotes: funding, statuses."""
PLAIN: Final = {"market": {"max_price_age": "none"}, "backtest": {"funding": "none"}}


class RawStrategy(Strategy):
    """Counts what reaches ``on_data`` and ``on_quote``."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self.quotes = 0

    def on_start(self) -> None:
        self.subscribe_data(EXTERNAL_FACTORS)
        self.subscribe_quotes(BTCUSDT_PERP)

    def on_data(self, data: CustomData) -> None:
        self.received += 1

    def on_quote(self, quote: QuoteTick) -> None:
        self.quotes += 1


class GatedQuotes(GatedStrategy):
    """The benchmarks' gated strategy, which gets the quotes too."""

    def __init__(self) -> None:
        super().__init__()
        self.quotes = 0

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_quotes(BTCUSDT_PERP)

    def on_quote(self, quote: QuoteTick) -> None:
        self.quotes += 1


class TradingQuotes(GatedQuotes):
    """Buys and sells in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.orders = 0

    def on_factors(self, f: ExternalFactors) -> None:
        self.received += 1
        if self.received % ORDER_EACH:
            return
        side = OrderSide.SELL if self.orders % 2 else OrderSide.BUY
        self.orders += 1
        self.submit_order(self.order_factory.market(BTCUSDT_PERP, side, Quantity(1, 3)))


def factor_batches(count: int) -> Iterator[FactorBatch]:
    """Yield ``count`` records, one a millisecond."""
    schema, random = FactorSchema(NAMES), np.random.default_rng(1)
    values = random.random((BATCH, FACTOR_COUNT))
    for first in range(0, count, BATCH):
        n = min(BATCH, count - first)
        ts = START_NS + STEP_NS * np.arange(first, first + n)
        yield FactorBatch(
            schema=schema,
            sequence=np.arange(first + 1, first + n + 1, dtype=np.uint64),
            ts_event=ts,
            ts_init=ts,
            values=values[:n],
            stream_id=1,
        )


def quotes(first: int, count: int) -> list[QuoteTick]:
    """Return quotes, each half a millisecond after a record."""
    size = Quantity(1, 3)
    touches = [(Price(60_000 + i / 10, 1), Price(60_000.1 + i / 10, 1)) for i in range(50)]
    return [
        QuoteTick(BTCUSDT_PERP, *touches[i % 50], size, size, ts, ts)
        for i in range(first, first + count)
        for ts in (START_NS + STEP_NS * i + STEP_NS // 2,)
    ]


def rate(kind: str, count: int) -> dict[str, float]:
    """Replay what is in the engine already; return records per second and processor time."""
    strategy: Any = RawStrategy() if kind == "raw" else GatedQuotes()
    engine = build_engine(
        venue=BacktestVenue(),
        instruments=[btcusdt_perp()],
        fill_on="quotes",
    )
    engine.add_strategy(strategy)
    half = count // 2
    data = [CustomData(EXTERNAL_FACTORS, f) for b in factor_batches(half) for f in b.records()]
    engine.add_data(data)
    engine.add_data(quotes(0, half))
    del data
    gc.collect()
    gc.freeze()
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    engine.run()
    took_s, took_cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    require(
        (strategy.received, strategy.quotes) == (half, half),
        f"{kind}: replayed {half:,} and {half:,}, "
        f"received {strategy.received:,} and {strategy.quotes:,}",
    )
    return {"rate_hz": count / took_s, "cpu_ns": took_cpu_s * 1e9 / count}


def write(folder: Path, count: int) -> None:
    """Make a catalog of ``count`` records, half of them quotes."""
    with RecordingWriter(folder, source="benchmark", name="benchmark") as writer:
        for batch in factor_batches(count // 2):
            writer.write_factors(batch)
        if funding := _funding(count // 2):
            name = str(BTCUSDT_PERP)
            writer.write_table(f"funding_rates/{name}", funding_to_arrow(name, funding))
    catalog = ParquetDataCatalog(str(folder), max_row_group_size=8_192)
    catalog.write_instruments([btcusdt_perp()])
    for first in range(0, count // 2, BATCH):
        catalog.write_quote_ticks(quotes(first, min(BATCH, count // 2 - first)))


def _funding(records: int) -> list[tuple[str, int, int, int, int]]:
    """Return a settlement at each whole minute of a catalog."""
    end_ns = START_NS + STEP_NS * records
    minutes = range(START_NS // MINUTE_NS + 1, end_ns // MINUTE_NS + 1)
    return [("0.0001", 1, m * MINUTE_NS, m * MINUTE_NS, m * MINUTE_NS) for m in minutes]


def stream(folder: Path, tables: dict[str, Any]) -> dict[str, float]:
    """Replay a catalog as run_backtest.py does; return the rate and the peak memory."""
    strategy = TradingQuotes()
    settings = from_table(BacktestSettings, tables, "benchmark")
    data = find_data(folder, settings, strategy)
    before_mb, start_cpu_s = _peak_mb(), time.process_time()
    with replayed(data, settings, strategy) as (engine, figures, decisions):
        took_cpu_s = time.process_time() - start_cpu_s
        count = strategy.received + strategy.quotes
        require(
            0 <= figures.replay.rows - count <= MOST_OTHERS,
            f"stream: replayed {figures.replay.rows:,}, received {count:,}",
        )
        require(
            len(decisions) == strategy.orders == figures.trading.fills,
            f"stream: {strategy.orders:,} orders, {figures.trading.fills:,} fills",
        )
        return {
            "rows": figures.replay.rows,
            "funded": _settled(engine),
            "rate_hz": figures.replay.rows / figures.replay.elapsed_s,
            "cpu_ns": took_cpu_s * 1e9 / figures.replay.rows,
            "before_mb": before_mb,
            "peak_mb": _peak_mb(),
        }


def _settled(engine: BacktestEngine) -> int:
    """Return how often funding was booked, of positions that were open again and again too."""
    found = [*engine.cache.positions(), *engine.cache.position_snapshots()]
    return sum(
        adjustment.adjustment_type == PositionAdjustmentType.FUNDING
        for position in found
        for adjustment in position.adjustments()
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    job, *arguments = sys.argv[1:]
    if job == "write":
        write(Path(arguments[0]), int(arguments[1]))
        print(json.dumps(None))
    elif job in {"stream", "plain"}:
        print(json.dumps(stream(Path(arguments[0]), PLAIN if job == "plain" else {})))
    else:
        print(json.dumps(rate(job, int(arguments[0]))))
