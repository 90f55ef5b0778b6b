"""A plain loop of backtests that opens the catalog for each: ``CATALOG CONFIG TRIALS``."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

from adapters.command.strategy_class import make_strategy
from backtests.inputs.backtest_settings import load
from backtests.run.one_backtest import replayed
from backtests.run.preparation import prepare


def _backtest(catalog: Path, config: Path, threshold: float) -> None:
    settings = load(config)
    strategy = dataclasses.replace(
        settings.strategy, config={**settings.strategy.config, "threshold": threshold}
    )
    prepared = prepare(catalog, dataclasses.replace(settings, strategy=strategy), None)
    made = make_strategy(strategy.path, strategy.config)
    with replayed(prepared.data, prepared.settings, made):
        pass


def _pss_mb() -> float:
    text = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    catalog, config, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    _backtest(catalog, config, 0.3)
    pss = _pss_mb()
    began_s = time.monotonic()
    for i in range(count):
        _backtest(catalog, config, 0.3 + 0.01 * i)
    rate = 3600 * count / (time.monotonic() - began_s)
    print(json.dumps({"rate": rate, "pss_mb": pss}))
