"""Where a catalog's Parquet files hold factors, by the statistics in their footers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files.footers import statistics_of
from dolphin_strategies.history.history_windows import StoredSpan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.catalog.reading.factor_catalog import FactorCatalog
    from adapters.catalog.reading.recordings import FactorFile


def stored_spans(catalog: FactorCatalog, since_ns: int = 0) -> list[StoredSpan]:
    """Return a span for each row group that Nautilus's own queries read.

    Spools are not Parquet files yet; ``FactorCatalog.recover`` converts those that have no writer
    any more. A file that cannot be read is left out.
    """
    files = [f for r in catalog.recordings() for f in r.files if not f.is_spool]
    return sorted(s for f in files if f.last_ns >= since_ns for s in _spans_of(f))


def _spans_of(file: FactorFile) -> Iterator[StoredSpan]:
    try:
        file.check_footer()
        footer = pq.read_metadata(file.path)
    except (OSError, ValueError, pa.ArrowException):
        return
    column = footer.schema.to_arrow_schema().get_field_index("ts_init")
    for i in range(footer.num_row_groups):
        try:
            stamps = statistics_of(footer, i, column)
        except ValueError:
            return
        if stamps is None or not stamps.has_min_max:
            yield StoredSpan(file.first_ns, file.last_ns, file.rows)
            return
        yield StoredSpan(stamps.min_raw, stamps.max_raw, footer.row_group(i).num_rows)
