"""Nodes on one region: their start beside one alone, and each one's latency beside one alone."""

from __future__ import annotations

import contextlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from live.fleet.supervision.control import NoSupervisorError, ask
from tests.benchmarks.report import Group, Options, Row, Target, require
from tests.support.nodes.node_process import ROOT

NODES: Final = 10
QUICK_NODES: Final = 3
MEASURE_S: Final = 20.0
QUICK_MEASURE_S: Final = 6.0
LIMIT_S: Final = 600.0
_LOOK_S: Final = 0.05
_LATENCY: Final = re.compile(r"latency p50 ([\d,.]+) (µs|ms) p99 ([\d,.]+) (µs|ms)")

PATH: Final = """
  run_fleet.py run --> demo producer --> region --> N x run_node.py (event waiting, paper orders)
  start:   |<- supervisor's start ------------------------------- all nodes say "running" ->|
  latency: the producer's write --> on_factors, as each node's progress line has it
"""


def run(options: Options) -> Group:
    """Run a fleet of one node and one of many in turn, as often as asked."""
    many = QUICK_NODES if options.is_quick else NODES
    seconds = QUICK_MEASURE_S if options.is_quick else MEASURE_S
    starts: dict[int, list[float]] = {1: [], many: []}
    latencies: dict[int, list[list[float]]] = {1: [], many: []}
    for _ in range(options.runs):
        for count in (1, many):
            start_s, found = _fleet(count, seconds)
            starts[count].append(start_s)
            latencies[count].append(found)
    alone_s = statistics.median(starts[1])
    alone_us = statistics.median(one[0] for one in latencies[1])
    rows = [Row("start, one node", {"s": alone_s, "n": options.runs})]
    together_s = statistics.median(starts[many])
    rows.append(
        Row(
            f"start, {many} nodes",
            {"s": together_s, "x alone": together_s / alone_s, "n": options.runs},
            (Target("x alone", "<=", 1.3),),
        )
    )
    rows.append(Row("latency, one node", {"p50 us": alone_us, "n": options.runs}))
    for name, pick in (("best", min), ("worst", max)):
        p50 = statistics.median(pick(found) for found in latencies[many])
        rows.append(
            Row(
                f"latency, {name} of {many} nodes",
                {"p50 us": p50, "x alone": p50 / alone_us, "n": options.runs},
                (Target("x alone", "<=", 1.5),),
            )
        )
    return Group(
        "fleet: nodes on one region",
        PATH,
        rows,
        [
            f"medians of {options.runs} runs, one node and {many} in turn; each start is of the "
            "whole fleet, its producer included",
            f"latency over the {seconds:g} s after the start of the last node",
        ],
    )


def _fleet(count: int, seconds: float) -> tuple[float, list[float]]:
    """Return the start of a fleet, seconds, and the p50 of each of its nodes, µs."""
    folder = Path(tempfile.mkdtemp(prefix="dolphin_fleet_bench_", dir="/dev/shm"))
    try:
        file = folder / "fleet.toml"
        region = f'region = "{folder}/region"\n'
        text = '[fleet]\nname = "bench"\nrun_folder = "run"\n[watch]\nstart_s = 600.0\n'
        text += f'[[producer]]\nname = "market"\nkind = "demo"\n{region}'
        for n in range(count):
            text += f'[[node]]\nname = "node{n}"\n{region}'
        file.write_text(text)
        command = [sys.executable, str(ROOT / "live" / "run_fleet.py"), str(file), "run"]
        began_s = time.monotonic()
        supervisor = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_for_all(folder / "run", began_s)
            start_s = time.monotonic() - began_s
            time.sleep(seconds)
            logs = [folder / "bench.fleet" / "logs" / f"node{n}.log" for n in range(count)]
            found = [_latency(log) for log in logs]
        finally:
            supervisor.terminate()
            supervisor.wait(LIMIT_S)
        return start_s, found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_all(run_folder: Path, began_s: float) -> None:
    while True:
        rows: list[dict[str, Any]] = []
        with contextlib.suppress(NoSupervisorError):
            rows = ask(run_folder, {"command": "status"})["services"]
        if rows and all(row["state"] == "running" for row in rows):
            return
        failed = [row for row in rows if row["state"] == "failed"]
        require(not failed, f"a service failed: {failed}")
        require(time.monotonic() - began_s < LIMIT_S, f"not up within {LIMIT_S:g} s: {rows}")
        time.sleep(_LOOK_S)


def _latency(log: Path) -> float:
    found = _LATENCY.findall(log.read_text(encoding="utf-8"))
    require(bool(found), f"{log.name} has no latency")
    value, unit = float(found[-1][0].replace(",", "")), found[-1][1]
    return value * (1_000 if unit == "ms" else 1)
