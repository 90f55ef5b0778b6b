"""The readers of an import's files: CSV, Parquet, JSON lines and JSON arrays as columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backtests.importing.spec.file_spec import FileSpec

KIND_OF_SUFFIX: Final = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}


def read_columns(path: Path, spec: FileSpec, names: list[str]) -> pa.Table:
    """Read some columns of a file.

    Parameters
    ----------
    path : Path
        The file.
    spec : FileSpec
        Describes how the file is read.
    names : list of str
        The columns.

    Returns
    -------
    pyarrow.Table
        At least one row; columns of text files are text, digit for digit.

    Raises
    ------
    ConfigError
        If the file cannot be read, lacks a column, or has no rows.

    """
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


def _kind(path: Path, spec: FileSpec) -> str:
    if spec.kind:
        return spec.kind
    for suffix, kind in KIND_OF_SUFFIX.items():
        if path.name.lower().endswith(suffix):
            return kind
    msg = f"{path}: its name does not show its kind; write kind = csv, parquet, jsonl or json"
    raise ConfigError(msg)


def _require(path: Path, names: Sequence[str], found: Sequence[str]) -> None:
    for name in names:
        if found.count(name) != 1:
            why = "appears twice" if name in found else f"is missing{did_you_mean(name, found)}"
            shown = ", ".join(map(str, found[:20]))
            msg = f"{path}: column {name!r} {why}; found {shown}"
            raise ConfigError(msg)


def _read_csv(path: Path, spec: FileSpec, names: list[str]) -> pa.Table:
    options = {
        # One thread, so that an error names the row.
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


def _read_parquet(path: Path, spec: FileSpec, names: list[str]) -> pa.Table:
    with pa.parquet.ParquetFile(path) as file:
        _require(path, names, file.schema_arrow.names)
        return file.read(columns=names)


def _read_json_lines(path: Path, spec: FileSpec, names: list[str]) -> pa.Table:
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


def _read_json(path: Path, spec: FileSpec, names: list[str]) -> pa.Table:
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
            'write where it is, such as rows = "data"'
        )
        raise ConfigError(msg)
    return _columns_of(path, spec, names, found)


def _parse(text: str) -> Any:
    """Parse JSON; numbers stay text, with every digit."""
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _columns_of(path: Path, spec: FileSpec, names: list[str], rows: list[Any]) -> pa.Table:
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
