"""Computed factors: Nautilus data to values, all factors of one instrument, and each alone."""

from __future__ import annotations

import random
import statistics
from time import perf_counter_ns
from typing import Any, Final

from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.benchmarks.report import Group, Options, Row, Target, require
from tests.support.computed.events import PERPETUAL, perpetual, spec

EVENTS: Final = 60_000
QUICK_EVENTS: Final = 30_000
WARM_EVENTS: Final = 16_000
"""More than the longest window holds."""
QUOTES_PER_S: Final = 200
TRADES_PER_S: Final = 50
START_NS: Final = 1_700_000_000_000_000_000

PATH: Final = """
  one process, one thread, 200 quotes and 50 trades a second of one instrument:

  QuoteTick / TradeTick --> ComputedFactors.update --> ComputedFactors.evaluate --> values
  |<------------------------------- timed ---------------------------------------------->|
"""

SPECS: Final = (
    spec("Mid"),
    spec("SpreadBps"),
    spec("TouchImbalance"),
    spec("MicropriceOffsetBps"),
    spec("OrderFlowImbalance", name="ofi_time", window_s=10),
    spec("OrderFlowImbalance", name="ofi_events", events=100),
    spec("QuoteRate", window_s=10),
    spec("TradeFlowImbalance", name="flow_time", window_s=60),
    spec("TradeFlowImbalance", name="flow_events", events=100),
    spec("CumulativeVolumeDelta", name="delta_time", window_s=60),
    spec("CumulativeVolumeDelta", name="delta_day", session=True),
    spec("TradeRate", window_s=60),
    spec("ReturnBps", lag_s=10),
    spec("RealisedVolatility", name="volatility_grid", window_s=60),
    spec("RealisedVolatility", name="volatility_ticks", window_s=60, sample_s=0),
    spec("BipowerVolatility", window_s=60),
    spec("VwapDistanceBps", window_s=60),
    spec("KylesLambda", window_s=60),
    spec("Funding8h"),
    spec("FundingCountdown"),
    spec("OpenInterestUsd"),
    spec("OpenInterestChange", window_s=60),
    spec("LiquidationImbalance", window_s=60),
    spec("LiquidatedNotional", window_s=60),
)

REGIME: Final = spec(
    "RegimeProbability",
    step_s=0.1,
    memory_s=20,
    transition=[[0.99, 0.01], [0.03, 0.97]],
    mean_bps=[0.0, 0.0],
    deviation_bps=[0.05, 0.15],
)
"""Of the quotes, each twentieth ends a step."""


def run(options: Options) -> Group:
    """Time the set of all factors, then sets of one, in turn over the same data."""
    data = _data(QUICK_EVENTS if options.is_quick else EVENTS)
    runs = [_times(SPECS, data) for _ in range(options.runs)]
    quotes = [times for times, _, _ in runs]
    trades = [times for _, times, _ in runs]
    finals = {values for _, _, values in runs}
    require(
        finals == {_values_asked_for_once(data)}, "the values depend on when they were asked for"
    )
    rows = [
        _row("a quote", quotes, Target("p50 ns", "<=", 10_000)),
        _row("a trade", trades, Target("p50 ns", "<=", 3_000)),
    ]
    idle = _times((), data)
    rows.append(_row("a quote that nothing uses", [idle[0]]))
    rows.append(_row("a trade that nothing uses", [idle[1]]))
    for one in (*SPECS[:18], REGIME):
        of_quotes, of_trades, _ = _times((one,), data)
        timed = of_trades if _uses_trades_only(one) else of_quotes
        rows.append(_row(f"{one.name} alone", [timed]))
    return Group(
        title="computed",
        path=PATH,
        rows=rows,
        remarks=[
            f"{len(SPECS)} factors; medians of {options.runs} runs of {len(data):,} events, of "
            f"which the first {WARM_EVENTS:,} fill the windows; each figure includes one reading "
            "of the clock.",
            "Alone: a set of one factor, a quote each, or a trade where it uses trades only.",
        ],
    )


def _uses_trades_only(one: Any) -> bool:
    return {i.kind for i in one.build().inputs} == {"trades"}


def _row(name: str, runs: list[list[int]], *targets: Target) -> Row:
    def median_of(share: float) -> float:
        return statistics.median(
            times[min(int(len(times) * share), len(times) - 1)] for times in runs
        )

    figures = {
        "p50 ns": median_of(0.5),
        "p99 ns": median_of(0.99),
        "p99.9 ns": median_of(0.999),
        "max ns": float(max(times[-1] for times in runs)),
        "n": float(len(runs[0])),
    }
    return Row(name, figures, targets)


def _times(specs: tuple[Any, ...], data: list[Any]) -> tuple[list[int], list[int], bytes]:
    """Return sorted nanoseconds for each quote and each trade, and the last values."""
    factors = ComputedFactors(specs or (spec("VolatilityIndex", ["btc_usd"]),))
    factors.define(perpetual())
    update, evaluate = factors.update, factors.evaluate
    quotes: list[int] = []
    trades: list[int] = []
    for n, datum in enumerate(data):
        before = perf_counter_ns()
        update(datum)
        evaluate(0)  # at the datum's instant
        after = perf_counter_ns()
        if n >= WARM_EVENTS:
            (quotes if type(datum) is QuoteTick else trades).append(after - before)
    return sorted(quotes), sorted(trades), bytes(factors.values)


def _values_asked_for_once(data: list[Any]) -> bytes:
    factors = ComputedFactors(SPECS)
    factors.define(perpetual())
    for datum in data:
        factors.update(datum)
    factors.evaluate(factors.now_ns)
    return bytes(factors.values)


def _data(count: int) -> list[Any]:
    """Return a random walk of a market, the same each time."""
    draw = random.Random(1)  # noqa: S311 - test data
    instrument_id = InstrumentId.from_str(PERPETUAL)
    sides = (AggressorSide.BUY, AggressorSide.SELL)
    ts, ticks = START_NS, 600_000
    found: list[Any] = []
    for n in range(count):
        ts += round(draw.expovariate(QUOTES_PER_S + TRADES_PER_S) * 1e9)
        ticks += draw.choice((-1, 0, 0, 0, 1))
        size = Quantity(draw.randrange(1, 9_000) / 1000, 3)
        if draw.random() * (QUOTES_PER_S + TRADES_PER_S) < QUOTES_PER_S:
            bid, ask = Price(ticks / 10, 1), Price((ticks + 1) / 10, 1)
            other = Quantity(draw.randrange(1, 9_000) / 1000, 3)
            found.append(QuoteTick(instrument_id, bid, ask, size, other, ts, ts))
        else:
            price, side = Price(ticks / 10, 1), draw.choice(sides)
            found.append(TradeTick(instrument_id, price, size, side, TradeId(str(n)), ts, ts))
    return found
