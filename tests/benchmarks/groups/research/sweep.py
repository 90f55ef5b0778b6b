"""Trials per hour of whole sweeps, beside plain loops of the same trials; memory of a worker."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from backtests.sweeping.setup.folds import Fold, make_folds
from backtests.sweeping.trials.trial_job import TrialJob
from backtests.sweeping.trials.worker_pool import WorkerPool
from tests.benchmarks import processes
from tests.benchmarks.children.research.sweep_process import peak_mb
from tests.benchmarks.report import Group, Options, Row, Target, require

TRIALS: Final = 40
QUICK_TRIALS: Final = 16
WARM: Final = 12
"""The first trials of a sweep, a batch of each fold, in which workers start and read."""
LOOP_TRIALS: Final = 12
PROCESSES: Final = 2
"""Of the loop of processes, a trial of which takes seconds."""
FOLDS: Final = 3
DAY_NS: Final = 86_400_000_000_000
HORIZON_NS: Final = 1_800_000_000_000
START_NS: Final = 1_772_411_400_000_000_000
END_NS: Final = 1_773_273_600_000_000_000
TIMEOUT_S: Final = 600.0
LOOK_S: Final = 0.25
_SET_STATE: Final = 6
_COMPLETE: Final = 1
BACKTEST: Final = """
[backtest]
start = "2026-03-02T00:30"
end = "2026-03-12T00:00"

[venue]
balances = ["100000 USDT"]
leverage = 5
maker_fee = 0.0002
taker_fee = 0.0005

[strategy]
class = "dolphin_strategies.examples.taker_flow:TakerFlow"
"""
SWEEP: Final = """
[sweep]
horizon = "30m"
folds = 3
train = "7d"
test = "20h"

[sweep.parameters]
threshold = { low = 0.3, high = 0.8 }
"""
PATH: Final = """
sweep:  proposed values -> a BacktestRun of 7 days of 15-minute bars with TakerFlow, in a worker
        -> returns -> study on the disk; from the end of the first batches to the last trial
