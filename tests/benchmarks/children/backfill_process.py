"""Making archives, and reading them with ``backfill.py`` or pandas, in a process of its own.

``python -m …children.backfill_process JOB FOLDER COUNT`` answers with figures. Jobs: ``trades``
makes COUNT files of a million rows, ``year`` days of metrics, funding; ``backfill``, ``pandas``.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
import zipfile
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tests.benchmarks.report import require

if TYPE_CHECKING:
    from collections.abc import Callable

FILE_ROWS: Final = 1_000_000
FIRST: Final = date(2024, 1, 1)
DAY_MS: Final = 86_400_000
TRADES: Final = "futures/um/daily/aggTrades/BTCUSDT"
METRICS: Final = (
    "create_time,symbol,sum_open_interest,sum_open_interest_value,"
    "count_toptrader_long_short_ratio,sum_toptrader_long_short_ratio,count_long_short_ratio,"
    "sum_taker_long_short_vol_ratio\n"
)


def make_trades(folder: Path, files: int) -> dict[str, Any]:
    """Write random walks of a price as days of aggregated trades."""
    for number in range(files):
        rng, day = np.random.default_rng(number), FIRST + timedelta(days=number)
        ids = np.arange(FILE_ROWS) + 1_959_803_223 + number * FILE_ROWS
        table = pa.table(
            {
                "agg_trade_id": ids,
                "price": np.round(60_000 + np.cumsum(rng.normal(0, 0.3, FILE_ROWS)), 1),
                "quantity": np.round(rng.exponential(0.05, FILE_ROWS) + 0.001, 3),
                "first_trade_id": ids * 2,
                "last_trade_id": ids * 2 + 1,
                "transact_time": start_ms(day) + np.sort(rng.integers(0, DAY_MS, FILE_ROWS)),
                "is_buyer_maker": rng.random(FILE_ROWS) < 0.5,
            }
        )
        text = io.BytesIO()
        pa.csv.write_csv(table, text, pa.csv.WriteOptions(include_header=False))
        header = ",".join(table.column_names).encode() + b"\n"
        name = f"BTCUSDT-aggTrades-{day}"
        _zip(folder / TRADES / f"{name}.zip", header + text.getvalue())
    return {"rows": files * FILE_ROWS}


def make_year(folder: Path, days: int) -> dict[str, Any]:
    """Write days of metrics, and the months of funding in them."""
    for number in range(days):
        day = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
        lines = [
            f"{day + timedelta(minutes=5 * (i + 1)):%Y-%m-%d %H:%M:%S},BTCUSDT,{90_000 + i},"
            f"{3.9e9 + i},1.{i:03d},1.{i + 100:03d},2.{i:03d},0.{i + 500:03d}\n"
            for i in range(288)
        ]
        name = f"futures/um/daily/metrics/BTCUSDT/BTCUSDT-metrics-{day:%Y-%m-%d}.zip"
        _zip(folder / name, (METRICS + "".join(lines)).encode())
    months: dict[str, list[str]] = {}
    for number in range(days * 3):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=8 * number)
        line = f"{int(at.timestamp()) * 1_000},8,0.0001{number % 90 + 10}\n"
        months.setdefault(f"{at:%Y-%m}", []).append(line)
    for month, rates in months.items():
        name = f"futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-{month}.zip"
        text = "calc_time,funding_interval_hours,last_funding_rate\n" + "".join(rates)
        _zip(folder / name, text.encode())
    return {"rows": days * 291}


def backfill(folder: Path, rows: int) -> dict[str, Any]:
    """Write the archives of a folder into a catalog beside it, which must not exist."""
    from backtests import backfill as command
    from backtests.importing.backfilling.running import command as _  # noqa: F401

    catalog = folder.with_name(f"{folder.name}_catalog_{time.monotonic_ns()}")
    said = io.StringIO()
    started_s = time.perf_counter()
    with redirect_stdout(said):
        code = command.main([str(folder), "--catalog", str(catalog)])
    took_s = time.perf_counter() - started_s
    require(code == 0, f"exit code: expected 0, found {code}")
    require(
        f"{rows:,} rows" in said.getvalue(), f"expected {rows:,} rows: {said.getvalue()[-200:]}"
    )
    size = sum(p.stat().st_size for p in catalog.rglob("*.parquet"))
    return {"s": took_s, "bytes": size, "peak_mb": peak_mb()}


def with_pandas(folder: Path, rows: int) -> dict[str, Any]:
    """Read the same files into one DataFrame."""
    import pandas as pd

    started_s = time.perf_counter()
    files = sorted(folder.rglob("*.zip"))
    frame = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    took_s = time.perf_counter() - started_s
    require(len(frame) == rows, f"expected {rows:,} rows, found {len(frame):,}")
    return {"s": took_s, "peak_mb": peak_mb()}


def start_ms(day: date) -> int:
    """Return the beginning of a day, UNIX milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000


def peak_mb() -> float:
    """Return the peak memory of this process, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def _zip(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{path.stem}.csv", text)


JOBS: Final[dict[str, Callable[[Path, int], dict[str, Any]]]] = {
    "trades": make_trades,
    "year": make_year,
    "backfill": backfill,
    "pandas": with_pandas,
}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
