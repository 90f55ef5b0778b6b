"""What recording its session costs a node: pairs of runs, with and without, in turn."""

from __future__ import annotations

import statistics
import tempfile
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target
from tests.benchmarks.workload import own_region

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE_HZ: Final = 500
SECONDS: Final = 10
QUICK_SECONDS: Final = 4
MIN_PAIRS: Final = 10
SLACK_S: Final = 60.0
FIGURES: Final = ("p50", "p99")
LIMIT: Final = 1.10

PATH: Final = """
  producer process                       node process                          session writer
  FactorWriter --> region --> FactorFeed --> tap --> on_factors
              |<------- latency, as in group node ------>|  packed --> pipe --> catalog files
"""


def run(options: Options) -> Group:
    """Run at least ten pairs; every other pair begins with the recording one."""
    seconds = QUICK_SECONDS if options.is_quick else SECONDS
    pairs = []
    for number in range(max(options.runs, MIN_PAIRS)):
        order = (False, True) if number % 2 else (True, False)
        found = {is_on: _latency(seconds, is_on=is_on) for is_on in order}
        pairs.append((found[False], found[True]))
    rows = [
        _row("on_factors, event, 500/s, not recording", [off for off, _ in pairs]),
        _row("the same node, recording its session", [on for _, on in pairs]),
    ]
    for figure in FIGURES:
        ratios = [on[figure] / off[figure] for off, on in pairs]
        low, _, high = statistics.quantiles(ratios, n=4)
        rows.append(
            Row(
                f"{figure} recording / {figure} not recording",
                {
                    "median": statistics.median(ratios),
                    "lowest": min(ratios),
                    "25 %": low,
                    "75 %": high,
                    "highest": max(ratios),
                },
                (Target("median", "<=", LIMIT),),
            )
        )
    return Group(
        "record: what recording a session costs, us, 85 factors",
        PATH,
        rows,
        [
            f"{len(pairs)} pairs of runs of {seconds} s, one after the other; each ratio is of "
            "a pair, its median and spread over the pairs",
            "first two rows: the median of the runs; every input of every recording run is in "
            "its catalog at the end",
        ],
    )


def _row(name: str, runs: Sequence[dict[str, Any]]) -> Row:
    figures = {f: statistics.median(run[f] for run in runs) for f in (*FIGURES, "p999", "max")}
    return Row(name, {**figures, "n": sum(run["n"] for run in runs)})


def _latency(seconds: int, *, is_on: bool) -> dict[str, Any]:
    count = RATE_HZ * seconds
    with own_region() as path, tempfile.TemporaryDirectory() as folder:
        arguments = [path, "event", RATE_HZ, count, *([folder] if is_on else [])]
        command = processes.module("node_process", "latency", *arguments)
        return dict(processes.run(command, seconds + SLACK_S))
