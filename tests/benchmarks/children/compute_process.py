"""Computing over a catalog in a process of its own: ``python -m …children.compute_process JOB …``.

``write FOLDER COUNT`` makes a catalog of quotes and trades. ``compute FOLDER`` computes all
factors of its instrument as compute_factors.py does, ``engine FOLDER`` replays it through an
engine whose strategy does nothing; both answer with events per second.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from nautilus_trader.model import AggressorSide, Price, Quantity, QuoteTick, TradeId, TradeTick
from nautilus_trader.persistence import ParquetDataCatalog
from nautilus_trader.trading import Strategy

from adapters.exf.registry.computed_file import read_specs
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.compute_factors import CHUNK_ROWS
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.engine_setup import build_engine
from backtests.engine.merged_chunks import chunks
from backtests.inputs.computing.computed_inputs import find_inputs
from backtests.inputs.computing.computed_recording import write_recording
from backtests.inputs.market_data import MarketData
from tests.benchmarks.report import require

FACTORS: Final = Path(__file__).parents[3] / "docs" / "examples" / "computed.toml"
START_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 1_000_000
QUOTES_A_TRADE: Final = 3
PART: Final = 60_000
ENGINE_ROWS: Final = 50_000


class Idle(Strategy):
    """Counts what reaches two callbacks that do nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0

    def on_start(self) -> None:
        self.subscribe_quotes(BTCUSDT_PERP)
        self.subscribe_trades(BTCUSDT_PERP)

    def on_quote(self, quote: QuoteTick) -> None:
        self.received += 1

    def on_trade(self, trade: TradeTick) -> None:
        self.received += 1


def write(folder: Path, count: int) -> None:
    """Make a catalog of a random walk, an event a millisecond, every fourth a trade."""
    random = np.random.default_rng(1)
    folder.mkdir()
    catalog = ParquetDataCatalog(str(folder), max_row_group_size=8_192)
    catalog.write_instruments([btcusdt_perp()])
    tick = 600_000
    for first in range(0, count, PART):
        n = min(PART, count - first)
        steps = random.integers(-2, 3, n)
        sizes = random.integers(1, 5_000, (n, 2)).tolist()
        quotes: list[QuoteTick] = []
        trades: list[TradeTick] = []
        for i, (step, (size, other)) in enumerate(zip(steps.tolist(), sizes, strict=True), first):
            ts = START_NS + STEP_NS * i
            stamps = ts - 500_000, ts
            tick += step
            prices = Price(tick / 10, 1), Price((tick + 1) / 10, 1)
            if i % (QUOTES_A_TRADE + 1):
                both = Quantity(size / 1e3, 3), Quantity(other / 1e3, 3)
                quotes.append(QuoteTick(BTCUSDT_PERP, *prices, *both, *stamps))
            else:
                side, price = (
                    (AggressorSide.BUY, prices[1]) if step > 0 else (AggressorSide.SELL, prices[0])
                )
                amount, name = Quantity(size / 1e3, 3), TradeId(str(i))
                trades.append(TradeTick(BTCUSDT_PERP, price, amount, side, name, *stamps))
        catalog.write_quote_ticks(quotes)
        catalog.write_trade_ticks(trades)


def compute(folder: Path) -> dict[str, float]:
    """Compute all factors and write them, as the command does."""
    inputs = find_inputs(folder, read_specs(FACTORS))
    events = sum(t.rows for t in inputs.tables)
    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        start_s = time.perf_counter()
        batches = inputs.batches(inputs.first_ns, inputs.end_ns, lambda: CHUNK_ROWS)
        records, _ = write_recording(Path(made), "computed", "benchmark", batches)
        took_s = time.perf_counter() - start_s
    require(records >= events // 2, f"compute: {events:,} events gave {records:,} records")
    return {
        "rate_hz": events / took_s,
        "factors": len(inputs.specs),
        "events": events,
        "peak_mb": _peak_mb(),
    }


def engine(folder: Path) -> dict[str, float]:
    """Replay the same events through an engine whose strategy does nothing."""
    strategy: Any = Idle()
    built = build_engine(
        venue=BacktestVenue(), instruments=[btcusdt_perp()], fill_on="quotes", log_level=None
    )
    built.add_strategy(strategy)
    data = MarketData(folder)
    start_s = time.perf_counter()
    streams = [_pieces(data, i) for i in range(2)]
    events = 0
    for chunk in chunks(streams, lambda: ENGINE_ROWS):
        built.clear_data()
        for items in chunk.items:
            built.add_data(items)
        built.run(streaming=True)
        events += chunk.rows
    built.end()
    took_s = time.perf_counter() - start_s
    require(strategy.received == events, f"engine: {events:,}, received {strategy.received:,}")
    return {"rate_hz": events / took_s, "events": events, "peak_mb": _peak_mb()}


def _pieces(data: MarketData, place: int) -> Any:
    table = data.tables(("quotes", "trades"))[place]
    pieces: Any = data.pieces(table, table.first_ns, table.last_ns + 1, ENGINE_ROWS)
    return pieces


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    job, *arguments = sys.argv[1:]
    if job == "write":
        write(Path(arguments[0]), int(arguments[1]))
        print(json.dumps(None))
    else:
        print(json.dumps((compute if job == "compute" else engine)(Path(arguments[0]))))
