"""How many records per second a backtest replays, and in how much memory."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target

COUNT: Final = 1_000_000
QUICK_COUNT: Final = 300_000
STREAMED: Final = 2
"""Times that count are streamed: a tenth of it must fill its chunks too."""
TIMEOUT_S: Final = 600.0
RATE_HZ: Final = 600_000
GATING: Final = 0.85
"""The rate with gating over that of a plain Nautilus strategy, in processor time."""
WITH_MARKET: Final = 0.95
"""The rate with the gate of prices and funding over that without, in processor time."""
GROWTH_MB: Final = 40.0
"""Ten times the records may take so much more; loaded at once they would take 600 MB more."""

PATH: Final = """
  in memory:  engine's data --> BacktestEngine --> message bus --> on_factors, on_quote
              |<----------------- 1 / (records per second) ----------------->|
  streamed:   Parquet --> pieces --> engine's data --> BacktestEngine --> bus --> strategy
              |<------------------- 1 / (records per second) ------------------------>|
"""


def run(options: Options) -> Group:
    """Replay in memory and from a catalog, each case in a process of its own, in turn."""
    count = QUICK_COUNT if options.is_quick else COUNT
    rates: dict[str, list[dict[str, float]]] = {"raw": [], "gated": []}
    streamed: dict[str, list[dict[str, Any]]] = {"small": [], "large": [], "plain": []}
    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        for name, rows in (("small", STREAMED * count // 10), ("large", STREAMED * count)):
            _do("write", Path(made) / name, rows)
        for _ in range(options.runs):
            for kind, found in rates.items():
                found.append(_do(kind, count))
            for name, runs in streamed.items():
                job, folder = ("plain", "large") if name == "plain" else ("stream", name)
                runs.append(_do(job, Path(made) / folder))
    return _group(rates, streamed, count, options.runs)


def _do(*arguments: object) -> Any:
    return processes.run(processes.module("backtest_process", *arguments), TIMEOUT_S)


def _group(
    rates: dict[str, list[dict[str, float]]],
    streamed: dict[str, list[dict[str, Any]]],
    count: int,
    runs: int,
) -> Group:
    peak_mb = {
        name: statistics.median(one["peak_mb"] for one in found)
        for name, found in streamed.items()
    }
    raw, gated = (_figures(rates[kind], count) for kind in ("raw", "gated"))
    large, small, plain = (
        _figures(streamed[name], int(streamed[name][0]["rows"]))
        for name in ("large", "small", "plain")
    )
    rows = [
        Row("in memory, Strategy.on_data and on_quote: the ceiling", raw),
        Row(
            "in memory, FactorStrategy, gating on",
            gated,
            (Target("median/s", ">=", RATE_HZ),),
        ),
        Row(
            "the same over the ceiling, processor time, run by run",
            _ratios(rates["raw"], rates["gated"]),
            (Target("median", ">=", GATING),),
        ),
        Row("streamed, no gate of prices, no funding", {**plain, "peak MB": peak_mb["plain"]}),
        Row("streamed from a catalog, with both", {**large, "peak MB": peak_mb["large"]}),
        Row(
            "the same over that without, processor time, run by run",
            _ratios(streamed["plain"], streamed["large"]),
            (Target("median", ">=", WITH_MARKET),),
        ),
        Row("streamed from a tenth of it", {**small, "peak MB": peak_mb["small"]}),
        Row(
            "memory that ten times the records take more",
            {"MB": peak_mb["large"] - peak_mb["small"]},
            (Target("MB", "<=", GROWTH_MB),),
        ),
    ]
    settled = streamed["large"][0]["funded"]
    return Group(
        "backtest: records per second through the engine, half factors and half quotes",
        PATH,
        rows,
        [
            f"median of {runs} runs, the cases in turn; every record replayed was received",
            "85 factors a record; gating: two required factors and a maximum age",
            "streamed: as run_backtest.py does it, reading, decoding and all; an order each 700 "
            f"records, funding each minute, booked {settled} times",
        ],
    )


def _ratios(ceiling: list[dict[str, float]], found: list[dict[str, float]]) -> dict[str, float]:
    """Return how much of a rate is left, of runs that were neighbours in time."""
    pairs = zip(ceiling, found, strict=True)
    ratios = sorted(one["cpu_ns"] / other["cpu_ns"] for one, other in pairs)
    return {
        "median": statistics.median(ratios),
        "lowest": ratios[0],
        "highest": ratios[-1],
        "n": len(ratios),
    }


def _figures(runs: list[dict[str, Any]], count: int) -> dict[str, float]:
    rates = [one["rate_hz"] for one in runs]
    return {
        "median/s": statistics.median(rates),
        "slowest/s": min(rates),
        "fastest/s": max(rates),
        "n": count * len(rates),
    }
