"""Trials per hour of a sweep's workers, beside plain loops, and the memory of a worker."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from backtests.sweeping.trials.trial_job import TrialJob
from backtests.sweeping.trials.worker_pool import WorkerPool
from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target, require

CONFIG: Final = processes.ROOT / "docs/examples/sweep.toml"
TRIALS: Final = 40
QUICK_TRIALS: Final = 10
LOOP_TRIALS: Final = 3
"""Of the loop of processes, a trial of which takes seconds."""
START_NS: Final = 1_772_411_400_000_000_000
END_NS: Final = 1_773_273_600_000_000_000
TIMEOUT_S: Final = 600.0


def run(options: Options) -> Group:
    """Measure; the forms take turns."""
    trials = QUICK_TRIALS if options.is_quick else TRIALS
    rates: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as made:
        catalog = Path(made) / "catalog"
        spec = processes.ROOT / "docs/examples/import_ten_days.toml"
        _script("import_factors.py", "--spec", spec, "--catalog", catalog)
        arguments = ["--catalog", str(catalog), "--config", str(CONFIG)]
        for _ in range(options.runs):
            for workers in (1, 2):
                rate, found = _pool(workers, arguments, trials)
                rates.setdefault(f"workers {workers}", []).append(rate)
                memory.setdefault(f"workers {workers}", []).append(found)
            command = processes.module("sweep_process", catalog, CONFIG, trials)
            loop: dict[str, Any] = processes.run(command, TIMEOUT_S)
            rates.setdefault("loop in a process", []).append(loop["rate"])
            memory.setdefault("loop in a process", []).append(loop["pss_mb"])
            began_s = time.monotonic()
            for i in range(LOOP_TRIALS):
                _script("run_backtest.py", *arguments, "--out", Path(made) / f"out{i}")
            rates.setdefault("loop of run_backtest.py", []).append(
                3600 * LOOP_TRIALS / (time.monotonic() - began_s)
            )
    medians = {name: statistics.median(found) for name, found in rates.items()}
    rows = []
    for name, rate in medians.items():
        figures = {"trials/h": rate, "over 1 worker": rate / medians["workers 1"]}
        targets: list[Target] = []
        if name == "workers 2":
            figures["over the loop in a process"] = rate / medians["loop in a process"]
            figures["over the loop of processes"] = rate / medians["loop of run_backtest.py"]
            targets = [
                Target("over 1 worker", ">=", 1.85),
                Target("over the loop of processes", ">=", 3.0),
                Target("over the loop in a process", ">=", 3.0),
            ]
        if name in memory:
            figures["PSS MB"] = statistics.median(memory[name])
            figures["over one backtest"] = figures["PSS MB"] / statistics.median(
                memory["loop in a process"]
            )
            if name.startswith("workers"):
                targets.append(Target("over one backtest", "<=", 1.3))
        rows.append(Row(name, figures, tuple(targets)))
    path = """
proposed values -> BacktestRun of ten days of 15-minute bars with TakerFlow -> returns.
Both loops open the catalog for each trial; the second one is a process for each, which also
writes the results of a backtest
"""
    remarks = [
        f"n = {trials} trials a run, {options.runs} runs in turn; medians. Workers are warm"
    ]
    return Group("sweep", path, rows, remarks)


def _script(name: str, *words: object) -> None:
    command = [sys.executable, str(processes.ROOT / "backtests" / name), *map(str, words)]
    if name == "run_backtest.py":
        command[command.index("--config") + 1] = str(
            processes.ROOT / "docs/examples/backtest.toml"
        )
    subprocess.run(command, check=True, capture_output=True, cwd=processes.ROOT, timeout=TIMEOUT_S)


def _job(number: int) -> TrialJob:
    return TrialJob(
        fold=1,
        number=number,
        values={"threshold": 0.3 + 0.01 * number},
        start_ns=START_NS,
        end_ns=END_NS,
        from_ns=START_NS,
        step_ns=1_800_000_000_000,
    )


def _pool(workers: int, arguments: list[str], trials: int) -> tuple[float, float]:
    """Return the trials per hour of warm workers, and the largest PSS of one, MB."""
    with WorkerPool(workers, arguments) as pool:
        _run(pool, 2 * workers)
        began_s = time.monotonic()
        _run(pool, trials)
        rate = 3600 * trials / (time.monotonic() - began_s)
        return rate, max(pss_mb(pid) for pid in pool.pids)


def _run(pool: WorkerPool, trials: int) -> None:
    waiting = [_job(i) for i in range(trials)]
    done = 0
    while done < trials:
        while waiting and pool.free:
            pool.begin(waiting.pop())
        for outcome in pool.outcomes(1.0):
            require(not outcome.problem and not outcome.is_lost, f"sweep: {outcome.problem}")
            done += 1


def pss_mb(pid: int | str) -> float:
    """Return the proportional set size of a process, MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024
