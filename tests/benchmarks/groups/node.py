"""From the producer process's write to ``on_factors`` in a live node, and the node's idle CPU."""

from __future__ import annotations

import statistics
from typing import Any, Final, NamedTuple

from adapters.feed.latency import Percentiles
from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target, median_of
from tests.benchmarks.workload import own_region

SECONDS: Final = {500: 10, 20_000: 4}
QUICK_SECONDS: Final = {500: 3, 20_000: 2}
SLACK_S: Final = 60.0

PATH: Final = """
  producer process                               node process (LiveNode in asyncio)
  FactorWriter.write_values --> region --> FactorFeed --> message bus --> FactorStrategy.on_factors
              |<- published_mono_ns ------------------- latency -------------------->|
  raw rows:   ... --> region --> FactorReader.spin / wait --> read_latest() -->| and no node
"""


class Case(NamedTuple):
    """A row: which program hears the producer, how it waits, and how often it is called."""

    program: str
    wait: str
    rate_hz: int
    targets: tuple[Target, ...] = ()

    @property
    def name(self) -> str:
        who = "on_factors" if self.program == "node" else "raw reader"
        return f"{who}, {self.wait}, {self.rate_hz:,}/s"


CASES: Final = (
    Case("node", "spin", 500, (Target("p50", "<=", 7), Target("p99", "<=", 30))),
    Case("node", "spin", 20_000, (Target("p50", "<=", 3),)),
    Case("node", "event", 500, (Target("p50", "<=", 60), Target("p99", "<=", 200))),
    Case("raw", "spin", 500),
    Case("raw", "spin", 20_000),
    Case("raw", "event", 500),
)


def run(options: Options) -> Group:
    """Run every case in turn, as often as asked, each in processes of its own."""
    seconds = QUICK_SECONDS if options.is_quick else SECONDS
    latencies: dict[Case, list[Percentiles]] = {case: [] for case in CASES}
    skipped = {case: {"conflated": 0, "lost": 0} for case in CASES}
    shares: dict[str, list[float]] = {"idle": [], "bare": []}
    for _ in range(options.runs):
        for case in CASES:
            found = _latency(case, seconds[case.rate_hz])
            for reason in skipped[case]:
                skipped[case][reason] += found.pop(reason)
            latencies[case].append(Percentiles(**found))
        for kind, percents in shares.items():
            percents.append(_idle_percent(kind))
    rows = [
        Row(case.name, {**median_of(runs), **skipped[case]}, case.targets)
        for case, runs in latencies.items()
    ]
    with_feed, bare = (statistics.median(shares[kind]) for kind in ("idle", "bare"))
    limit = (Target("% of a core", "<=", 1),)
    rows += [
        Row("idle CPU, event, with a silent feed", {"% of a core": with_feed}, limit),
        Row("idle CPU, the same node without a feed", {"% of a core": bare}),
        Row("idle CPU, the feed: the difference", {"% of a core": with_feed - bare}, limit),
    ]
    return Group(
        "node: producer's write -> on_factors, us, 85 factors",
        PATH,
        rows,
        [
            f"each figure is the median of {options.runs} runs, the cases in turn; n, "
            "conflated (skipped for a newer record) and lost are of all runs",
            "two required factors and a maximum age; first records included; garbage collector "
            "frozen before the first record; delivered + conflated + lost = published in each run",
        ],
    )


def _latency(case: Case, seconds: int) -> dict[str, Any]:
    count = case.rate_hz * seconds
    arguments = (case.wait, case.rate_hz, count)
    with own_region() as path:
        if case.program == "node":
            command = processes.module("node_process", "latency", path, *arguments)
        else:
            command = processes.module("raw_process", path, *arguments)
        return dict(processes.run(command, seconds + SLACK_S))


def _idle_percent(kind: str) -> float:
    with own_region() as path:
        command = processes.module("node_process", kind, path)
        return float(processes.run(command, SLACK_S)["percent"])
