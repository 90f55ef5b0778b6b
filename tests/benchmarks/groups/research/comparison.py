"""The same factors and quotes to a strategy in a backtest: here, in NautilusTrader, elsewhere."""

from __future__ import annotations

import math
import shutil
import statistics
import sys
from importlib.metadata import version
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.processes import ROOT, ChildError
from tests.benchmarks.report import Group, Options, Row, require

COUNT: Final = 300_000
QUICK_COUNT: Final = 100_000
TIMEOUT_S: Final = 600.0
HFTBACKTEST: Final = "hftbacktest==2.4.4"
SCRIPT: Final = ROOT / "tests/benchmarks/children/research/hftbacktest_process.py"
NAUTILUS: Final = f"NautilusTrader {version('nautilus_trader')} alone, a customdataclass"
NAMES: Final = {
    "ours": f"this project on NautilusTrader {version('nautilus_trader')}",
    "nautilus": NAUTILUS,
    "hftbacktest": f"{HFTBACKTEST.replace('==', ' ')}, a loop in numba, an array beside it",
}

PATH: Final = """
  in memory:  85 factors and a quote, each millisecond --> engine --> strategy reads two of them
              |<------------------ 1 / (records per second), quotes with them ------------>|
"""


def run(options: Options) -> Group:
    """Run each in a process of its own, in turn; all must have read the same."""
    count = QUICK_COUNT if options.is_quick else COUNT
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    failed: dict[str, str] = {}
    for _ in range(options.runs):
        for name, runs in found.items():
            if name in failed:
                continue
            try:
                runs.append(processes.run(_command(name, count), TIMEOUT_S))
            except ChildError as error:
                if name != "hftbacktest":
                    raise
                failed[name] = str(error)
    read = found["ours"][0]["total"]
    for name, runs in found.items():
        for one in runs:
            is_same = math.isclose(one["total"], read, rel_tol=1e-12)
            require(is_same, f"{name}: read {one['total']}, ours {read}")
    return Group(
        "comparison: factors to a strategy in a backtest, and a quote with each record",
        PATH,
        [
            Row(shown, {}, note=f"did not run: {failed[name]}")
            if name in failed
            else _row(shown, found[name])
            for name, shown in NAMES.items()
        ],
        [
            f"median of {options.runs} runs of {count:,} records of 85 factors, in turn; "
            "CPU: processor time of the replay for each record with its quote",
            "hftbacktest is installed by uv into an environment of its own; freqtrade and LEAN "
            "were not run: docs/comparison.md says why",
        ],
    )


def _command(name: str, count: int) -> list[str]:
    if name != "hftbacktest":
        return processes.module("research.comparison_process", name, count)
    uv = shutil.which("uv")
    if uv is None:
        msg = "no uv here, which installs it"
        raise ChildError(msg)
    own = ["run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    return [uv, *own, "--with", HFTBACKTEST, "python", str(SCRIPT), str(count)]


def _row(name: str, found: list[dict[str, Any]]) -> Row:
    rates = [one["rate_hz"] for one in found]
    return Row(
        name,
        {
            "median/s": statistics.median(rates),
            "lowest/s": min(rates),
            "highest/s": max(rates),
            "CPU us": statistics.median(one["cpu_us"] for one in found),
            "n": len(rates),
        },
    )
