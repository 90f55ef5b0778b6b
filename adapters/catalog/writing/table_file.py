"""TableFile: a Parquet file of market data that is written at once, without a spool."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files.spool_conversion import NEW_FILE, NewFile
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from pathlib import Path

ROW_GROUP_ROWS: Final = 32_768
"""Rows of a row group, small so that a window is read in small pieces."""
_STAMPS: Final = ("ts_event", "ts_init")
_ENCODINGS: Final = {
    "ts_event": "DELTA_BINARY_PACKED",
    "ts_init": "DELTA_BINARY_PACKED",
    # Each is another, so that a dictionary is of no use; zstd finds what they have in common.
    "trade_id": "PLAIN",
}


class TableFile:
    """Writes the rows of one table into a file that no reader looks at before it is placed.

    Parameters
    ----------
    path : Path
        The file, made 0600; it must not exist.
    schema : pyarrow.Schema
        The schema of every batch, with the metadata; a dictionary is written as its values.

    Attributes
    ----------
    rows : int
        The number of rows so far.
    first_ns, last_ns : int
        ``ts_init`` of the first and of the last row, UNIX nanoseconds.

    Raises
    ------
    OSError
        If the file exists or cannot be made.

    Notes
    -----
    Used by one thread. The batches are in the order of ``ts_init``.

    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path: Final = path
        self.schema: Final = schema
        self.rows = 0
        self.first_ns = self.last_ns = 0
        self._rest: pa.Table = schema.empty_table()
        self._file = NewFile(os.open(path, NEW_FILE, 0o600))
        has_dictionary = any(pa.types.is_dictionary(kind) for kind in schema.types)
        encoded = {n: e for n, e in _ENCODINGS.items() if n in schema.names}
        self._writer: Any = pq.ParquetWriter(
            pa.PythonFile(self._file, "w"),
            schema,
            # Encoded differences of stamps leave nothing to compress.
            compression={n: "none" if n in _STAMPS else "zstd" for n in schema.names},
            compression_level={n: 1 for n in schema.names if n not in _STAMPS},
            use_dictionary=[n for n in schema.names if n not in encoded],
            column_encoding=encoded,
            write_statistics=[n for n in schema.names if n in _STAMPS],
            write_page_checksum=True,
            # Arrow's own schema would bring dictionaries back, which Nautilus does not read.
            store_schema=not has_dictionary,
            write_batch_size=ROW_GROUP_ROWS,
        )
        if has_dictionary and schema.metadata:
            self._writer.add_key_value_metadata(schema.metadata)

    def append(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Append rows, each of them no earlier than those before.

        Raises
        ------
        OSError
            If they cannot be written; the file is of no use then.

        """
        stamps = numpy_of(batch.column("ts_init"))
        if not self.rows:
            self.first_ns = int(stamps[0])
        self.last_ns = int(stamps[-1])
        self.rows += batch.num_rows
        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        table = table.replace_schema_metadata(self.schema.metadata)
        if self._rest.num_rows:
            table = pa.concat_tables([self._rest, table])
        whole = table.num_rows - table.num_rows % ROW_GROUP_ROWS
        if whole:
            self._writer.write_table(table.slice(0, whole), row_group_size=ROW_GROUP_ROWS)
        self._rest = table.slice(whole)

    def finish(self) -> None:
        """Write the footer, and make the file durable.

        Raises
        ------
        OSError
            If it cannot be written.

        """
        if self._rest.num_rows:
            self._writer.write_table(self._rest, row_group_size=ROW_GROUP_ROWS)
        self._writer.close()
        os.fsync(self._file.fd)
        os.close(self._file.fd)

    def remove(self) -> None:
        """Give the file up."""
        with suppress(OSError):
            os.close(self._file.fd)
        with suppress(FileNotFoundError):
            self.path.unlink()
