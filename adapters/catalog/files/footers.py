"""The footers of Parquet files: their checksums, and the statistics of a column."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow.parquet as pq

_LENGTH: Final = 8
"""Bytes after a footer: its length as u32, little-endian, and "PAR1"."""


def footer_crc32(path: Path) -> int:
    """Return the CRC-32 of a file's footer, with the length after it.

    Parquet itself has checksums of pages alone.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is too short for the footer that it states.

    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _LENGTH, 0))
        length = int.from_bytes(file.read(4), "little") + _LENGTH
        if length > size:
            msg = f"expected a footer of {length:,} bytes, found a file of {size:,}"
            raise ValueError(msg)
        file.seek(size - length)
        return zlib.crc32(file.read())


def statistics_of(metadata: pq.FileMetaData, group: int, column: int) -> Any:
    """Return the statistics of a column of a row group; None if there are none.

    Raises
    ------
    ValueError
        If the column is of two types: pyarrow 26 ends the process when it is asked then.

    """
    found = metadata.row_group(group).column(column)
    expected = metadata.schema.column(column)
    if (found.physical_type, found.path_in_schema) != (expected.physical_type, expected.path):
        msg = (
            f"its footer is damaged: expected {expected.path} of {expected.physical_type}, "
            f"found {found.path_in_schema} of {found.physical_type}"
        )
        raise ValueError(msg)
    return found.statistics