loop:   the same trials, one after the other, each with the catalog opened
"""


def run(options: Options) -> Group:
    """Measure; the forms take turns."""
    trials = QUICK_TRIALS if options.is_quick else TRIALS
    rates: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    starts: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        bench = _Bench(Path(made))
        for number in range(options.runs):
            results = []
            for workers in (1, 2):
                name = f"sweep, workers {workers}"
                out = Path(made) / f"out-{number}-{workers}"
                rate, peak, result = bench.sweep(workers, trials, out)
                rates.setdefault(name, []).append(rate)
                memory.setdefault(name, []).append(peak)
                results.append(result)
            require(results[0] == results[1], "sweep: two workers found something else than one")
            loop = bench.loop(results[0])
            rates.setdefault("loop in a process", []).append(loop["rate"])
            memory.setdefault("loop in a process", []).append(loop["peak_mb"])
            rates.setdefault("loop of run_backtest.py", []).append(bench.processes(number))
            starts.append(bench.worker())
    first, second = (statistics.median(found) for found in zip(*starts, strict=True))
    remarks = [
        f"medians of {options.runs} runs, the forms in turn; {trials} trials of each of {FOLDS} "
        f"folds, the first {WARM} not counted; {LOOP_TRIALS} trials of the loop, {PROCESSES} of "
        "the loop of processes",
        f"a worker answers first after {first:.2f} s (process, imports, catalog, trial), and then "
        f"after {second:.3f} s (trial)",
        "the loop of processes writes the files of a backtest, too",
        "peak MB: the largest resident size (VmHWM), pages of libraries included; of a loop after "
        "its first backtest",
    ]
    return Group("sweep", PATH, _rows(rates, memory), remarks)


def _rows(rates: dict[str, list[float]], memory: dict[str, list[float]]) -> list[Row]:
    one, two = "sweep, workers 1", "sweep, workers 2"
    rows = []
    for name, found in rates.items():
        figures = {"trials/h": statistics.median(found)}
        targets: list[Target] = []
        if name == two:
            for label, peer, limit in (
                ("over 1 worker", one, 1.85),
                ("over the loop in a process", "loop in a process", 3.0),
                ("over the loop of processes", "loop of run_backtest.py", 3.0),
            ):
                # Run by run: the machine drifts.
                pairs = zip(found, rates[peer], strict=True)
                figures[label] = statistics.median(mine / other for mine, other in pairs)
                targets.append(Target(label, ">=", limit))
        if name in memory:
            figures["peak MB"] = statistics.median(memory[name])
            backtest = statistics.median(memory["loop in a process"])
            figures["over one backtest"] = figures["peak MB"] / backtest
            if name in {one, two}:
                targets.append(Target("over one backtest", "<=", 1.3))
        rows.append(Row(name, figures, tuple(targets)))
    return rows


class _Bench:
    """The catalog and the settings of all forms."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._catalog: Final = folder / "catalog"
        spec = processes.ROOT / "docs/examples/import_ten_days.toml"
        _script("import_factors.py", "--spec", spec, "--catalog", self._catalog)
        self._plain: Final = folder / "backtest.toml"
        self._plain.write_text(BACKTEST, encoding="utf-8")
        self._sweep: Final = folder / "sweep.toml"
        self._sweep.write_text(BACKTEST + SWEEP, encoding="utf-8")
        self._words: Final = ["--catalog", str(self._catalog), "--config", str(self._sweep)]
        self._folds: Final[list[Fold]] = make_folds(
            START_NS,
            END_NS,
            count=FOLDS,
            horizon_ns=HORIZON_NS,
            train_ns=7 * DAY_NS,
            test_ns=20 * DAY_NS // 24,
        )

    def sweep(self, workers: int, trials: int, out: Path) -> tuple[float, float, Any]:
        """Return the trials per hour of a sweep, the peak of a worker in MB, and its result."""
        command = _command("sweep.py", *self._words, "--trials", trials, "--workers", workers)
        peak = 0.0
        ends_s = time.monotonic() + TIMEOUT_S
        with processes.running([*command, "--out", str(out)]) as sweep:
            while sweep.poll() is None:
                require(time.monotonic() < ends_s, f"sweep: not done after {TIMEOUT_S:g} s")
                peak = max([peak, *map(peak_mb, _children(sweep.pid))])
                time.sleep(LOOK_S)
            require(sweep.returncode == 0, f"sweep: exit code {sweep.returncode}")
        done = sorted(_completed(out / "study.jsonl"))
        require(len(done) == trials * FOLDS, f"sweep: {len(done)} trials, of {trials * FOLDS}")
        rate = 3600 * (len(done) - WARM) / (done[-1] - done[WARM - 1])
        return rate, peak, json.loads((out / "sweep.json").read_text(encoding="utf-8"))

    def loop(self, result: Any) -> Any:
        """Return rate and peak of a loop over trials of a sweep."""
        jobs = []
        for fold, trials in zip(self._folds, result["trials"], strict=True):
            values = [one["values"]["threshold"] for one in trials[: LOOP_TRIALS // FOLDS]]
            jobs += [[*fold.train_ns, value] for value in values]
        command = processes.module(
            "research.sweep_process", self._catalog, self._sweep, json.dumps(jobs)
        )
        return processes.run(command, TIMEOUT_S)

    def processes(self, number: int) -> float:
        """Return the trials per hour of run_backtest.py."""
        words = ["--catalog", self._catalog, "--config", self._plain]
        began_s = time.monotonic()
        for i in range(PROCESSES):
            _script("run_backtest.py", *words, "--out", self._folder / f"run-{number}-{i}")
        return 3600 * PROCESSES / (time.monotonic() - began_s)

    def worker(self) -> tuple[float, float]:
        """Return how long a worker takes to its first outcome and to the next one, seconds."""
        start_ns, end_ns = self._folds[0].train_ns
        took: list[float] = []
        began_s = time.monotonic()
        with WorkerPool(1, self._words) as pool:
            for i in range(4):
                pool.begin(
                    TrialJob(
                        fold=1, number=i, values={"threshold": 0.4 + 0.1 * i}, start_ns=start_ns,
                        end_ns=end_ns, from_ns=start_ns, step_ns=HORIZON_NS,
                    )
                )  # fmt: skip
                while not (found := pool.outcomes(1.0)):
                    pass
                require(not found[0].problem and not found[0].is_lost, f"sweep: {found[0]}")
                took.append(time.monotonic() - began_s)
                began_s = time.monotonic()
        return took[0], statistics.median(took[1:])


def _command(name: str, *words: object) -> list[str]:
    return [sys.executable, str(processes.ROOT / "backtests" / name), *map(str, words)]


def _script(name: str, *words: object) -> None:
    subprocess.run(
        _command(name, *words),
        check=True, capture_output=True, cwd=processes.ROOT, timeout=TIMEOUT_S,
    )  # fmt: skip


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def _completed(study: Path) -> list[float]:
    """Return when the trials of a study ended, UNIX seconds."""
    lines = map(json.loads, study.read_text(encoding="utf-8").splitlines())
    return [
        datetime.fromisoformat(line["datetime_complete"]).timestamp()
        for line in lines
        if line["op_code"] == _SET_STATE and line.get("state") == _COMPLETE
    ]
