"""The latency that the demo states in its summary, of this checkout and perhaps of another."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Row, Target, require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.report import Options

    type Figures = dict[str, float]

WAITS: Final = ("spin", "event")
SECONDS: Final = 10
QUICK_SECONDS: Final = 5
SLACK_S: Final = 60.0
LIMIT: Final = 1 / 7
_ALL: Final = "write to on_factors: "
_BUSY: Final = "while the node was busy: "
_FIGURES: Final = re.compile(
    r"p50 ([\d.]+) µs, p99 ([\d.]+) µs, p99\.9 ([\d.]+) µs, max ([\d.]+) µs \(n=([\d,]+)\)"
)

PATH: Final = """
  live/run_node.py --wait spin | event, as a user types it; its own producer, 200 records/s, and
  its simulated market, 200 quotes/s
  producer's write --> region --> FactorFeed --> message bus --> on_factors of the demo's strategy
       |<------------------------ latency, from the summary ------------------------>|
"""


def run(options: Options) -> Group:
    """Run the demo as often as asked, here and there in turn."""
    seconds = QUICK_SECONDS if options.is_quick else SECONDS
    checkouts = {"here": processes.ROOT}
    if options.against is not None:
        checkouts["there"] = options.against
    runs: dict[tuple[str, str], list[str]] = {(w, c): [] for w in WAITS for c in checkouts}
    for number in range(options.runs):
        for wait in WAITS:
            for name in list(checkouts)[:: 1 - 2 * (number % 2)]:
                runs[wait, name].append(_summary(checkouts[name], wait, seconds))
    rows = []
    for (wait, name), summaries in runs.items():
        rows.append(_row(f"{wait}, {name}", [_figures(s, _ALL) for s in summaries]))
        if name == "here":
            came = [_figures(s, _BUSY) for s in summaries if _FIGURES.search(_after(s, _BUSY))]
            if came:
                rows.append(_row(f"{wait}, {name}, arrived while the node was busy", came))
    if "there" in checkouts:
        rows += [_compared(wait, runs[wait, "here"], runs[wait, "there"]) for wait in WAITS]
    remarks = [
        f"{options.runs} runs of {seconds} s, the cases in turn; each figure is the median of the "
        "runs, n is of all",
        "over: p50 here over p50 there of a pair of runs; median, lowest and highest",
    ]
    if options.against is not None:
        remarks.append(
            f"there: {options.against} under its own .venv. Both count every record, from "
            "the producer's write. Factors of commit 1dbae8c are written about when the node "
            "hands the quote of their step over: its p50 is that of a busy node or of an idle "
            "one, as late as the two processes happen to wake"
        )
    return Group("demo: producer's write -> on_factors in run_node.py, us", PATH, rows, remarks)


def _summary(checkout: Path, wait: str, seconds: int) -> str:
    """Return what a run of the demo prints."""
    python = sys.executable if checkout == processes.ROOT else checkout / ".venv/bin/python"
    command = [str(python), "live/run_node.py", "--wait", wait, "--seconds", str(seconds)]
    with processes.running(command, checkout) as demo:
        try:
            printed, errors = demo.communicate(timeout=seconds + SLACK_S)
        except subprocess.TimeoutExpired:
            msg = f"{checkout}: the demo did not end within {seconds + SLACK_S:g} s"
            raise processes.ChildError(msg) from None
    require(
        demo.returncode == 0 and " 0 lost" in printed and "left open nothing" in printed,
        f"{checkout}: exit code {demo.returncode}: {printed[-500:]} {errors[-500:]}",
    )
    return printed


def _after(summary: str, what: str) -> str:
    """Return the rest of a summary's line."""
    return summary.partition(what)[2].partition("\n")[0]


def _figures(summary: str, what: str) -> Figures:
    found = _FIGURES.search(_after(summary, what))
    require(found is not None, f"no latency in {summary!r}")
    texts = () if found is None else found.groups()
    names = ("p50", "p99", "p99.9", "max", "n")
    return {name: float(text.replace(",", "")) for name, text in zip(names, texts, strict=True)}


def _row(name: str, runs: list[Figures]) -> Row:
    figures = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    p50s = [run["p50"] for run in runs]
    figures |= {"best p50": min(p50s), "worst p50": max(p50s)}
    figures["n"] = int(sum(run["n"] for run in runs))
    return Row(name, figures)


def _compared(wait: str, here: list[str], there: list[str]) -> Row:
    pairs = zip(here, there, strict=True)
    ratios = [_figures(a, _ALL)["p50"] / _figures(b, _ALL)["p50"] for a, b in pairs]
    figures = {"p50": statistics.median(ratios), "best p50": min(ratios), "worst p50": max(ratios)}
    targets = (Target("p50", "<=", LIMIT),) if wait == "spin" else ()
    return Row(f"{wait}, here over there", figures, targets)
