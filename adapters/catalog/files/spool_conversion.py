"""Converting the spool of a part into its Parquet file, once, despite interruptions."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.footers import footer_crc32
from adapters.catalog.files.journal import write_all
from adapters.catalog.files.spool import map_spool
from dolphin_strategies.factors.arrow import (
    STAMPS,
    STREAM_ID_KEY,
    factor_names,
    numpy_of,
    stream_id_of,
)
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from adapters.catalog.files.journal import Journal

ROW_GROUP_ROWS: Final = 8_192
"""Rows of a row group, small so that a window is read in small pieces."""
PART_KEY: Final = "dolphin.part"
"""Schema metadata: the recording and the spool that a file was made of."""
_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""The errors of a file system without hard links."""
NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
"""The flags with which a file is made: it must not exist, as a symbolic link neither."""


def finish_part(
    catalog: Path, recording: str, journal: Journal, finished: Collection[int], spool: Path
) -> int:
    """Convert a spool that has no writer any more into Parquet; return its number of records.

    Parameters
    ----------
    catalog, recording
        The catalog and the recording; the caller holds the recording's lock.
    journal : Journal
        The recording's journal.
    finished : collection of int
        The parts of which the journal names a file.
    spool : Path
        The spool, deleted at the end.

    Raises
    ------
    OSError
        If something cannot be written; nothing is lost, call again.

    """
    part, folder = catalog_layout.spool_part(spool.name) or (0, "")
    if part in finished:
        _delete(spool)
        return 0
    batches = list(map_spool(spool))
    if not batches:
        _delete(spool)
        return 0
    table = in_time_order(pa.Table.from_batches(batches))
    origin = f"{recording}/{spool.name}"
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), PART_KEY: origin})
    stamps = numpy_of(table.column("ts_init"))
    first_ns, last_ns = int(stamps[0]), int(stamps[-1])
    into = catalog_layout.make_folder(catalog, f"{catalog_layout.DATA}/{folder}")
    path = _find(into, first_ns, last_ns, origin)
    if path is None:
        temporary = _temporary(spool)
        write_parquet(temporary, table)
        path = place_file(temporary, into, first_ns, last_ns)
        catalog_layout.sync_folder(into)
    journal.append(
        "file",
        path=str(path.relative_to(catalog)),
        part=part,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        footer_crc32=footer_crc32(path),
        rows=table.num_rows,
        first_ns=first_ns,
        last_ns=last_ns,
        **_described(table, journal),
    )
    _delete(spool)
    return int(table.num_rows)


def in_time_order(table: pa.Table) -> pa.Table:
    """Return a table in the order of ``ts_init``; records of one instant keep their order."""
    stamps = numpy_of(table.column("ts_init"))
    if np.all(stamps[1:] >= stamps[:-1]):
        return table
    return table.take(pa.array(np.argsort(stamps, kind="stable")))


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table to a new file that only its owner may read, and make it durable.

    Raises
    ------
    OSError
        If the file exists or cannot be written.

    """
    with suppress(FileNotFoundError):
        path.unlink()
    file = NewFile(os.open(path, NEW_FILE, 0o600))
    is_written = False
    try:
        floats = factor_names(table.schema)
        options: dict[str, Any] = {
            "compression": "zstd",
            "compression_level": 1,
            "use_dictionary": [n for n in table.column_names if n not in floats],
            "write_statistics": [n for n in table.column_names if n in STAMPS],
            "write_page_checksum": True,
            "write_batch_size": ROW_GROUP_ROWS,
        }
        with pq.ParquetWriter(pa.PythonFile(file, "w"), table.schema, **options) as writer:
            writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        os.fsync(file.fd)
        is_written = True
    finally:
        os.close(file.fd)
        if not is_written:
            path.unlink()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a whole file.

    Raises
    ------
    OSError
        If it cannot be read.

    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class NewFile:
    """A file over a descriptor, with the methods that pyarrow requires for writing."""

    closed = False

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._size = 0

    def write(self, content: Any) -> int:
        view = memoryview(content)
        write_all(self.fd, view)
        self._size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing: writes are not buffered."""

    def close(self) -> None:
        self.closed = True


def _described(table: pa.Table, journal: Journal) -> dict[str, Any]:
    """Return the journal's description of a file of factors; each list of names is kept once."""
    metadata = table.schema.metadata or {}
    if STREAM_ID_KEY.encode() not in metadata:
        return {}
    sequences = numpy_of(table.column("sequence"))
    names = factor_names(table.schema)
    schema_hash = f"{FactorSchema(names).hash:016x}"
    journal.append_once("schema", schema_hash, names=names)
    return {
        "first_sequence": int(sequences.min()),
        "last_sequence": int(sequences.max()),
        "schema": schema_hash,
        "stream_id": f"{stream_id_of(table.schema):016x}",
    }


def _find(folder: Path, first_ns: int, last_ns: int, origin: str) -> Path | None:
    """Return the file already made of this part, if the process was killed right afterwards."""
    while (path := folder / catalog_layout.file_name(first_ns, last_ns)).exists():
        if origin_of(path) == origin:
            return path
        last_ns += 1
    return None


def place_file(temporary: Path, folder: Path, first_ns: int, last_ns: int) -> Path:
    """Give a file a unique name; its range may be wider than the rows', never narrower."""
    while True:
        path = folder / catalog_layout.file_name(first_ns, last_ns)
        try:
            # Unlike a rename, a link never replaces a file that another recording has just made.
            path.hardlink_to(temporary)
        except FileExistsError:
            last_ns += 1
        except OSError as error:
            if error.errno not in _NO_LINKS or path.exists():
                raise
            return temporary.rename(path)
        else:
            temporary.unlink()
            return path


def origin_of(path: Path) -> str:
    """Return the recording and the spool from which a file was made; empty if unknown."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return ""
    return str(metadata.get(PART_KEY.encode(), b"").decode(errors="replace"))


def _temporary(spool: Path) -> Path:
    return spool.with_suffix(".parquet")


def _delete(spool: Path) -> None:
    for path in (_temporary(spool), spool):
        with suppress(FileNotFoundError):
            path.unlink()
