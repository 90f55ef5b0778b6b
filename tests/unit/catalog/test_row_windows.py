"""Reading windows of market data: what of a damaged file is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.catalog.reading.market.row_windows import read_window
from dolphin_strategies import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1_000
COLUMNS = ("ts_init", "price")


def written(folder: Path, *, has_checksums: bool) -> Path:
    """Write a file of stamps and prices, without compression, so that a byte stays a byte."""
    path = folder / "quotes.parquet"
    table = pa.table(
        {
            "ts_init": pa.array(np.arange(ROWS, dtype=np.uint64) + 1_000),
            "price": pa.array(np.linspace(1.0, 2.0, ROWS)),
        }
    )
    pq.write_table(
        table, path, compression="none", use_dictionary=False,
        write_page_checksum=has_checksums,
    )  # fmt: skip
    return path


def damage(path: Path, column: str, byte: int = -1) -> None:
    """Flip the bits of a byte near the end of a column's data."""
    chunk = pq.read_metadata(path).row_group(0).column(COLUMNS.index(column))
    at = chunk.data_page_offset + chunk.total_compressed_size + byte
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("has_checksums", [True, False])
def test_whole_files_are_read(tmp_path: Path, *, has_checksums: bool) -> None:
    """With checksums and without; a part of the rows too."""
    path = written(tmp_path, has_checksums=has_checksums)
    (whole,) = read_window([path], 0, 10_000)
    assert whole.num_rows == ROWS
    (part,) = read_window([path], 1_500, 1_509)
    assert part.num_rows == 10


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("byte", [-1, -8, -4_000])
def test_a_page_that_differs_from_its_checksum_is_refused(
    tmp_path: Path, column: str, byte: int
) -> None:
    """Whichever byte it is, also if the number stays a plausible one."""
    path = written(tmp_path, has_checksums=True)
    damage(path, column, byte)
    with pytest.raises((OSError, pa.ArrowException), match=r"(?i)crc|checksum"):
        list(read_window([path], 0, 10_000))


def test_without_checksums_a_stamp_out_of_the_files_limits_is_refused(tmp_path: Path) -> None:
    """The footer states the least and the greatest of each row group."""
    path = written(tmp_path, has_checksums=False)
    damage(path, "ts_init")
    with pytest.raises(ConfigError, match="is damaged: expected ts_init from 1000 to 1999"):
        list(read_window([path], 0, 2**63 - 1))
