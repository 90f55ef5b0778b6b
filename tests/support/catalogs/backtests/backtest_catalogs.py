"""Small catalogs for backtests: a seeded random walk, its quotes, and factors about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from nautilus_trader.model import Price, Quantity, QuoteTick
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from dolphin_strategies import FactorSchema
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

START_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 100_000_000
"""Between two quotes; a record of factors comes at the same instant."""
SCHEMA: Final = FactorSchema(["momentum", "noise", "mid"])


def make_catalog(
    path: Path,
    rows: int = 600,
    *,
    seed: int = 1,
    holes: slice | None = None,
    files: int = 1,
    start_ns: int = START_NS,
) -> Path:
    """Write a catalog of ``rows`` quotes of the perpetual and as many records of factors.

    ``momentum`` is the last 10 steps' change of the mid, ``noise`` is only that; ``holes`` are
    the rows in which ``momentum`` has no value.
    """
    random = np.random.default_rng(seed)
    mid = 60_000 + np.cumsum(random.integers(-4, 5, rows))
    momentum = mid - mid[np.maximum(np.arange(rows) - 10, 0)].astype(float)
    if holes is not None:
        momentum[holes] = np.nan
    values = np.column_stack([momentum, random.normal(size=rows), mid.astype(float)])
    ts = start_ns + STEP_NS * np.arange(rows)
    write_factors(path, "walk", ts, values, files=files)
    catalog = ParquetDataCatalog(str(path), max_row_group_size=200)
    catalog.write_instruments([btcusdt_perp()])
    for part in np.array_split(np.arange(rows), files):
        catalog.write_quote_ticks([quote(int(mid[i]), int(ts[i])) for i in part])
    return path


def write_factors(
    path: Path,
    name: str,
    ts: NDArray[np.int64],
    values: NDArray[np.float64],
    *,
    schema: FactorSchema = SCHEMA,
    files: int = 1,
    stream_id: int = 77,
) -> None:
    """Write one recording of factors that are known at their instants."""
    with RecordingWriter(path, source="test", name=name) as writer:
        for part in np.array_split(np.arange(len(ts)), files):
            first = int(part[0]) + 1
            writer.write_factors(
                batch(ts[part], values[part], schema, first=first, stream_id=stream_id)
            )
            writer.rotate()


def batch(
    ts: NDArray[np.int64],
    values: NDArray[np.float64],
    schema: FactorSchema = SCHEMA,
    *,
    first: int = 1,
    stream_id: int = 77,
) -> FactorBatch:
    """Make a batch of records whose ``ts_event`` is their ``ts_init``."""
    return FactorBatch(
        schema=schema,
        sequence=np.arange(first, first + len(ts), dtype=np.uint64),
        ts_event=ts,
        ts_init=ts,
        values=np.ascontiguousarray(values),
        stream_id=stream_id,
    )


def quote(mid: int, ts: int) -> QuoteTick:
    """Make a quote one tick wide, 5 BTC on both sides."""
    size = Quantity.from_str("5.000")
    bid, ask = Price.from_str(f"{mid}.0"), Price.from_str(f"{mid}.1")
    return QuoteTick(BTCUSDT_PERP, bid, ask, size, size, ts, ts)
