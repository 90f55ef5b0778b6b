"""Small archives with much in them."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from backtests.importing.backfilling.archives.archive_file import tables_of
from backtests.importing.backfilling.archives.real_file import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

TEXT: Final = 256 << 20
MOST_MEMORY: Final = 64 << 20


def zipped(path: Path) -> Path:
    """Make a zip of so many zeros."""
    with (
        zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as file,
        file.open("trades.csv", "w") as member,
    ):
        for _ in range(TEXT >> 20):
            member.write(bytes(1 << 20))
    return path.with_suffix(".zip")


def gzipped(path: Path) -> Path:
    """Make a gzip file of so many zeros."""
    with gzip.open(path.with_suffix(".csv.gz"), "wb", compresslevel=1) as file:
        for _ in range(TEXT >> 20):
            file.write(bytes(1 << 20))
    return path.with_suffix(".csv.gz")


@pytest.mark.parametrize("make", [zipped, gzipped])
def test_a_bomb_is_read_in_blocks_and_refused(tmp_path: Path, make: object) -> None:
    """A line without an end is no table, and is not held in memory until somebody finds out."""
    assert callable(make)
    path = make(tmp_path / "bomb")
    assert path.stat().st_size < TEXT // 100
    (table,) = tables_of(path, PurePosixPath(path.name))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="a line of more than"):
            for _ in table.blocks():
                pass
        with pytest.raises(ArchiveError, match="more than 1,000,000 bytes of text"):
            table.whole(1_000_000)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def test_a_zip_of_many_members_is_refused(tmp_path: Path) -> None:
    """Before any of them is read."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(1_001):
            file.writestr(f"{number}.csv", "")
    with pytest.raises(ArchiveError, match="1,001 members"):
        tables_of(path, PurePosixPath("many.zip"))
