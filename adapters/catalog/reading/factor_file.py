"""FactorFile: one file of factors, described by its footer, the journal, or as a spool."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.footers import footer_crc32
from adapters.catalog.files.spool import read_spool
from adapters.catalog.files.spool_conversion import PART_KEY
from dolphin_strategies.factors.arrow import factor_names, numpy_of, stream_id_of
from dolphin_strategies.factors.schema import FactorSchema


@dataclass(frozen=True, kw_only=True)
class FactorFile:
    """One Parquet file of factors, or a spool that is not converted yet.

    Times are UNIX nanoseconds of ``ts_init``, both included.
    """

    path: Path
    rows: int
    first_ns: int
    last_ns: int
    schema: FactorSchema
    stream_id: int
    is_spool: bool = False
    part: str = ""
    """The recording and the spool from which it was made; empty for other files."""
    footer_crc32: int | None = None
    """The CRC-32 of its footer by the journal; None if no journal states it."""

    def check_footer(self) -> None:
        """Raise ValueError if the footer differs from the journal, OSError if unreadable."""
        if self.footer_crc32 not in {None, footer_crc32(self.path)}:
            msg = "its footer differs from the journal's checksum"
            raise ValueError(msg)


def from_spool(path: Path) -> FactorFile | None:
    """Read the present content of a spool of factors; None if deleted, empty or not of factors."""
    _, folder = catalog_layout.spool_part(path.name) or (0, "")
    if not folder.startswith(catalog_layout.FACTORS):
        return None
    try:
        with path.open("rb") as spool:
            batches = list(read_spool(spool))
    except FileNotFoundError:
        return None
    if not batches:
        return None
    table = pa.Table.from_batches(batches)
    stamps = numpy_of(table.column("ts_init"))
    return FactorFile(
        path=path,
        rows=table.num_rows,
        first_ns=int(stamps.min()),
        last_ns=int(stamps.max()),
        schema=FactorSchema(factor_names(table.schema)),
        stream_id=stream_id_of(table.schema),
        is_spool=True,
        part=f"{path.parent.name}/{path.name}",
    )


def from_journal(
    path: Path, name: str, event: dict[str, Any], schemas: dict[str, FactorSchema]
) -> FactorFile:
    """Describe a file by the journal's event of its conversion."""
    folder = catalog_layout.factors_folder(name)
    return FactorFile(
        path=path,
        rows=event["rows"],
        first_ns=event["first_ns"],
        last_ns=event["last_ns"],
        schema=schemas[event["schema"]],
        stream_id=int(event["stream_id"], 16),
        part=f"{name}/{catalog_layout.spool_name(event['part'], folder)}",
        footer_crc32=event.get("footer_crc32"),
    )


def from_footer(path: Path) -> FactorFile:
    """Read the description of a file from its footer and its name.

    Raises
    ------
    OSError, pyarrow.ArrowException
        If it cannot be read.
    ValueError
        If it is not a file of factors.

    """
    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        named = catalog_layout.file_range(path.name)
        if named is None:
            msg = f"expected a name of two times, found {path.name!r}"
            raise ValueError(msg)
        metadata = schema.metadata or {}
        return FactorFile(
            path=path,
            rows=rows,
            first_ns=named[0],
            last_ns=named[1],
            schema=FactorSchema(factor_names(schema)),
            stream_id=stream_id_of(schema),
            part=metadata.get(PART_KEY.encode(), b"").decode(errors="replace"),
        )
