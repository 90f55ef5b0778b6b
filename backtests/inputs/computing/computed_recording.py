"""Writing computed factors into their catalog once: whole or not at all."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.catalog import RecordingWriter
from adapters.catalog.files import catalog_layout
from adapters.catalog.files.recording_lock import is_written, lock_recording
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dolphin_strategies.factors.batch import FactorBatch

STAGE: Final = ".computing"
"""The folder in a catalog in which recordings are written before they become visible."""
PART_BYTES: Final = 32 << 20
"""The size of a part, uncompressed, which is in memory while it becomes a file."""
_NEVER_S: Final = 1e9


class IncompleteRecordingError(DolphinError):
    """Not everything could be written, so that nothing was kept."""


def check_new(catalog: Path, name: str) -> None:
    """Refuse a name that the catalog has already; clear away what killed runs have left.

    Raises
    ------
    ConfigError
        With the conflict and its remedy.

    """
    catalog_layout.check_recording_name(name)
    if not (catalog / catalog_layout.DATA).is_dir():
        msg = f"{catalog} is no catalog: expected a folder in which there is a folder 'data'"
        raise ConfigError(msg)
    for stage in (catalog / STAGE).glob("*/"):
        if not is_written(stage):
            _finish_or_remove(catalog, stage.name)
    if any((catalog / place).exists() for place in _places(name)):
        msg = (
            f"{catalog} has a recording {name!r} already; nothing was computed: choose another "
            "name with --recording"
        )
        raise ConfigError(msg)
    if (catalog / STAGE / name).exists():
        msg = f"another process computes recording {name!r} of {catalog} now"
        raise ConfigError(msg)


def write_recording(
    catalog: Path,
    name: str,
    source: str,
    batches: Iterable[FactorBatch],
    *,
    after_market: bool = True,
) -> tuple[int, int]:
    """Write records as a recording of a catalog.

    It is written in a folder of its own and moved into place at the end, so that a killed run
    leaves nothing that a reader sees.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    name : str
        A name accepted by :func:`check_new`.
    source : str
        What it was computed with, for lists of the catalog.
    batches : iterable of FactorBatch
        The records, in the order of ``ts_init``.
    after_market : bool
        Whether records are made from market data, and follow those of the same instant.

    Returns
    -------
    tuple of int
        The numbers of records and of bytes.

    Raises
    ------
    ConfigError
        If the catalog cannot be written, or there are no records.
    IncompleteRecordingError
        If not everything could be written; nothing is kept then.

    """
    stage = catalog / STAGE / name
    catalog_layout.make_folder(catalog, f"{STAGE}/{name}")
    try:
        lock = lock_recording(stage)
    except OSError as error:
        _finish_or_remove(catalog, name)
        msg = f"nothing was kept: {catalog} cannot be written: {error.strerror}"
        raise IncompleteRecordingError(msg) from None
    try:
        records = _write(stage, name, source, batches, after_market=after_market)
        size = sum(path.stat().st_size for path in stage.rglob("*.parquet"))
        _move_into_place(catalog, name)
    finally:
        _finish_or_remove(catalog, name)
        lock.release()
    return records, size


def _write(
    stage: Path, name: str, source: str, batches: Iterable[FactorBatch], *, after_market: bool
) -> int:
    """Write the records into a folder of their own; return their number."""
    with RecordingWriter(
        stage,
        source=source,
        name=name,
        rotate_bytes=PART_BYTES,
        rotate_s=_NEVER_S,
        flush_s=0.0,
        after_market=after_market,
    ) as writer:
        for batch in batches:
            writer.write_factors(batch)
        writer.rotate()
        if writer.problem or writer.dropped:
            why = writer.problem or f"{writer.dropped:,} records could not be written"
            msg = f"nothing was kept: {why}; make room and compute again"
            raise IncompleteRecordingError(msg)
        records = writer.recorded
    if not records:
        msg = "the window holds no data of the factors' inputs; nothing is written"
        raise ConfigError(msg)
    return records


def _places(name: str) -> tuple[str, str]:
    """Return where a recording lies in a catalog: its journal, and its files."""
    return (
        f"{catalog_layout.RECORDINGS}/{name}",
        f"{catalog_layout.DATA}/{catalog_layout.factors_folder(name)}",
    )


def _move_into_place(catalog: Path, name: str) -> None:
    # The journal first: it says when the records are delivered.
    for place in _places(name):
        into = catalog_layout.make_folder(catalog, place.rpartition("/")[0])
        try:
            (catalog / STAGE / name / place).rename(catalog / place)
        except OSError as error:
            msg = f"nothing was kept: {catalog / place} cannot be made: {error}"
            raise IncompleteRecordingError(msg) from error
        catalog_layout.sync_folder(into)


def _finish_or_remove(catalog: Path, name: str) -> None:
    """Finish the move of a recording that was killed in its middle, or remove an unmoved one."""
    stage = catalog / STAGE / name
    journal, files = _places(name)
    if (
        (stage / files).is_dir()
        and not (stage / journal).exists()
        and (catalog / journal).exists()
    ):
        catalog_layout.make_folder(catalog, files.rpartition("/")[0])
        (stage / files).rename(catalog / files)
    shutil.rmtree(stage, ignore_errors=True)
    with suppress(OSError):  # another run computes into it
        (catalog / STAGE).rmdir()
