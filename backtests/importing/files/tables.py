"""Files of an import as columns: CSV, Parquet, JSON lines and JSON arrays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backtests.importing.spec.import_spec import TableSpec

_PATTERN: Final = re.compile(r"[*?\[]")
KIND_OF_SUFFIX: Final = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns of one or more files. Those of text files are text, digit for digit.

    Attributes
    ----------
    paths : tuple of Path
        The files, for messages.
    columns : dict of str to pyarrow array
        All of one length.
    file : int64 array
        Which of the files each row is from.
    rows : int64 array
        Each row's number in its file, from 1, without the header; for messages.

    """

    paths: tuple[Path, ...]
    columns: dict[str, Any]
    file: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def name(self) -> str:
        """What messages call all of it."""
        others = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0]}{others}"

    def take(self, picked: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the rows of a mask, or of positions in their order."""
        if picked.dtype == np.bool_:
            picked = np.flatnonzero(picked)
        columns = {name: column.take(pa.array(picked)) for name, column in self.columns.items()}
        return replace(self, columns=columns, file=self.file[picked], rows=self.rows[picked])

    def place(self, at: int) -> str:
        """Return where a row is from, for messages."""
        file = f"{self.paths[self.file[at]].name} " if len(self.paths) > 1 else ""
        return f"{file}row {self.rows[at]}"

    def wrong(self, column: str, at: int, expected: str) -> ConfigError:
        """Return the error of a value: file, column, row, what was expected and found."""
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
        If there is none.

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


def read_table(data: Path, spec: TableSpec, wanted: Iterable[str]) -> Table:
    """Read the wanted columns, and those rows that the spec's ``where`` takes.

    Raises
    ------
    ConfigError
        If a file cannot be read, lacks a column or has no rows, or none are taken.

    """
    paths = find_files(data, spec.path)
    names = list(dict.fromkeys([*wanted, *spec.where]))
    parts = [_read(path, spec, names) for path in paths]
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
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        if isinstance(value, bool):
            text = text.lower()
        column = table.columns[name].cast(pa.string())
        table = table.take(np.asarray(pc.fill_null(pc.equal(column, text), fill_value=False)))
        if not len(table):
            msg = f"{table.name}: where: no row has {name} = {value!r}"
            raise ConfigError(msg)
    return table


def _read(path: Path, spec: TableSpec, names: list[str]) -> pa.Table:
    kind = _kind(path, spec)
    try:
        table = _READERS[kind](path, spec, names)
    except (OSError, pa.ArrowException, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or (str(error).splitlines() or [repr(error)])[0]
        msg = f"{path} cannot be read as {kind}: {why}"
        raise ConfigError(msg) from None
    if not table.num_rows:
        msg = f"{path} has no rows; expected at least one"
        raise ConfigError(msg)
    return table


def _one_array(column: pa.ChunkedArray) -> Any:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _kind(path: Path, spec: TableSpec) -> str:
    if spec.kind:
        return spec.kind
    for suffix, kind in KIND_OF_SUFFIX.items():
        if path.name.lower().endswith(suffix):
            return kind
    msg = f"{path}: cannot tell its kind from its name; write kind = csv, parquet, jsonl or json"
    raise ConfigError(msg)


def _require(path: Path, names: Sequence[str], found: Sequence[str]) -> None:
    for name in names:
        if found.count(name) != 1:
            why = "appears twice" if name in found else f"is missing{did_you_mean(name, found)}"
            shown = ", ".join(map(str, found[:20]))
            msg = f"{path}: column {name!r} {why}; found {shown}"
            raise ConfigError(msg)


def _read_csv(path: Path, spec: TableSpec, names: list[str]) -> pa.Table:
    options = {
        # One thread: the error then says the row.
        "read_options": pa.csv.ReadOptions(column_names=spec.header or None, use_threads=False),
        "parse_options": pa.csv.ParseOptions(delimiter=spec.delimiter),
    }
    with pa.csv.open_csv(path, **options) as file:
        found = file.schema.names
    _require(path, names, found)
    as_text = pa.csv.ConvertOptions(
        include_columns=names,
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=False,
    )
    return pa.csv.read_csv(path, convert_options=as_text, **options)


def _read_parquet(path: Path, spec: TableSpec, names: list[str]) -> pa.Table:
    with pa.parquet.ParquetFile(path) as file:
        _require(path, names, file.schema_arrow.names)
        return file.read(columns=names)


def _read_json_lines(path: Path, spec: TableSpec, names: list[str]) -> pa.Table:
    rows = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    rows.append(_parse(line))
                except ValueError as error:
                    msg = f"line {number}: {error}"
                    raise ValueError(msg) from None
    return _columns_of(path, spec, names, rows)


def _read_json(path: Path, spec: TableSpec, names: list[str]) -> pa.Table:
    found = _parse(path.read_text(encoding="utf-8-sig"))
    at = "the file"
    for key in spec.rows.split(".") if spec.rows else ():
        if not isinstance(found, dict) or key not in found:
            keys = f"keys {', '.join(list(found)[:10])}" if isinstance(found, dict) else "no keys"
            has = "is an array itself" if isinstance(found, list) else f"has {keys}"
            msg = f"{path}: rows = {spec.rows!r}: there is no {key!r} in {at}, which {has}"
            raise ConfigError(msg)
        found, at = found[key], repr(key)
    if not isinstance(found, list):
        keys = f" with keys {', '.join(list(found)[:10])}" if isinstance(found, dict) else ""
        msg = (
            f"{path}: expected an array of rows in {at}, found {type(found).__name__}{keys}; "
            'say where it is, such as rows = "data"'
        )
        raise ConfigError(msg)
    return _columns_of(path, spec, names, found)


def _parse(text: str) -> Any:
    """Parse JSON; numbers stay text, with every digit."""
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _columns_of(path: Path, spec: TableSpec, names: list[str], rows: list[Any]) -> pa.Table:
    if spec.header:
        _require(path, names, spec.header)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list if spec.header else dict):
            expected = "an array, since the spec has a header" if spec.header else "an object"
            hint = "" if spec.header or not isinstance(row, list) else "; name columns by header"
            msg = f"{path}, row {number}: expected {expected}, found {row!r:.60}{hint}"
            raise ConfigError(msg)
        if spec.header and len(row) != len(spec.header):
            msg = f"{path}, row {number}: expected {len(spec.header)} values, found {len(row)}"
            raise ConfigError(msg)
    if not spec.header and rows:
        _require(path, names, list(dict.fromkeys(key for row in rows for key in row)))
    places = {name: spec.header.index(name) if spec.header else name for name in names}
    columns = {
        name: pa.array(
            [_text(row[at] if spec.header else row.get(at)) for row in rows], pa.string()
        )
        for name, at in places.items()
    }
    return pa.table(columns)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


_READERS: Final = {
    "csv": _read_csv,
    "parquet": _read_parquet,
    "jsonl": _read_json_lines,
    "json": _read_json,
}
