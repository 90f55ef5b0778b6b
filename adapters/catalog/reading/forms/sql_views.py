"""The views of a catalog in SQL: factors with NULL for "no value", and its market data."""

# ruff: noqa: S608 - texts and names are quoted here; the query is its author's own

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.spool import read_spool
from adapters.catalog.reading.recordings import in_several
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from adapters.catalog.reading.recordings import FactorFile, Recording

FACTORS: Final = "factors"
"""The view of all factors."""
_CUSTOM: Final = "custom"
_IDENTIFIERS: Final = (b"instrument_id", b"bar_type")


def connect(
    catalog: Path, list_recordings: Callable[[], Sequence[Recording]]
) -> duckdb.DuckDBPyConnection:
    """Return a connection of DuckDB in memory that has the views and reads nothing else.

    Views are ``factors`` and one for each kind of market data, named as its folder in ``data``.
    A NaN is NULL in all of them.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    list_recordings : callable
        Lists the recordings whose factors are in the view.

    Raises
    ------
    ConfigError
        If DuckDB is not installed.
    Exception
        What the listing raises.

    """
    try:
        import duckdb  # noqa: PLC0415 - an extra of the project
    except ImportError as error:
        msg = "SQL needs DuckDB: install dolphin[sql], or add duckdb to the environment"
        raise ConfigError(msg) from error
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    while True:
        try:
            _add_factors(connection, list_recordings())
            break
        except FileNotFoundError:
            continue  # a spool became a Parquet file since it was listed: list again
    for kind in _market_kinds(catalog):
        _add_market(connection, kind)
    # A query reads this catalog and nothing else, writes nothing, and spills nowhere.
    connection.execute("SET temp_directory = ''")
    connection.execute(f"SET allowed_directories = [{_text(os.path.realpath(catalog))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _add_factors(connection: duckdb.DuckDBPyConnection, recordings: Sequence[Recording]) -> None:
    """Make the view of factors; each record is in it once."""
    parts = []
    for number, recording in enumerate(recordings):
        for stream_id in recording.stream_ids:
            files = [f for f in recording.files if f.stream_id == stream_id]
            sources = [_parquet([f.path for f in files if not f.is_spool])]
            for at, file in enumerate(f for f in files if f.is_spool):
                name = f"spool_{number}_{stream_id}_{at}"
                connection.register(name, _spool_table(file))
                sources.append(name)
            first = f"{_text(recording.name)} AS recording, {stream_id}::UBIGINT AS stream_id"
            parts += [f"SELECT {first}, * FROM {source}" for source in sources if source]
    if not parts:
        return
    everything = " UNION ALL BY NAME ".join(parts)
    several = in_several(recordings)
    if several:
        # Of a record that several recordings hold, the copy with the earliest ts_init.
        copies = ", ".join(str(stream_id) for stream_id in several)
        everything = (
            f"SELECT * FROM ({everything}) QUALIFY stream_id NOT IN ({copies}) OR row_number() "
            "OVER (PARTITION BY stream_id, sequence ORDER BY ts_init, recording) = 1"
        )
    _add_view(connection, FACTORS, everything)


def _spool_table(file: FactorFile) -> pa.Table:
    """Return what is flushed of a part that is being recorded."""
    with file.path.open("rb") as spool:
        return pa.Table.from_batches(list(read_spool(spool)))


def _market_kinds(catalog: Path) -> list[Path]:
    """Return the folders of kinds of market data, and of instruments."""
    data = catalog / catalog_layout.DATA
    kinds = [*data.glob("*/"), *(data / _CUSTOM).glob("*/")]
    left_out = {data / _CUSTOM, data / catalog_layout.FACTORS}
    return sorted(kind for kind in kinds if kind not in left_out)


def _add_market(connection: duckdb.DuckDBPyConnection, kind: Path) -> None:
    """Make the view of a kind; its instruments' folders are told apart by a column."""
    parts = []
    for folder in sorted({path.parent for path in kind.rglob("*.parquet")}):
        files = sorted(folder.glob("*.parquet"))
        table = _parquet(files)
        metadata = pq.read_schema(files[0]).metadata or {}
        key = next((key for key in _IDENTIFIERS if key in metadata), None)
        first = f"{_text(metadata[key].decode())} AS {key.decode()}, " if key else ""
        parts.append(f"SELECT {first}* FROM {table}")
    if parts:
        _add_view(connection, kind.name, " UNION ALL BY NAME ".join(parts))


def _add_view(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    described = connection.sql(query)
    columns: list[tuple[str, Any]] = list(zip(described.columns, described.types, strict=True))
    selected = ", ".join(
        f"nullif({_name(column)}, 'NaN') AS {_name(column)}"
        if str(kind) in {"DOUBLE", "FLOAT"}
        else _name(column)
        for column, kind in columns
    )
    connection.execute(f"CREATE VIEW {_name(name)} AS SELECT {selected} FROM ({query})")


def _parquet(files: Sequence[Path]) -> str:
    """Return the SQL of files as one table; empty if there are none."""
    if other := next((file for file in files if not file.is_file()), None):
        msg = f"{other}: expected a regular file; run verify --quarantine"
        raise ConfigError(msg)
    listed = ", ".join(_text(os.path.realpath(file)) for file in files)
    return f"read_parquet([{listed}], union_by_name = true)" if files else ""


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
