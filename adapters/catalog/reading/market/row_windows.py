"""Windows of about equally many rows over Parquet files: where rows are, and reading them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files.catalog_layout import check_regular, file_range
from adapters.catalog.files.footers import statistics_of
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class RowSpan:
    """Consecutive rows of a file.

    Attributes
    ----------
    first_ns, last_ns : int
        ``ts_init`` of the first and of the last of them, UNIX nanoseconds.
    rows : int
        The number of rows.

    """

    first_ns: int
    last_ns: int
    rows: int


def windows(
    spans: Sequence[RowSpan], start_ns: int, end_ns: int, max_rows: int
) -> list[tuple[int, int]]:
    """Divide a half-open window into closed windows of about ``max_rows`` rows each.

    Parameters
    ----------
    spans : sequence of RowSpan
        The spans of the rows; one with more than ``max_rows`` is divided evenly in time.
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds.
    max_rows : int
        The approximate number of rows of a window.

    Returns
    -------
    list of tuple of int
        The first and the last instant of each window, both included; windows without rows are
        left out.

    """
    edges: list[tuple[int, int]] = []
    for span in spans:
        parts = -(-span.rows // max_rows)
        width_ns = (span.last_ns - span.first_ns) // parts
        edges += [(span.first_ns + width_ns * i, span.rows // parts) for i in range(1, parts)]
        edges.append((span.last_ns, span.rows // parts))
    edges = sorted(edge for edge in edges if start_ns <= edge[0] < end_ns)
    # The last edge of each run of about max_rows rows ends a window.
    runs = (np.cumsum([rows for _, rows in edges]) - 1) // max_rows
    is_last = np.append(np.diff(runs) > 0, True)
    ends = [at for (at, _), last in zip(edges, is_last, strict=False) if last]
    starts = [start_ns, *(at + 1 for at in ends)]
    cut = [*zip(starts, [*ends, end_ns - 1], strict=True)]
    return [
        (first, last)
        for first, last in cut
        if first <= last and any(s.first_ns <= last and s.last_ns >= first for s in spans)
    ]


def read_window(
    files: Sequence[Path], first_ns: int, last_ns: int, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Yield the rows of a closed window, file by file; no empty table.

    Parameters
    ----------
    files : sequence of Path
        Parquet files with a column ``ts_init``.
    first_ns, last_ns : int
        The window, both included, UNIX nanoseconds.
    columns : sequence of str, optional
        The columns to read, ``ts_init`` among them; None: all.

    Raises
    ------
    OSError, pyarrow.ArrowException
        If a file cannot be read, or a page differs from its checksum; not every writer makes them.
    ConfigError
        If a footer contradicts itself, or a stamp lies outside the limits that it states.

    """
    for path in files:
        named = file_range(path.name)
        if named is not None and (named[1] < first_ns or named[0] > last_ns):
            continue
        try:
            check_regular(path)
        except ValueError as error:
            msg = f"{path}: {error}"
            raise ConfigError(msg) from None
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            try:
                spans = row_spans(file)
            except ValueError as error:
                msg = f"{path} is damaged: {error}"
                raise ConfigError(msg) from None
            groups = [
                i
                for i, span in enumerate(spans)
                if span.first_ns <= last_ns and span.last_ns >= first_ns
            ]
            # On this thread: the memory of others is not given back.
            rows = file.read_row_groups(groups, columns=columns, use_threads=False)
            rows = rows.replace_schema_metadata(file.schema_arrow.metadata)
        ts = numpy_of(rows.column("ts_init"))
        _check_stamps(path, ts, [spans[i] for i in groups])
        is_inside = (first_ns <= ts) & (ts <= last_ns)
        if not is_inside.all():
            rows = rows.filter(pa.array(is_inside))
        if rows.num_rows:
            yield rows


def _check_stamps(path: Path, ts: NDArray[np.int64], spans: Sequence[RowSpan]) -> None:
    """Refuse rows of a file that was damaged without a checksum to show it."""
    if not len(ts):
        return
    first_ns, last_ns = int(ts.min()), int(ts.max())
    from_ns, to_ns = min(s.first_ns for s in spans), max(s.last_ns for s in spans)
    if first_ns < from_ns or last_ns > to_ns:
        msg = (
            f"{path} is damaged: expected ts_init from {from_ns} to {to_ns}, by its footer, "
            f"found {first_ns} to {last_ns}"
        )
        raise ConfigError(msg)


def row_spans(file: pq.ParquetFile) -> list[RowSpan]:
    """Return the spans of a Parquet file's row groups; an empty one overlaps no window."""
    # A book's levels are columns below others, which count here.
    paths = [file.schema.column(i).path for i in range(len(file.schema))]
    column = paths.index("ts_init")
    spans = []
    for i in range(file.num_row_groups):
        group = file.metadata.row_group(i)
        if group.num_rows:
            stamps = statistics_of(file.metadata, i, column)
            spans.append(RowSpan(stamps.min_raw, stamps.max_raw, group.num_rows))
        else:
            spans.append(RowSpan(0, -1, 0))
    return spans


def read_footer(path: Path) -> tuple[list[RowSpan], dict[str, str], list[str]]:
    """Return the spans of a Parquet file's row groups, its schema's metadata and its columns.

    Raises
    ------
    ConfigError
        If the file cannot be read.

    """
    try:
        check_regular(path)
        file = pq.ParquetFile(path)
        spans = [span for span in row_spans(file) if span.rows]
        metadata = file.schema_arrow.metadata or {}
    except (OSError, pa.ArrowException, ValueError, AttributeError) as error:
        msg = (
            f"{path} cannot be read as market data: {error}; "
            "`dolphin catalog DIR verify` finds damaged files"
        )
        raise ConfigError(msg) from None
    named = {k.decode(): v.decode() for k, v in metadata.items() if k != b"ARROW:schema"}
    return spans, named, file.schema_arrow.names
