"""Writing a million records to a catalog and loading them into engine data."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import processes
from tests.benchmarks.report import Group, Options, Row, Target

RECORDS: Final = 1_000_000
QUICK_RECORDS: Final = 200_000
STOCK_RECORDS: Final = 20_000
TIMEOUT_S: Final = 300.0

PATH: Final = """
  FactorBatch --> RecordingWriter --> spool --> Parquet --> FactorCatalog.engine_data --> list
  |<------------- write, to close() ---------------->|<------------- load ---------------->|
  stock:          ParquetDataCatalog.write_custom_data --> Parquet --> ParquetDataCatalog.query
"""


def run(options: Options) -> Group:
    """Write, load and stream in processes of their own, each as often as asked."""
    records = QUICK_RECORDS if options.is_quick else RECORDS
    found: dict[str, list[dict[str, Any]]] = {}

    def do(row: str, job: str, folder: Path, count: int) -> None:
        command = processes.module("catalog_process", job, folder, count)
        found.setdefault(row, []).append(processes.run(command, TIMEOUT_S))

    with tempfile.TemporaryDirectory(prefix="dolphin_benchmark_") as made:
        for number in range(options.runs):
            folder = Path(made) / f"run{number}"
            do("write", "write", folder / "large", records)
            do("write small", "write", folder / "small", records // 10)
            do("load", "load", folder / "large", records)
            do("stock", "stock", folder / "stock", STOCK_RECORDS)
            do("stream", "stream", folder / "large", records)
            do("stream small", "stream", folder / "small", records // 10)
    return _group(found, records, options.runs)


def _group(found: dict[str, list[dict[str, Any]]], records: int, runs: int) -> Group:
    def figures(row: str, count: int, key: str = "s") -> dict[str, float]:
        took = [run[key] for run in found[row]]
        median_s = statistics.median(took)
        return {
            "s": median_s,
            "best s": min(took),
            "worst s": max(took),
            "us/record": 1e6 * median_s / count,
            "n": count,
        }

    ratios = [
        (stock["s"] / STOCK_RECORDS) / (load["s"] / records)
        for stock, load in zip(found["stock"], found["load"], strict=True)
    ]
    growth = [
        large["peak_mb"] / small["peak_mb"]
        for large, small in zip(found["stream"], found["stream small"], strict=True)
    ]
    is_full = records == RECORDS
    size = found["write"][0]["bytes"] / records
    rows = [
        Row(
            "write",
            figures("write", records),
            (Target("s", "<=", 10),) if is_full else (),
            f"{size:.0f} bytes a record in Parquet, {8 * 85 + 24} in memory",
        ),
        Row(
            "load into engine data",
            {**figures("load", records), "times stock": statistics.median(ratios)},
            (*((Target("s", "<=", 5),) if is_full else ()), Target("times stock", ">=", 15)),
            f"{min(ratios):.0f} to {max(ratios):.0f} times the stock class over the runs",
        ),
        Row(
            "stream in batches",
            {
                **figures("stream", records),
                "peak MB": statistics.median(run["peak_mb"] for run in found["stream"]),
                "times small": statistics.median(growth),
            },
            (Target("times small", "<=", 1.2),),
            "peak memory of the process, imports included",
        ),
        Row(
            "stream, a tenth of it",
            {
                **figures("stream small", records // 10),
                "peak MB": statistics.median(run["peak_mb"] for run in found["stream small"]),
            },
        ),
        Row("stock class, load", figures("stock", STOCK_RECORDS)),
        Row("stock class, write", figures("stock", STOCK_RECORDS, "write_s")),
    ]
    return Group(
        "catalog: 85 factors a record",
        PATH,
        rows,
        [
            f"median of {runs} runs, each in a fresh process, files in {tempfile.gettempdir()}",
            "the values are random walks of which three in ten change at each record; "
            "how fast and how small they are depends on that",
            "stock: a @customdataclass of 85 floats through Nautilus's own catalog, scaled per "
            "record",
            "every count was right; first and last record of each 8,192 compared bit for bit",
        ],
    )
