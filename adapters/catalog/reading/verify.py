"""Finding files that differ from their journals, and moving them to quarantine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import Journal, damaged_lines, read_journal
from adapters.catalog.files.recording_lock import lock_recording
from adapters.catalog.files.spool_conversion import origin_of, sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A damaged file, the reason, and its new path if it was moved."""

    path: Path
    what: str
    moved_to: Path | None = None


def verify(
    catalog: Path,
    *,
    quarantine: bool = False,
    on_checked: Callable[[int], object] = lambda _: None,
) -> list[Damage]:
    """Check every Parquet file of a catalog; return what is damaged.

    A file that a journal names must have the size and SHA-256 of the journal. Any other file,
    written by Nautilus for example, must have a name of two times and be readable to its end.
    A journal with damaged lines, or an older state of one, which lacks files of its recording, is
    reported too: these are then checked like Nautilus's own. A second file of one part is a copy.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    quarantine : bool
        Move damaged files to the same path below ``quarantine``, where a journal states the
        reason; the rest stays queryable. A missing file is then not reported again.
    on_checked : callable
        Called after each file with its size in bytes; see :func:`bytes_to_check`.

    """
    known = _journaled(catalog)
    paths = {_origin(event): path for path, event in known.items()}
    unnamed: dict[str, list[Path]] = {}
    damages = []
    found = {str(p.relative_to(catalog)) for p in _files(catalog)}
    put_aside = {
        e["path"]
        for e in read_journal(catalog / catalog_layout.QUARANTINE / catalog_layout.JOURNAL)
    }
    for relative in sorted(found | (known.keys() - put_aside)):
        event = known.get(relative)
        path = catalog / relative
        size = _size(path)
        what = _against_journal(path, event) if event else _by_reading(path)
        if not what and not event and (origin := origin_of(path)):
            if origin not in paths:
                unnamed.setdefault(origin, []).append(path)
            elif (catalog / paths[origin]).exists():
                what = f"is a copy of {paths[origin]}"
        if what:
            damages.append(Damage(path=path, what=what))
        on_checked(size)
    if quarantine and damages:
        damages = _put_aside(catalog, damages)
    for journal in _journals(catalog):
        if lines := damaged_lines(journal):
            damages.append(Damage(path=journal, what=f"has {lines} damaged lines"))
    return damages + _older_journals(catalog, unnamed)


def bytes_to_check(catalog: Path) -> int:
    """Return the size of all files that :func:`verify` reads."""
    return sum(map(_size, _files(catalog)))


def _files(catalog: Path) -> list[Path]:
    return [p for p in (catalog / catalog_layout.DATA).rglob("*") if not p.is_dir()]


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _journals(catalog: Path) -> list[Path]:
    found = (f / catalog_layout.JOURNAL for f in catalog_layout.recording_folders(catalog))
    return [journal for journal in found if catalog_layout.mode_of(journal)]


def _older_journals(catalog: Path, unnamed: dict[str, list[Path]]) -> list[Damage]:
    """Report the journals that do not name parts of which there is a file and no spool."""
    lacking: dict[Path, int] = {}
    spools = {origin: catalog / catalog_layout.RECORDINGS / origin for origin in unnamed}
    gone = {o: s for o, s in spools.items() if s.parent.is_dir() and not s.exists()}
    # A recorder names a file before it removes the spool: it may have done so only now.
    named = {_origin(event) for event in _journaled(catalog).values()} if gone else set()
    for origin, spool in gone.items():
        if origin not in named:
            journal = spool.parent / catalog_layout.JOURNAL
            lacking[journal] = lacking.get(journal, 0) + len(unnamed[origin])
    return [
        Damage(path=journal, what=f"lacks {count} files of its recording: it is an older state")
        for journal, count in sorted(lacking.items())
    ]


def _origin(event: dict[str, Any]) -> str:
    """Return the recording and the spool of which a journaled file was made."""
    folder = Path(event["path"]).parent.relative_to(catalog_layout.DATA)
    return f"{event['recording']}/{catalog_layout.spool_name(event['part'], str(folder))}"


def _journaled(catalog: Path) -> dict[str, dict[str, Any]]:
    """Return the journals' lines of the files that should exist, by path."""
    return {
        event["path"]: {**event, "recording": journal.parent.name}
        for journal in _journals(catalog)
        for event in read_journal(journal)
        if event["event"] == "file"
    }


def _against_journal(path: Path, event: dict[str, Any]) -> str:
    try:
        size = path.lstat().st_size
        if path.is_symlink():
            return "is a symbolic link"
        if not path.is_file():
            return "is no regular file"
        if size != event["bytes"]:
            return f"expected {event['bytes']:,} bytes, found {size:,}"
        return "" if sha256_of(path) == event["sha256"] else "its SHA-256 is not the journal's"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _by_reading(path: Path) -> str:
    if path.suffix != ".parquet" or catalog_layout.file_range(path.name) is None:
        return "has a foreign name: no journal names it, and it is not <time>_<time>.parquet"
    try:
        catalog_layout.check_regular(path)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except (OSError, ValueError, pa.ArrowException) as error:
        return f"cannot be read: {error}"
    return ""


def _put_aside(catalog: Path, damages: list[Damage]) -> list[Damage]:
    """Move damaged files, each with a line in a journal that states why."""
    folder = catalog_layout.make_folder(catalog, catalog_layout.QUARANTINE)
    lock = lock_recording(folder)
    try:
        journal = Journal(folder / catalog_layout.JOURNAL)
        moved = [_moved(catalog, damage) for damage in damages]
        for damage in moved:
            journal.append(
                "quarantine",
                path=str(damage.path.relative_to(catalog)),
                what=damage.what,
                moved_to=damage.moved_to and str(damage.moved_to.relative_to(catalog)),
            )
        journal.close()
    finally:
        lock.release()
    return moved


def _moved(catalog: Path, damage: Damage) -> Damage:
    if not catalog_layout.is_inside(catalog, damage.path):
        return damage
    relative = damage.path.relative_to(catalog)
    folder = catalog_layout.make_folder(catalog, f"{catalog_layout.QUARANTINE}/{relative.parent}")
    target = folder / relative.name
    number = 1
    while target.exists():
        target = folder / f"{relative.name}.{number}"
        number += 1
    try:
        damage.path.rename(target)
    except FileNotFoundError:
        return damage
    return replace(damage, moved_to=target)
