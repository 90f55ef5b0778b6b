"""How many events per second a catalog's factors are computed from, beside an idle engine."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target

COUNT: Final = 1_000_000
QUICK_COUNT: Final = 400_000
TIMEOUT_S: Final = 600.0
RATE_HZ: Final = 60_000
LEAST_SHARE: Final = 0.5
GROWTH_MB: Final = 40.0

PATH: Final = """
  compute:  Parquet --> quotes and trades --> all factors of the instrument --> recording
            |<----------------------- 1 / (events per second) ----------------------->|
  engine:   Parquet --> quotes and trades --> BacktestEngine --> empty on_quote, on_trade
            |<----------------------- 1 / (events per second) ----------------------->|
"""


def run(options: Options) -> Group:
    """Compute and replay the same catalog, each in a process of its own, in turn."""
    count = QUICK_COUNT if options.is_quick else COUNT
    found: dict[str, list[dict[str, Any]]] = {"compute": [], "engine": [], "small": []}
    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        large, small = Path(made) / "large", Path(made) / "small"
        _do("write", large, count)
        _do("write", small, count // 4)
        for _ in range(options.runs):
            found["compute"].append(_do("compute", large))
            found["engine"].append(_do("engine", large))
            found["small"].append(_do("compute", small))
    return _group(found, options.runs)


def _do(*arguments: object) -> Any:
    return processes.run(processes.module("compute_process", *arguments), TIMEOUT_S)


def _group(found: dict[str, list[dict[str, Any]]], runs: int) -> Group:
    computed, replayed = (_figures(found[name]) for name in ("compute", "engine"))
    peaks = {
        name: statistics.median(one["peak_mb"] for one in found[name])
        for name in ("compute", "small")
    }
    share = statistics.median(
        one["rate_hz"] / other["rate_hz"]
        for one, other in zip(found["compute"], found["engine"], strict=True)
    )
    factors = int(found["compute"][0]["factors"])
    return Group(
        "compute: events per second through the factors of one instrument, over a catalog",
        PATH,
        [
            Row(
                f"compute_factors.py, {factors} factors, written",
                {**computed, "peak MB": peaks["compute"]},
                (Target("median/s", ">=", RATE_HZ),),
            ),
            Row("the engine with empty callbacks", replayed),
            Row(
                "of the engine's rate, run by run",
                {"share": share},
                (Target("share", ">=", LEAST_SHARE),),
            ),
            Row(
                "memory that four times the events take more",
                {"MB": peaks["compute"] - peaks["small"]},
                (Target("MB", "<=", GROWTH_MB),),
            ),
        ],
        [
            f"median of {runs} runs, the cases in turn; three quotes to a trade",
            "the factors of docs/examples/computed.toml; each event is an instant of its own",
        ],
    )


def _figures(found: list[dict[str, Any]]) -> dict[str, float]:
    rates = [one["rate_hz"] for one in found]
    return {
        "median/s": statistics.median(rates),
        "slowest/s": min(rates),
        "fastest/s": max(rates),
        "n": int(found[0]["events"]) * len(found),
    }
