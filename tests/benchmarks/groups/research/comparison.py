"""The same factors and quotes to a strategy in a backtest: here, in NautilusTrader, elsewhere."""

from __future__ import annotations

import math
import shutil
import statistics
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.children.backtest_process import factor_batches
from tests.benchmarks.processes import ROOT, ChildError
from tests.benchmarks.report import Group, Options, Row, require
from tests.benchmarks.workload import NAMES, REQUIRED

COUNT: Final = 300_000
QUICK_COUNT: Final = 100_000
TIMEOUT_S: Final = 600.0
SCRIPTS: Final = ROOT / "tests/benchmarks/children/research"
PLACES: Final = [NAMES.index(name) for name in REQUIRED]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What is measured: its name, and how it is run."""

    name: str
    arguments: tuple[str, ...]
    """Of this project's child, or of the script."""
    package: str = ""
    """What uv installs into an environment of the script's own; empty: a child of this project."""
    script: str = ""
    share: int = 1
    """It replays the first of so many parts of the records: it would take minutes for all."""


ENGINES: Final = (
    Engine(
        name=f"this project on NautilusTrader {version('nautilus_trader')}", arguments=("ours",)
    ),
    Engine(
        name=f"NautilusTrader {version('nautilus_trader')} alone, a customdataclass",
        arguments=("nautilus",),
    ),
    Engine(
        name="hftbacktest 2.4.4, a loop in numba, an array beside it",
        arguments=(),
        package="hftbacktest==2.4.4",
        script="hftbacktest_process.py",
    ),
    Engine(
        name="freqtrade 2026.9, two columns of the dataframe",
        arguments=("ByColumn",),
        package="freqtrade==2026.9",
        script="freqtrade_process.py",
    ),
    Engine(
        name="freqtrade 2026.9, a callback each candle",
        arguments=("ByCandle",),
        package="freqtrade==2026.9",
        script="freqtrade_process.py",
        share=10,
    ),
)

PATH: Final = """
  in memory:  85 factors and a quote, each millisecond --> engine --> strategy reads two of them
              |<------------------ 1 / (records per second), quotes with them ------------>|
  freqtrade:  a candle each minute, 85 columns joined to it --> engine --> the same two of them
"""


def run(options: Options) -> Group:
    """Run each in a process of its own, in turn; each must have read what was published."""
    count = QUICK_COUNT if options.is_quick else COUNT
    found: dict[Engine, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    failed: dict[Engine, str] = {}
    for _ in range(options.runs):
        for engine, runs in found.items():
            if engine in failed:
                continue
            try:
                runs.append(processes.run(_command(engine, count // engine.share), TIMEOUT_S))
            except ChildError as error:
                if not engine.package:
                    raise
                failed[engine] = str(error)
    for engine, runs in found.items():
        published = _total(count // engine.share)
        for one in runs:
            is_same = math.isclose(one["total"], published, rel_tol=1e-12)
            require(is_same, f"{engine.name}: read {one['total']}, published {published}")
    return Group(
        "comparison: factors to a strategy in a backtest, and a quote with each record",
        PATH,
        [
            Row(engine.name, {}, note=f"did not run: {failed[engine]}")
            if engine in failed
            else _row(engine, runs, count)
            for engine, runs in found.items()
        ],
        [
            f"median of {options.runs} runs of {count:,} records of 85 factors, in turn; "
            "CPU: processor time of the replay for each record with its quote",
            "hftbacktest and freqtrade are installed by uv into environments of their own; LEAN "
            "was not run: docs/comparison.md says why",
        ],
    )


def _total(count: int) -> float:
    """Return the sum of the two factors over the records."""
    return sum(float(batch.values[:, PLACES].sum()) for batch in factor_batches(count))


def _command(engine: Engine, count: int) -> list[str]:
    if not engine.package:
        return processes.module("research.comparison_process", *engine.arguments, count)
    uv = shutil.which("uv")
    if uv is None:
        msg = "no uv here, which installs it"
        raise ChildError(msg)
    own = ["run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    script = str(SCRIPTS / engine.script)
    return [uv, *own, "--with", engine.package, "python", script, *engine.arguments, str(count)]


def _row(engine: Engine, found: list[dict[str, Any]], count: int) -> Row:
    rates = [one["rate_hz"] for one in found]
    return Row(
        engine.name,
        {
            "median/s": statistics.median(rates),
            "lowest/s": min(rates),
            "highest/s": max(rates),
            "CPU us": statistics.median(one["cpu_us"] for one in found),
            "n": len(rates),
        },
        note=f"the first {count // engine.share:,} of them" if engine.share > 1 else "",
    )
