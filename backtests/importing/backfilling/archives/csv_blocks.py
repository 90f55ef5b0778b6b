"""Text of comma-separated lines as Arrow tables, block by block, and a sample of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.csv

from backtests.importing.backfilling.archives.plain_text import plain_table
from backtests.importing.backfilling.archives.real_file import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backtests.importing.backfilling.archives.archive_file import Archive

SAMPLE_BYTES: Final = 256 << 10
"""The text by which a format is recognised and decimals are counted."""
SAMPLE_ROWS: Final = 40
_JSON: Final = (b"{", b"[")
"""What JSON begins with, and no table of text."""
_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some tools write before UTF-8."""
_NULLS: Final = ("", "null", "NULL", "None", "nan", "NaN", "NA", "N/A")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The beginning of an archive.

    Attributes
    ----------
    relative : PurePosixPath
        The path of the file in the folder that is backfilled.
    member : str
        The table's name in a zip.
    header : tuple of str
        The names in its first line, in lower case; empty if that line has values.
    rows : tuple of tuple of str
        The cells of its first rows.
    text : bytes
        The text of the first rows, whole lines, without a header; of JSON its beginning.

    """

    relative: PurePosixPath
    member: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: bytes

    @property
    def names(self) -> tuple[str, ...]:
        """The names that may say what it is: of its folders, of the file and of the member."""
        return (*self.relative.parts, PurePosixPath(self.member).name)


def read_sample(archive: Archive) -> Sample:
    """Read the first rows of an archive.

    Raises
    ------
    ArchiveError
        If it cannot be read, or is no text.

    """
    text = archive.beginning(SAMPLE_BYTES).removeprefix(_MARK)
    if text.lstrip()[:1] in _JSON:
        return Sample(
            relative=archive.relative, member=archive.member, header=(), rows=(), text=text
        )
    text = text[: text.rfind(b"\n") + 1] or text
    head, _, tail = text.partition(b"\n")
    try:
        cells = _cells(head)
        header = tuple(cell.lower() for cell in cells[0]) if cells and _is_header(cells[0]) else ()
        text = tail if header else text
        first = b"\n".join(text.split(b"\n", SAMPLE_ROWS)[:SAMPLE_ROWS])
        rows = tuple(row for row in _cells(first) if row)
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"is no text of comma-separated values: {error}"
        raise ArchiveError(msg) from None
    return Sample(
        relative=archive.relative, member=archive.member, header=header, rows=rows, text=text
    )


def read_tables(
    archive: Archive,
    columns: Sequence[str],
    types: Mapping[str, pa.DataType],
    *,
    has_header: bool,
    other_types: Mapping[str, pa.DataType] | None = None,
) -> Iterator[pa.Table]:
    """Yield the rows of an archive as tables, one for each block of text.

    Parameters
    ----------
    archive : Archive
        The archive.
    columns : sequence of str
        The name of each column, in order.
    types : mapping of str to pyarrow.DataType
        The columns to read.
    has_header : bool
        Whether the first line has the names.
    other_types : mapping of str to pyarrow.DataType, optional
        The types of the columns in blocks in which a cell is not plain; the same by default.

    Raises
    ------
    ArchiveError
        If the text does not have these columns.

    """
    is_first = True
    for text in archive.blocks():
        block = text
        if is_first:
            is_first = False
            block = block.removeprefix(_MARK)
            block = block[block.find(b"\n") + 1 :] if has_header else block
        if not block or block.isspace():
            continue
        table = plain_table(block, columns, types)
        yield parse(block, columns, other_types or types) if table is None else table


def parse(text: bytes, columns: Sequence[str], types: Mapping[str, pa.DataType]) -> pa.Table:
    """Return whole lines without a header as a table; see :func:`read_tables`.

    Raises
    ------
    ArchiveError
        If the text does not have these columns.

    """
    try:
        return pa.csv.read_csv(
            pa.py_buffer(text),
            read_options=pa.csv.ReadOptions(
                column_names=list(columns), use_threads=False, block_size=1 << 20
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=_NULLS,
                true_values=["true", "True", "TRUE", "1"],
                false_values=["false", "False", "FALSE", "0"],
                check_utf8=False,
            ),
        )
    except pa.ArrowException as error:
        msg = f"has other rows than its first ones: {str(error).splitlines()[0]:.300}"
        raise ArchiveError(msg) from None


def _cells(text: bytes) -> list[tuple[str, ...]]:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        # OKX's older files have a header in Chinese.
        decoded = text.decode("gb18030")
    rows = csv.reader(io.StringIO(decoded, newline=""))
    return [tuple(cell.strip() for cell in row) for row in rows]


def _is_header(cells: Sequence[str]) -> bool:
    """Return whether no cell of a line is a number."""
    return not any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
