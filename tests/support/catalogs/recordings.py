"""Small made-up recordings on disk, in the format of the recorded ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FIRST_NS = 1_723_161_254_000_000_123


def write_recording(folder: Path, *, seconds: float, per_second: int, seed: int = 7) -> Path:
    """Write four files of random ticks; spot starts 1 s earlier and ends 2 s later.

    Stamps lie on a grid of 1 ms, so that many are equal within a file and between files.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for market, tick, early_s, late_s in (("usdm", 0.1, 0, 0), ("spot", 0.01, 1, 2)):
        span_ms = int((early_s + seconds + late_s) * 1000)
        stamps = [
            FIRST_NS - early_s * 10**9 + np.sort(rng.integers(0, span_ms, n)) * 10**6
            for n in (int(per_second * span_ms / 1000), int(per_second * span_ms / 3000))
        ]
        for stamp in stamps:
            stamp[0], stamp[-1] = FIRST_NS - early_s * 10**9, stamp.max()
        write_file(folder / f"{market}_bookticker.parquet", _touch(rng, stamps[0], tick))
        write_file(folder / f"{market}_trades.parquet", _trades(rng, stamps[1], tick))
    return folder


def _touch(rng: np.random.Generator, ts: NDArray[np.int64], tick: float) -> dict[str, Any]:
    n = len(ts)
    bid = 600_000 + np.cumsum(rng.integers(-3, 4, n))
    return {
        "local_ts_ns": ts,
        "bid_px": np.round(60_000 + (bid - 600_000) * tick, 2),
        "bid_qty": rng.integers(1, 9000, n) / 1000,
        "ask_px": np.round(60_000 + (bid - 600_000 + rng.integers(1, 4, n)) * tick, 2),
        "ask_qty": rng.integers(1, 9000, n) / 1000,
    }


def _trades(rng: np.random.Generator, ts: NDArray[np.int64], tick: float) -> dict[str, Any]:
    n = len(ts)
    return {
        "local_ts_ns": ts,
        "trade_id": np.arange(n) + 1000,
        "price": np.round(60_000 + rng.integers(-30, 30, n) * tick, 2),
        "qty": rng.integers(1, 2000, n) / 1000,
        "buyer_is_maker": rng.random(n) < 0.5,
    }


def write_file(path: Path, columns: dict[str, Any]) -> None:
    """Write one file of a recording."""
    pq.write_table(pa.table(columns), path)
