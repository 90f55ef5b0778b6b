"""Reading one file or spool of factors piece by piece."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files.footers import statistics_of
from adapters.catalog.files.spool import read_spool
from adapters.catalog.files.spool_conversion import in_time_order
from dolphin_strategies.factors.arrow import STAMPS, factor_names, numpy_of, stream_id_of
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from adapters.catalog.reading.recordings import FactorFile

READ_AHEAD: Final = 2
"""Row groups that are decoded in advance."""

type Window = tuple[int, int]
"""Half-open, UNIX nanoseconds of ``ts_init``."""


def open_spool(file: FactorFile) -> BinaryIO | None:
    """Open a spool, which is deleted once it became a Parquet file; None for a Parquet file.

    Raises
    ------
    FileNotFoundError
        If the spool was deleted already.

    """
    return file.path.open("rb") if file.is_spool else None


def file_batches(
    file: FactorFile,
    spool: BinaryIO | None,
    window: Window,
    names: FactorSchema | None,
    max_rows: int,
) -> Iterator[FactorBatch]:
    """Yield the records of a file in a window, one row group after the other.

    Parameters
    ----------
    file : FactorFile
        The file.
    spool : file object, optional
        Its open spool, see :func:`open_spool`; None for a Parquet file.
    window : tuple of int
        Half-open, UNIX nanoseconds of ``ts_init``.
    names : FactorSchema, optional
        The factors of the batches; None: those of the file.
    max_rows : int
        The largest batch.

    Raises
    ------
    OSError, pyarrow.ArrowException, LookupError, ValueError
        If the file is damaged.

    """

    def columns(schema: pa.Schema) -> list[str]:
        return [*(n for n in factor_names(schema) if names is None or n in names), *STAMPS]

    for table in _tables(file, spool, window, columns):
        for at in range(0, table.num_rows, max_rows):
            yield to_batch(table.slice(at, max_rows), names)


def file_sequences(
    file: FactorFile, spool: BinaryIO | None, window: Window
) -> Iterator[NDArray[np.uint64]]:
    """Yield the sequences of the records of a file in a window, as uint64 arrays.

    Parameters
    ----------
    file : FactorFile
        The file.
    spool : file object, optional
        Its open spool, see :func:`open_spool`; None for a Parquet file.
    window : tuple of int
        Half-open, UNIX nanoseconds of ``ts_init``.

    Raises
    ------
    OSError, pyarrow.ArrowException, ValueError
        If the file is damaged.

    """
    for table in _tables(file, spool, window, lambda _: ["sequence", "ts_init"]):
        yield numpy_of(table.column("sequence"))


def to_batch(table: pa.Table, names: FactorSchema | None) -> FactorBatch:
    """Return a table as a batch of these names; a factor that the table lacks is NaN."""
    schema = names or FactorSchema(factor_names(table.schema))
    values = np.empty((table.num_rows, len(schema)))
    held = set(table.column_names)
    for i, name in enumerate(schema):
        values[:, i] = numpy_of(table.column(name)) if name in held else np.nan
    return FactorBatch(
        schema=schema,
        values=values,
        stream_id=stream_id_of(table.schema),
        **{stamp: numpy_of(table.column(stamp)) for stamp in STAMPS},
    )


def _tables(
    file: FactorFile,
    spool: BinaryIO | None,
    window: Window,
    columns: Callable[[pa.Schema], list[str]],
) -> Iterator[pa.Table]:
    """Yield the rows of a file in a window, in the order of ``ts_init``."""
    for table in _spool(spool, columns) if spool else _row_groups(file, window, columns):
        stamps = numpy_of(table.column("ts_init"))
        begin, end = np.searchsorted(stamps, window, "left").tolist()
        if end > begin:
            yield table.slice(begin, end - begin)


def _spool(spool: BinaryIO, columns: Callable[[pa.Schema], list[str]]) -> Iterator[pa.Table]:
    with spool:
        batches = list(read_spool(spool))
    if batches:
        table = pa.Table.from_batches(batches)
        yield in_time_order(table.select(columns(table.schema)))


def _row_groups(
    file: FactorFile, window: Window, columns: Callable[[pa.Schema], list[str]]
) -> Iterator[pa.Table]:
    file.check_footer()
    with pq.ParquetFile(file.path, page_checksum_verification=True) as parquet:
        wanted = columns(parquet.schema_arrow)
        at = parquet.schema_arrow.get_field_index("ts_init")
        groups = []
        for group in range(parquet.num_row_groups):
            found = statistics_of(parquet.metadata, group, at)
            if (
                found is None
                or not found.has_min_max
                or (found.max_raw >= window[0] and found.min_raw < window[1])
            ):
                groups.append(group)
        if len(groups) == 1:
            yield parquet.read_row_group(groups[0], columns=wanted)
            return
        with ThreadPoolExecutor(1, "catalog") as thread:
            # Decoding needs no interpreter: it proceeds while the rows read before are processed.
            ahead = deque[Future[pa.Table]]()
            try:
                for group in groups:
                    ahead.append(thread.submit(parquet.read_row_group, group, columns=wanted))
                    if len(ahead) > READ_AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for read in ahead:
                    read.cancel()
