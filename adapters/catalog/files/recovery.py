"""Finishing the recordings of processes that were killed."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pyarrow as pa

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import Journal, read_journal, unreached_gaps
from adapters.catalog.files.recording_lock import is_written, lock_recording
from adapters.catalog.files.spool_conversion import finish_part
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def recover(catalog: Path, on_spool: Callable[[], object] = lambda: None) -> dict[str, int]:
    """Convert the spools of dead recordings into Parquet files; return the rows of each recording.

    A gap that was written before the records beside it were safe is withdrawn.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    on_spool : callable
        Called after each spool.

    Raises
    ------
    ConfigError
        If a spool is none of ours; the others are converted, and it stays.
    OSError
        If something cannot be written; nothing is lost, call again.

    """
    recovered: dict[str, int] = {}
    foreign: list[str] = []
    for folder in catalog_layout.recording_folders(catalog):
        if is_written(folder) or _is_whole(folder):
            continue
        try:
            lock = lock_recording(folder)
        except ConfigError:
            continue
        try:
            recovered[folder.name] = _recover(catalog, folder, foreign, on_spool)
        finally:
            lock.release()
    if foreign:
        msg = f"{foreign[0]}: expected a spool of this project; move it out of the catalog"
        raise ConfigError(msg)
    return recovered


def spools_of(folder: Path) -> list[Path]:
    """Return the spools of a recording, the oldest first.

    Raises
    ------
    OSError
        If its folder cannot be listed.

    """
    names = (n for n in catalog_layout.names_in(folder) if catalog_layout.spool_part(n))
    paths = (folder / name for name in names)
    return sorted(path for path in paths if stat.S_ISREG(catalog_layout.mode_of(path)))


def spools_left(catalog: Path) -> list[Path]:
    """Return the spools of dead recordings, which :func:`recover` converts."""
    folders = catalog_layout.recording_folders(catalog)
    return [path for folder in folders if not is_written(folder) for path in spools_of(folder)]


def _is_whole(folder: Path) -> bool:
    return not spools_of(folder) and not unreached_gaps(
        read_journal(folder / catalog_layout.JOURNAL)
    )


def _recover(
    catalog: Path, folder: Path, foreign: list[str], on_spool: Callable[[], object]
) -> int:
    finished = {
        e["part"] for e in read_journal(folder / catalog_layout.JOURNAL) if e["event"] == "file"
    }
    journal = Journal(folder / catalog_layout.JOURNAL)
    try:
        rows = 0
        for spool in spools_of(folder):
            try:
                rows += finish_part(catalog, folder.name, journal, finished, spool)
            except (ConfigError, LookupError, TypeError, ValueError, pa.ArrowException) as error:
                foreign.append(f"{spool} cannot be converted: {error}")
            on_spool()
        for gap in unreached_gaps(read_journal(folder / catalog_layout.JOURNAL)):
            journal.append("gap_withdrawn", **{k: v for k, v in gap.items() if k != "event"})
        return rows
    finally:
        journal.close()
