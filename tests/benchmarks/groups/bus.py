"""How many factor messages per second pass the message bus of one node."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

    type Seconds = dict[tuple[str, bool], list[float]]
    """By case, and whether it is the other checkout's: what each burst of one run took."""

BURST: Final = 2_000
"""Messages that a case has before the next one's turn: about 3 ms, mostly without an interruption
also on a machine that others use."""
BURSTS: Final = 500
QUICK_BURSTS: Final = 100
TIMEOUT_S: Final = 120.0

PATH: Final = """
  one node:  new ExternalFactors --> CustomData --> publish_data --> message bus --> receiver
             |<------------------------ 1 / (messages per second) ----------------------->|
"""

CASES: Final = {
    "nobody": ("nobody subscribed", ()),
    "raw": ("Strategy.on_data", (Target("median/s", ">=", 500_000),)),
    "gated": ("FactorStrategy.on_factors, gating on", (Target("median/s", ">=", 300_000),)),
    "direct": ("FactorStrategy.on_data called directly", ()),
}


def run(options: Options) -> Group:
    """Run every case in a process of its own, all at once and in turn, as often as asked."""
    bursts = QUICK_BURSTS if options.is_quick else BURSTS
    runs = [_run_once(bursts, options.against) for _ in range(options.runs)]
    rows = [_row(kind, runs) for kind in CASES]
    rows.append(_compared("on_factors, messages/s over those of on_data", runs, "raw", "gated"))
    remarks = [
        f"{options.runs} runs of {bursts} bursts of {BURST:,} messages a case, the cases in turn "
        "after each burst; every message published was received",
        "gating: two required factors and a maximum age; on_data called directly: with records "
        "made before, nothing published",
        "a ratio: the median over the bursts of a run; median, lowest and highest of the runs",
    ]
    if options.against is not None:
        for kind, (name, _) in CASES.items():
            rows.append(_compared(f"{name}: here over there", runs, kind, kind, is_there=True))
        remarks.append(
            f"there: {options.against} under its own .venv, measured by this checkout's "
            "bus_process.py, in the same runs and in turn with the cases here"
        )
    title = "bus: publish -> receive in one node, messages per second, 85 factors"
    return Group(title, PATH, rows, remarks)


def _run_once(bursts: int, against: Path | None) -> Seconds:
    """Start a process for each case here and there, and let them run in turn."""
    with ExitStack() as stack:
        children: dict[tuple[str, bool], subprocess.Popen[str]] = {}
        for kind in CASES:
            commands = {False: (processes.module("bus_process", kind), processes.ROOT)}
            if against is not None:
                there = processes.module_over(against, "bus_process", kind)
                commands[True] = (there, against)
            for is_there, (command, checkout) in commands.items():
                child = stack.enter_context(processes.running(command, checkout))
                processes.await_ready(child)
                children[kind, is_there] = child
        seconds: Seconds = {key: [] for key in children}
        for number in range(bursts):
            # Forth and back, so that nobody is always the first or after the same one.
            for key in list(children)[:: 1 - 2 * (number % 2)]:
                seconds[key].append(processes.ask(children[key], BURST, TIMEOUT_S))
        for child in children.values():
            processes.finish(child, TIMEOUT_S)
        return seconds


def _row(kind: str, runs: Sequence[Seconds]) -> Row:
    """Return the rates of a case of this checkout."""
    name, targets = CASES[kind]
    rates = [BURST / statistics.median(run[kind, False]) for run in runs]
    median = statistics.median(rates)
    figures = {
        "median/s": median,
        "slowest/s": min(rates),
        "fastest/s": max(rates),
        "ns each": 1e9 / median,
        "n": BURST * sum(len(run[kind, False]) for run in runs),
    }
    return Row(name, figures, targets)


def _compared(
    name: str, runs: Sequence[Seconds], base: str, kind: str, *, is_there: bool = False
) -> Row:
    """Return how many times as fast a case here is as a base, burst by burst."""
    ratios = [
        statistics.median(
            b / a for a, b in zip(run[kind, False], run[base, is_there], strict=True)
        )
        for run in runs
    ]
    figures = {"ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios)}
    return Row(name, figures)
