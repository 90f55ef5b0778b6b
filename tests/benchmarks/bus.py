"""How many factor messages per second pass the message bus of one node."""

from __future__ import annotations

import statistics
from typing import Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target

COUNT: Final = 1_000_000
QUICK_COUNT: Final = 200_000
TIMEOUT_S: Final = 120.0

PATH: Final = """
  one node:  new ExternalFactors --> CustomData --> publish_data --> message bus --> receiver
             |<------------------------ 1 / (messages per second) ----------------------->|
"""

CASES: Final = {
    "nobody": ("nobody subscribed", ()),
    "raw": ("Strategy.on_data", (Target("median/s", ">=", 500_000),)),
    "gated": ("FactorStrategy.on_factors, gating on", (Target("median/s", ">=", 300_000),)),
}


def run(options: Options) -> Group:
    """Run every case in turn, as often as asked, each in a process of its own."""
    count = QUICK_COUNT if options.is_quick else COUNT
    found: dict[str, list[float]] = {kind: [] for kind in CASES}
    for _ in range(options.runs):
        for kind, rates in found.items():
            command = processes.module("bus_process", kind, count)
            rates.append(float(processes.run(command, TIMEOUT_S)))
    rows = []
    for kind, rates in found.items():
        name, targets = CASES[kind]
        median = statistics.median(rates)
        figures = {
            "median/s": median,
            "slowest/s": min(rates),
            "fastest/s": max(rates),
            "ns each": 1e9 / median,
            "n": count * len(rates),
        }
        rows.append(Row(name, figures, targets))
    return Group(
        "bus: publish -> receive in one node, messages per second, 85 factors",
        PATH,
        rows,
        [
            f"median of {options.runs} runs of {count:,} messages, the cases in turn; "
            "every message published was received",
            "gating: two required factors and a maximum age",
        ],
    )
