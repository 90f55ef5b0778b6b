"""A plain loop of backtests that opens the catalog for each: ``CATALOG CONFIG JOBS``."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.command.instants import Instant
from adapters.command.user_code.strategy_class import make_strategy
from backtests.run.one_backtest import replayed
from backtests.run.preparation import prepare
from backtests.sweeping.setup.sweep_settings import load_sweep

if TYPE_CHECKING:
    from backtests.inputs.backtest_settings import BacktestSettings


def peak_mb(pid: int | str) -> float:
    """Return the largest resident size of a process so far, MB; 0 of none."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return sum(int(x.split()[1]) for x in text.splitlines() if x.startswith("VmHWM:")) / 1024


def _backtest(
    catalog: Path, settings: BacktestSettings, start_ns: int, end_ns: int, threshold: float
) -> None:
    run = dataclasses.replace(settings.backtest, start=Instant(start_ns), end=Instant(end_ns))
    config = settings.strategy.config | {"threshold": threshold}
    strategy = dataclasses.replace(settings.strategy, config=config)
    prepared = prepare(
        catalog, dataclasses.replace(settings, backtest=run, strategy=strategy), None
    )
    made = make_strategy(strategy.path, strategy.config)
    with replayed(prepared.data, prepared.settings, made):
        pass


def main(catalog: Path, config: Path, jobs: list[tuple[int, int, float]]) -> None:
    """Run the jobs, the first one twice: only the second one of it is timed."""
    settings, _ = load_sweep(config)
    _backtest(catalog, settings, *jobs[0])
    peak = peak_mb("self")
    began_s = time.monotonic()
    for job in jobs:
        _backtest(catalog, settings, *job)
    rate = 3600 * len(jobs) / (time.monotonic() - began_s)
    print(json.dumps({"rate": rate, "peak_mb": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
