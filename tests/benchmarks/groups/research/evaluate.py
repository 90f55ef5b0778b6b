"""How long an evaluation of many factors takes, and alphalens for what both compute."""

from __future__ import annotations

import math
import statistics
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target, require

FACTORS: Final = 100
ROWS: Final = 365 * 288
QUICK_ROWS: Final = 30 * 288
COMPARED: Final = 3
TIMEOUT_S: Final = 1_800.0
MOST_S: Final = 180.0
LEAST_RATIO: Final = 5.0

PATH: Final = """
  whole:      catalog --> factors and prices --> all figures, 500 resamples at 8 horizons
              |<----------------------------- s ------------------------------------->|
  compared:   arrays --> rank IC, mean returns and turnover of 5 quantiles at 8 horizons
              |<----------------------------- s ------------------------------------>|
"""


def run(options: Options) -> Group:
    """Evaluate a year of 100 factors; compute a part of it by both, in turn."""
    rows = QUICK_ROWS if options.is_quick else ROWS
    found: dict[str, list[dict[str, Any]]] = {"whole": [], "ours": [], "alphalens": []}
    jobs = ["ours", "alphalens"] if find_spec("alphalens") else ["ours"]
    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        folder = Path(made) / "catalog"
        _do("write", folder, FACTORS, rows)
        for _ in range(options.runs):
            found["whole"].append(_do("whole", folder))
            for job in jobs:
                found[job].append(_do(job, folder, COMPARED))
    return _group(found, options.runs)


def _do(*arguments: object) -> Any:
    return processes.run(processes.module("research.evaluate_process", *arguments), TIMEOUT_S)


def _group(found: dict[str, list[dict[str, Any]]], runs: int) -> Group:
    wholes = found["whole"]
    first = wholes[0]
    rows = [
        Row(
            f"{first['factors']} factors x {first['instants']:,} instants x 8 horizons",
            {
                "s": statistics.median(one["s"] for one in wholes),
                "slowest s": max(one["s"] for one in wholes),
                "CPU s": statistics.median(one["cpu_s"] for one in wholes),
                "peak MB": statistics.median(one["peak_mb"] for one in wholes),
                "n": len(wholes),
            },
            (Target("s", "<=", MOST_S),),
        ),
        _compared("compared: this project", found["ours"]),
    ]
    if found["alphalens"]:
        for one, other in zip(found["ours"][0]["ics"], found["alphalens"][0]["ics"], strict=True):
            # It drops the last day at every horizon: no more than chance in a correlation.
            is_near = abs(one - other) < 2 / math.sqrt(first["instants"])
            require(is_near, f"rank IC {one}, alphalens {other}")
        pairs = zip(found["ours"], found["alphalens"], strict=True)
        ratio = statistics.median(peer["s"] / one["s"] for one, peer in pairs)
        rows += [
            _compared("compared: alphalens-reloaded", found["alphalens"]),
            Row(
                "alphalens over this project, run by run",
                {"times": ratio},
                (Target("times", ">=", LEAST_RATIO),),
            ),
        ]
    return Group(
        "evaluate: the figures of all factors of a catalog",
        PATH,
        rows,
        [
            f"median of {runs} runs, the cases in turn; compared: {COMPARED} factors, one thread",
            "alphalens needs `--group peers`; its quantiles are of all rows, this project's of "
            "the rows before",
        ],
    )


def _compared(name: str, found: list[dict[str, Any]]) -> Row:
    seconds = [one["s"] for one in found]
    figures = {"s": statistics.median(seconds), "slowest s": max(seconds), "n": len(seconds)}
    return Row(name, figures)
