"""The latency of factors in a node that also receives 1,000 quotes a second."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Row, Target, require
from tests.benchmarks.workload import own_region
from tests.support.exchange.local_exchange import local_exchange

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.benchmarks.report import Options
    from tests.support.exchange.local_exchange import LocalExchange

    type Received = dict[str, list[dict[str, Any]]]
    """By load: what a node received in each stretch."""

RATE_HZ: Final = 500
QUOTES_HZ: Final = 1_000.0
STRETCH_S: Final = 1.0
STRETCHES: Final = 4
QUICK_STRETCHES: Final = 2
SETTLE_S: Final = 0.2
"""After a load begins or ends; what comes meanwhile is not counted."""
ANSWER_S: Final = 30.0
HERE: Final = "BTCUSDT"
ELSEWHERE: Final = "ETHUSDT"
LOADS: Final = {
    "none": "no quotes",
    "elsewhere": "quotes to another process",
    "here": "quotes to this node",
}
PERCENTS: Final = {"p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9}

PATH: Final = """
  producer process                          node process (LiveNode in asyncio)
  FactorWriter, 500/s --> region --> FactorFeed --> message bus --> FactorStrategy.on_factors
                |<- published_mono_ns -------------- latency ---------------->|
  exchange process, 1,000/s --> websocket --> Nautilus's Bybit client --> data engine --> on_quote
"""


class Case(NamedTuple):
    """How the feed waits, and in which loop the node runs."""

    wait: str
    loop: str
    targets: tuple[Target, ...] = ()

    @property
    def name(self) -> str:
        return self.wait if self.loop == "node" else f"{self.wait}, asyncio's own loop"


CASES: Final = (
    Case("spin", "node", (Target("p50", "<=", 1.5), Target("p99", "<=", 5))),
    Case("spin", "asyncio"),
    Case("event", "node"),
)


def run(options: Options) -> Group:
    """Run each case in a node of its own, in which the loads take turns."""
    stretches = QUICK_STRETCHES if options.is_quick else STRETCHES
    runs: dict[Case, list[Received]] = {case: [] for case in CASES}
    with local_exchange() as exchange, _receiver(exchange):
        for _ in range(options.runs):
            for case in CASES:
                runs[case].append(_run_once(exchange, case, stretches))
    rows = []
    for case, received in runs.items():
        rows += [_row(case, load, received) for load in LOADS]
        rows += [_ratio(case, load, received) for load in LOADS if load != "none"]
    return Group(
        "busy: producer's write -> on_factors beside 1,000 quotes/s, us, 85 factors",
        PATH,
        rows,
        [
            f"{options.runs} runs; in each a node for each case, in it {stretches} times in turn: "
            f"{', '.join(LOADS.values())}, {STRETCH_S:g} s each; percentiles are the "
            "median of the runs, n is of all",
            "quotes to another process: as many of another symbol, to a bare websocket client; "
            "what they cost is the machine's, not the node's",
            "over: the same percentile over that without quotes, of a run; median, lowest and "
            "highest of the runs",
            "CPU: of one core, in percent: the node's thread, and Nautilus's other threads of "
            "that process; exchange and producer sleep between two messages, so that only a "
            "spinning node keeps a core busy",
        ],
    )


@contextmanager
def _receiver(exchange: LocalExchange) -> Iterator[None]:
    command = processes.module("quotes_process", exchange.url, ELSEWHERE)
    with processes.running(command) as receiver:
        processes.await_ready(receiver)
        yield


def _run_once(exchange: LocalExchange, case: Case, stretches: int) -> Received:
    received: Received = {load: [] for load in LOADS}
    with own_region() as path:
        arguments = (path, case.wait, case.loop, RATE_HZ, exchange.url)
        with processes.running(processes.module("busy_process", *arguments)) as node:
            processes.await_ready(node)
            exchange.streams["bybit"].wait_for_topics(HERE)
            for number in range(stretches):
                for load in list(LOADS)[:: 1 - 2 * (number % 2)]:
                    received[load].append(_stretch(exchange, node, load))
            processes.finish(node, ANSWER_S)
    quotes = {load: sum(s["quotes"] for s in found) for load, found in received.items()}
    require(
        quotes["here"] > 0 and not quotes["none"] and not quotes["elsewhere"],
        f"{case.name}: the node received quotes: {quotes}",
    )
    return received


def _stretch(exchange: LocalExchange, node: subprocess.Popen[str], load: str) -> dict[str, Any]:
    """Return what a node receives in a stretch under a load."""
    streams = exchange.streams["bybit"]
    if load != "none":
        streams.rate(HERE if load == "here" else ELSEWHERE, "quote", QUOTES_HZ)
    time.sleep(SETTLE_S)
    processes.ask(node, "", ANSWER_S)
    begun_s = time.monotonic()
    time.sleep(STRETCH_S)
    found: dict[str, Any] = processes.ask(node, "", ANSWER_S)
    found["seconds"] = time.monotonic() - begun_s
    streams.stop_rates()
    time.sleep(SETTLE_S)
    return found


def _percentiles(stretches: list[dict[str, Any]]) -> dict[str, float]:
    latencies = np.concatenate([stretch["latencies"] for stretch in stretches])
    found = np.percentile(latencies / 1e3, list(PERCENTS.values()))
    return dict(zip(PERCENTS, found.tolist(), strict=True))


def _row(case: Case, load: str, runs: list[Received]) -> Row:
    found = [_percentiles(run[load]) for run in runs]
    stretches = [stretch for run in runs for stretch in run[load]]
    seconds = sum(stretch["seconds"] for stretch in stretches)
    own, others = (sum(s["cpu_s"][i] for s in stretches) / seconds for i in (0, 1))
    figures = {
        **{
            name: statistics.median(percentiles[name] for percentiles in found)
            for name in PERCENTS
        },
        "n": sum(len(stretch["latencies"]) for stretch in stretches),
        "quotes/s": sum(stretch["quotes"] for stretch in stretches) / seconds,
        "CPU": 100 * own,
        "CPU others": 100 * others,
    }
    return Row(f"{case.name}: {LOADS[load]}", figures)


def _ratio(case: Case, load: str, runs: list[Received]) -> Row:
    """Return how many times as long factors take under a load."""
    ratios: dict[str, list[float]] = {name: [] for name in PERCENTS}
    for run in runs:
        idle, loaded = _percentiles(run["none"]), _percentiles(run[load])
        for name, of_runs in ratios.items():
            of_runs.append(loaded[name] / idle[name])
    figures = {name: statistics.median(of_runs) for name, of_runs in ratios.items()}
    spread = ", ".join(
        f"{name} {min(ratios[name]):.2f} to {max(ratios[name]):.2f}" for name in ("p50", "p99")
    )
    targets = case.targets if load == "here" else ()
    return Row(f"{case.name}: {LOADS[load]}, over none", figures, targets, spread)
