"""Archive files into a catalog, beside pandas reading the same files."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.children.backfill_process import FILE_ROWS
from tests.benchmarks.report import Group, Options, Row, Target

FILES: Final = 20
QUICK_FILES: Final = 4
DAYS: Final = 366
TIMEOUT_S: Final = 900.0
MOST_MB: Final = 600

PATH: Final = """
  zip --> inflate --> CSV --> decimals, sides, stamps --> Parquet, synced, journal
  |<------------------------ backfill: several files at once -------------------->|
  pandas: zip --> inflate --> read_csv --> concat, one DataFrame in memory
"""


def run(options: Options) -> Group:
    """Make the archives once, then read them in turn, each time in a fresh process."""
    files = QUICK_FILES if options.is_quick else FILES
    found: dict[str, list[dict[str, Any]]] = {}

    def do(row: str, job: str, folder: Path, count: int) -> dict[str, Any]:
        command = processes.module("backfill_process", job, folder, count)
        answer: dict[str, Any] = processes.run(command, TIMEOUT_S)
        found.setdefault(row, []).append(answer)
        return answer

    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        trades, year = Path(made) / "trades", Path(made) / "year"
        do("made", "trades", trades, files)
        rows = do("made", "year", year, DAYS)["rows"]
        for _ in range(options.runs):
            do("pandas", "pandas", trades, files * FILE_ROWS)
            do("trades", "backfill", trades, files * FILE_ROWS)
            do("year", "backfill", year, rows)
    return _group(found, files * FILE_ROWS, rows, options.runs)


def _group(found: dict[str, list[dict[str, Any]]], rows: int, of_year: int, runs: int) -> Group:
    def figures(row: str, count: int) -> dict[str, float]:
        took = [run["s"] for run in found[row]]
        median_s = statistics.median(took)
        return {
            "s": median_s,
            "best s": min(took),
            "worst s": max(took),
            "us/row": 1e6 * median_s / count,
            "peak MB": max(run["peak_mb"] for run in found[row]),
            "n": count,
        }

    ratios = [p["s"] / b["s"] for p, b in zip(found["pandas"], found["trades"], strict=True)]
    size = found["trades"][0]["bytes"] / rows
    table = [
        Row(
            "backfill aggTrades",
            {**figures("trades", rows), "times pandas": statistics.median(ratios)},
            (Target("times pandas", ">=", 2), Target("peak MB", "<=", MOST_MB)),
            f"{min(ratios):.2f} to {max(ratios):.2f} over the runs; {size:.1f} bytes a row",
        ),
        Row("pandas into one DataFrame", figures("pandas", rows)),
        Row(
            "backfill a year of metrics and funding",
            figures("year", of_year),
            (Target("s", "<=", 5),),
        ),
    ]
    return Group(
        "backfill: archives of data.binance.vision",
        PATH,
        table,
        [
            f"median of {runs} runs in turn, each in a fresh process after its imports, files in "
            f"{tempfile.gettempdir()}",
            "random walks; files of a million rows, zipped with zlib's level 6, 14 bytes a row",
            "every count was right; what is written is synced to disk",
        ],
    )
