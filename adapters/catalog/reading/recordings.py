"""The recordings of a catalog, their files, gaps and counts, from journals and footers."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.footers import footer_crc32
from adapters.catalog.files.gap import Gap
from adapters.catalog.files.journal import read_journal
from adapters.catalog.files.recording_lock import is_written
from adapters.catalog.files.recovery import spools_of
from adapters.catalog.files.spool import read_spool
from adapters.catalog.files.spool_conversion import PART_KEY
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import factor_names, numpy_of, stream_id_of
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


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
        catalog_layout.check_regular(self.path)
        if self.footer_crc32 not in {None, footer_crc32(self.path)}:
            msg = "its footer differs from the journal's checksum"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recording, including the records flushed by a live recorder.

    Attributes
    ----------
    name : str
        Empty for files that lie in no recording's folder, written by Nautilus itself.
    source : str
        What was recorded.
    schemas : tuple of FactorSchema
        In order of appearance.
    stream_ids : tuple of int
        Likewise.
    first_ns, last_ns : int or None
        The range of ``ts_init``; None while there are no records.
    records : int
        Factors; quotes and trades do not count.
    gaps : tuple of Gap
        The records that its source lost.
    lost, dropped : int
        Records that the source lost, and that could not be written.
    missing : int
        Records of files that are no longer there, in quarantine for example.
    is_open : bool
        A live process writes it.
    is_ended : bool
        Its writer closed it; a recording neither open nor ended was killed.
    files : tuple of FactorFile
        In order of time, the spools last.
    is_after_market : bool
        Its records were made from market data and follow that of the same instant.

    """

    name: str
    source: str
    schemas: tuple[FactorSchema, ...]
    stream_ids: tuple[int, ...]
    first_ns: int | None
    last_ns: int | None
    records: int
    gaps: tuple[Gap, ...]
    lost: int
    dropped: int
    missing: int
    is_open: bool
    is_ended: bool
    files: tuple[FactorFile, ...]
    is_after_market: bool = False


def list_recordings(catalog: Path) -> tuple[list[Recording], list[tuple[Path, str]]]:
    """Return the recordings in the order of their names, and the files that are not of factors.

    The second list has each of these files with the reason.

    Raises
    ------
    OSError
        If a folder or a journal cannot be read.

    """
    names = {folder.name for folder in catalog_layout.recording_folders(catalog)}
    names |= catalog_layout.stored_factors(catalog)
    damaged: list[tuple[Path, str]] = []
    found = [_recording(catalog, name, damaged) for name in sorted(names)]
    return found, damaged


def named(recordings: Iterable[Recording], names: Collection[str], of: Path) -> list[Recording]:
    """Return the recordings of these names.

    Raises
    ------
    ConfigError
        If there is none of a name; it states ``of``, the catalog.

    """
    known = {recording.name: recording for recording in recordings}
    if missing := [name for name in names if name not in known]:
        msg = (
            f"{of} has no recording {missing[0]!r}: "
            f"expected one of {', '.join(sorted(known)) or 'none'}"
        )
        raise ConfigError(msg)
    return [recording for name, recording in known.items() if name in names]


def market_rows(catalog: Path, recording: str) -> tuple[int, int]:
    """Return how many rows of market data a recording has in files, and how many files."""
    home = catalog / catalog_layout.RECORDINGS / recording
    rows = [
        event["rows"]
        for event in read_journal(home / catalog_layout.JOURNAL)
        if event["event"] == "file"
        and "schema" not in event
        and (catalog / event["path"]).exists()
    ]
    return sum(rows), len(rows)


def in_several(recordings: Iterable[Recording]) -> set[int]:
    """Return the ids of the streams that more than one recording holds; 0 is unknown."""
    counts = Counter(s for recording in recordings for s in set(recording.stream_ids))
    return {stream for stream, count in counts.items() if stream and count > 1}


def _recording(catalog: Path, name: str, damaged: list[tuple[Path, str]]) -> Recording:
    home = catalog / catalog_layout.RECORDINGS / name
    # Spools first: one that is converted meanwhile is then seen twice rather than never.
    spools = list[FactorFile]()
    for path in spools_of(home):
        try:
            spools += filter(None, [_from_spool(path)])
        except (LookupError, TypeError, ValueError, pa.ArrowException) as error:
            damaged.append((path, f"is no spool of factors: {error}"))
    is_open = is_written(home)
    events = read_journal(home / catalog_layout.JOURNAL)
    known = {e["path"]: e for e in events if e["event"] == "file"}
    schemas = {e["key"]: FactorSchema(e["names"]) for e in events if e["event"] == "schema"}
    folder = os.path.normpath(f"{catalog_layout.DATA}/{catalog_layout.factors_folder(name)}")
    files, parts = list[FactorFile](), dict[str, str]()
    stored = catalog_layout.names_in(catalog / folder)
    there = {f"{folder}/{file}" for file in stored if file.endswith(".parquet")}
    # Those that the journal names first: a second file of one part is a copy.
    for relative in sorted(there, key=lambda r: (r not in known, r)):
        event, path = known.get(relative), catalog / relative
        try:
            if event is not None and event["schema"] in schemas:
                file = _from_journal(path, name, event, schemas)
            else:
                file = from_footer(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            damaged.append((path, str(error)))
            continue
        if file.part and parts.setdefault(file.part, relative) != relative:
            damaged.append((path, f"is a copy of {parts[file.part]}"))
        else:
            files.append(file)
    files.sort(key=lambda f: (f.first_ns, f.last_ns))
    files += [s for s in spools if s.part not in parts]
    gaps = tuple(
        Gap(stream_id=int(e["stream_id"], 16), after_sequence=e["after_sequence"], lost=e["lost"])
        for e in events
        if e["event"] == "gap"
    )
    runs = [e for e in events if e["event"] in {"start", "end"}]
    return Recording(
        name="" if name == "." else name,
        source=next((str(e["source"]) for e in reversed(runs) if "source" in e), ""),
        schemas=tuple(dict.fromkeys(f.schema for f in files)),
        stream_ids=tuple(dict.fromkeys(f.stream_id for f in files)),
        first_ns=min((f.first_ns for f in files), default=None),
        last_ns=max((f.last_ns for f in files), default=None),
        records=sum(f.rows for f in files),
        gaps=gaps,
        lost=sum(g.lost for g in gaps),
        dropped=sum(e["count"] for e in events if e["event"] == "dropped"),
        missing=sum(
            e["rows"]
            for e in known.values()
            if "schema" in e and not (catalog / e["path"]).exists()
        ),
        is_open=is_open,
        is_ended=not runs or runs[-1]["event"] == "end",
        files=tuple(files),
        is_after_market=any(e.get("after_market") is True for e in runs),
    )


def _from_spool(path: Path) -> FactorFile | None:
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


def _from_journal(
    path: Path, name: str, event: dict[str, Any], schemas: dict[str, FactorSchema]
) -> FactorFile:
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
    OSError, pyarrow.ArrowException, ValueError
        If it cannot be read, or is not a file of factors.

    """
    catalog_layout.check_regular(path)
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
