"""A backfill as a user starts it, and what the catalog has afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog import FactorCatalog
from adapters.catalog.files.delivered_tables import rows_from_arrow
from adapters.catalog.files.market_tables import bars_from_arrow
from backtests import backfill

if TYPE_CHECKING:
    from pathlib import Path


class Known(NamedTuple):
    """A value of a factor, and the instant from which it was seen, UNIX milliseconds."""

    at_ms: float
    value: float


def run(folder: Path, catalog: Path, *options: str) -> int:
    """Backfill a folder; return the exit code."""
    return backfill.main([str(folder), "--catalog", str(catalog), *options])


def changes(catalog: Path, factor: str) -> list[Known]:
    """Return the values of a factor, each from when on it was seen; NaN where it ended."""
    found: list[Known] = []
    for batch in FactorCatalog(catalog).batches(names=[factor]):
        for at_ns, value in zip(batch.ts_init.tolist(), batch.values[:, 0].tolist(), strict=True):
            last = found[-1].value if found else None
            if value != last and not (value != value and (last is None or last != last)):  # noqa: PLR0124
                found.append(Known(at_ns / 1e6, value))
    return found


def folders(catalog: Path, kind: str) -> list[str]:
    """Return the names of the folders of a kind of market data."""
    return sorted(path.name for path in (catalog / "data" / kind).glob("*"))


def market(catalog: Path, kind: str, name: str) -> list[Any]:
    """Return Nautilus's data of a folder, in the order of its files."""
    files = sorted((catalog / "data" / kind / name).glob("*.parquet"))
    table: pa.Table = pa.concat_tables([pq.read_table(path) for path in files])
    return bars_from_arrow(table) if kind == "bars" else rows_from_arrow(kind, table)
