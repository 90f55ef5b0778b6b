"""Writing or reading a catalog in a process of its own.

``python -m …children.catalog_process JOB FOLDER RECORDS`` answers with figures.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog import FactorCatalog, RecordingWriter
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema
from tests.benchmarks.report import require
from tests.benchmarks.workload import FACTOR_COUNT, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH_RECORDS: Final = 8_192
FIRST_NS: Final = 1_700_000_000_000_000_000
STEP_NS: Final = 2_000_000
SHARE_THAT_CHANGES: Final = 0.3
"""Of the factors, at each record: most public sources are slower than the producer."""


def walks(records: int) -> Iterator[FactorBatch]:
    """Yield records of random walks, the same at each call."""
    schema, rng = FactorSchema(NAMES), np.random.default_rng(1)
    level = np.linspace(1, 1_000, FACTOR_COUNT)
    for at in range(0, records, BATCH_RECORDS):
        n = min(BATCH_RECORDS, records - at)
        steps = rng.normal(size=(n, FACTOR_COUNT)) * 1e-4 * level
        steps[rng.random((n, FACTOR_COUNT)) > SHARE_THAT_CHANGES] = 0
        values = level + np.cumsum(steps, axis=0)
        level = values[-1]
        stamps = FIRST_NS + STEP_NS * np.arange(at, at + n)
        sequence = np.arange(at + 1, at + n + 1, dtype=np.uint64)
        yield FactorBatch(
            schema=schema,
            sequence=sequence,
            ts_event=stamps - 50_000,
            ts_init=stamps,
            values=values,
            stream_id=7,
        )


def write(folder: Path, records: int) -> dict[str, Any]:
    """Time the writer alone, not the making of the values."""
    took_s = 0.0
    begun = time.perf_counter()
    writer = RecordingWriter(folder, source="benchmark", name="walks")
    took_s += time.perf_counter() - begun
    for batch in walks(records):
        begun = time.perf_counter()
        writer.write_factors(batch)
        took_s += time.perf_counter() - begun
    begun = time.perf_counter()
    writer.close()
    took_s += time.perf_counter() - begun
    require(writer.recorded == records, f"wrote {records:,}, recorded {writer.recorded:,}")
    size = sum(p.stat().st_size for p in folder.rglob("*.parquet"))
    return {"s": took_s, "bytes": size}


def load(folder: Path, records: int) -> dict[str, Any]:
    """Load everything into engine data, then compare it with what was written."""
    begun = time.perf_counter()
    data = FactorCatalog(folder).engine_data()
    took_s = time.perf_counter() - begun
    require(len(data) == records, f"wrote {records:,}, loaded {len(data):,}")
    at = 0
    for batch in walks(records):
        first, last = data[at].data, data[at + len(batch) - 1].data
        for f, row in ((first, 0), (last, len(batch) - 1)):
            same = np.array_equal(f.array, batch.values[row])
            require(same and f.ts_init == batch.ts_init[row], f"record {f.sequence} differs")
        at += len(batch)
    return {"s": took_s}


def stream(folder: Path, records: int) -> dict[str, Any]:
    """Go through everything piece by piece; answer with the most memory that took."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    found = sum(len(batch) for batch in FactorCatalog(folder).batches())
    took_s = time.perf_counter() - begun
    require(found == records, f"wrote {records:,}, streamed {found:,}")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"s": took_s, "added_mb": (after - before) / 1e3, "peak_mb": after / 1e3}


def stock(folder: Path, records: int) -> dict[str, Any]:
    """Do the same with a ``@customdataclass`` of 85 floats and Nautilus's own catalog."""
    from nautilus_trader.model import (
        CustomData,
        DataType,
        NautilusDataType,
        register_custom_data_class,
    )
    from nautilus_trader.model.custom import customdataclass
    from nautilus_trader.persistence import ParquetDataCatalog

    fields = dict.fromkeys(NAMES, float)
    plain = type("StockFactors", (), {"__annotations__": fields, **dict.fromkeys(NAMES, 0.0)})
    stock_class: Any = customdataclass(plain)  # type: ignore[no-untyped-call]
    register_custom_data_class(stock_class)
    kind = DataType("StockFactors")
    items = [
        CustomData(kind, stock_class(int(t), int(t), *row))
        for batch in walks(records)
        for t, row in zip(batch.ts_init, batch.values.tolist(), strict=True)
    ]
    folder.mkdir(parents=True)
    begun = time.perf_counter()
    ParquetDataCatalog(str(folder)).write_custom_data(items)
    write_s = time.perf_counter() - begun
    begun = time.perf_counter()
    found = ParquetDataCatalog(str(folder)).query(NautilusDataType.Custom("StockFactors"))
    took_s = time.perf_counter() - begun
    require(len(found) == records, f"wrote {records:,}, loaded {len(found):,}")
    return {"s": took_s, "write_s": write_s}


def main(job: str, folder: str, records: str) -> None:
    """Do one job; print the answer."""
    jobs = {"write": write, "load": load, "stream": stream, "stock": stock}
    print(json.dumps(jobs[job](Path(folder), int(records))))


if __name__ == "__main__":
    main(*sys.argv[1:])
