"""Table: the columns of one or more files of an import, with the origin of each row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from backtests.importing.files.readers import read_columns
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backtests.importing.spec.file_spec import FileSpec

_PATTERN: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns of one or more files; those of text files are text, digit for digit.

    Attributes
    ----------
    paths : tuple of Path
        The files, for messages.
    columns : dict of str to pyarrow.Array
        By name, each of length rows.
    file : int64 array of shape (rows,)
        The index in ``paths`` of each row's file.
    rows : int64 array of shape (rows,)
        Each row's number in its file, from 1, without the header; for messages.

    """

    paths: tuple[Path, ...]
    columns: dict[str, Any]
    file: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def name(self) -> str:
        """The name of the table in messages."""
        others = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0]}{others}"

    def take(self, picked: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return some of the rows.

        Parameters
        ----------
        picked : bool array of shape (rows,) or int64 array
            A mask, or positions in the wanted order.

        """
        if picked.dtype == np.bool_:
            picked = np.flatnonzero(picked)
        columns = {name: column.take(pa.array(picked)) for name, column in self.columns.items()}
        return replace(self, columns=columns, file=self.file[picked], rows=self.rows[picked])

    def place(self, at: int) -> str:
        """Return the origin of a row, for messages."""
        file = f"{self.paths[self.file[at]].name} " if len(self.paths) > 1 else ""
        return f"{file}row {self.rows[at]}"

    def wrong(self, column: str, at: int, expected: str) -> ConfigError:
        """Return the error of a value.

        Parameters
        ----------
        column : str
            Its column.
        at : int
            Its position in this table.
        expected : str
            The expected values.

        """
        found = self.columns[column][at].as_py()
        return ConfigError(
            f"{self.paths[self.file[at]]}: column {column!r}, row {self.rows[at]}: expected "
            f"{expected}, found {found!r:.60}"
        )

    def __len__(self) -> int:
        return len(self.rows)


def find_files(data: Path, path: Path) -> tuple[Path, ...]:
    """Return the file of a path, or the files of a pattern in the order of their names.

    Raises
    ------
    ConfigError
        If there is no such file.

    """
    full = data / path
    if not _PATTERN.search(str(path)):
        if full.is_file():
            return (full,)
        msg = f"{full} is no file; paths start at the spec's folder, or at --data"
        raise ConfigError(msg)
    full = full.absolute()
    found = tuple(sorted(Path(full.anchor).glob(str(full.relative_to(full.anchor)))))
    if not found:
        msg = f"no file is like {full}; paths start at the spec's folder, or at --data"
        raise ConfigError(msg)
    return found


def read_table(data: Path, spec: FileSpec, wanted: Iterable[str]) -> Table:
    """Read a file, or the files of a pattern.

    Parameters
    ----------
    data : Path
        The folder to which the spec's path is relative.
    spec : FileSpec
        Describes how the files are read, and with ``where`` which rows are used.
    wanted : iterable of str
        The names of the columns.

    Raises
    ------
    ConfigError
        If a file cannot be read, lacks a column or has no rows, or no row matches.

    """
    paths = find_files(data, spec.path)
    names = list(dict.fromkeys([*wanted, *spec.where]))
    parts = [read_columns(path, spec, names) for path in paths]
    try:
        joined = pa.concat_tables(parts, promote_options="permissive").combine_chunks()
    except pa.ArrowException as error:
        msg = f"{paths[0]} and {len(paths) - 1} more do not have the same columns: {error}"
        raise ConfigError(msg) from None
    lengths = [part.num_rows for part in parts]
    table = Table(
        paths=paths,
        columns={name: _one_array(joined[name]) for name in names},
        file=np.repeat(np.arange(len(paths)), lengths),
        rows=np.concatenate([np.arange(1, length + 1) for length in lengths]),
    )
    for name, value in spec.where.items():
        text = value.isoformat() if isinstance(value, date) else str(value)
        if isinstance(value, bool):
            text = text.lower()
        column = table.columns[name].cast(pa.string())
        table = table.take(np.asarray(pc.fill_null(pc.equal(column, text), fill_value=False)))
        if not len(table):
            msg = f"{table.name}: where: no row has {name} = {value!r}"
            raise ConfigError(msg)
    return table


def _one_array(column: pa.ChunkedArray) -> Any:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array
