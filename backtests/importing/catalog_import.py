"""Writing an import into a catalog once: whole or not at all, and recognised when repeated."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import numpy as np
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import read_journal
from adapters.catalog.files.recovery import recover
from adapters.catalog.reading.recordings import list_recordings
from adapters.command.instants import show_instant
from backtests.importing.content.states import ROWS_AT_ONCE, states_in_blocks
from dolphin_strategies.errors import ConfigError, DolphinError
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from adapters.catalog.reading.recordings import Recording
    from backtests.importing.content.import_content import ImportContent
    from backtests.importing.content.market.market_columns import MarketRows

SOURCE: Final = "import of "
"""The beginning of an imported recording's source; other recordings are never replaced."""
_NEVER_S: Final = 1e9


class IncompleteImportError(DolphinError):
    """Not everything could be written, so that nothing was kept."""


def check_catalog(catalog: Path, name: str, content: ImportContent, *, replace: bool) -> None:
    """Refuse an import that the catalog holds already.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; it need not exist.
    name : str
        The name of the recording to write.
    content : ImportContent
        The content to write.
    replace : bool
        Whether an earlier import of this name is replaced, and therefore disregarded.

    Raises
    ------
    ConfigError
        With the conflict and its remedy.

    """
    stream_id = content.stream_id()
    for recording in list_recordings(catalog)[0]:
        if recording.name == name:
            _check_name(catalog, recording, stream_id, replace=replace)
        elif stream_id and stream_id in recording.stream_ids:
            msg = (
                f"{catalog} holds these very factors already, as recording {recording.name!r}; "
                "nothing was written"
            )
            raise ConfigError(msg)
    own = _files_of(catalog, name) if replace else set()
    for table in content.market:
        _check_overlap(catalog, table, own)
    if not replace:
        _check_instruments(catalog, content)


def write_import(
    catalog: Path, name: str, source: str, content: ImportContent, on_rows: Callable[[int], None]
) -> None:
    """Write everything as one recording; one of this name is replaced.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    name : str
        The recording's name.
    source : str
        A description of the import, for lists of the catalog.
    content : ImportContent
        Content accepted by :func:`check_catalog`.
    on_rows : callable
        Called with the number of rows after each write.

    Raises
    ------
    ConfigError
        If the catalog cannot be written.
    IncompleteImportError
        If not everything could be written; nothing is kept then.

    """
    remove_import(catalog, name)
    try:
        with RecordingWriter(
            catalog, source=SOURCE + source, name=name, flush_s=_NEVER_S, rotate_s=_NEVER_S
        ) as writer:
            _write(writer, content, on_rows)
    except BaseException:
        if _begun_here(catalog, name):
            remove_import(catalog, name)
        raise


def remove_import(catalog: Path, name: str) -> None:
    """Delete a recording and every file that its journal names; do nothing if there is none.

    Raises
    ------
    OSError
        If a file cannot be deleted.

    """
    home = catalog / catalog_layout.RECORDINGS / name
    if not home.is_dir():
        return
    recover(catalog)
    for path in _files_of(catalog, name):
        path.unlink(missing_ok=True)
    shutil.rmtree(home)


def _begun_here(catalog: Path, name: str) -> bool:
    events = read_journal(catalog / catalog_layout.RECORDINGS / name / catalog_layout.JOURNAL)
    pids = [event.get("pid") for event in events if event["event"] == "start"]
    return pids[-1:] == [os.getpid()]


def _write(
    writer: RecordingWriter, content: ImportContent, on_rows: Callable[[int], None]
) -> None:
    for batch in _batches(content):
        writer.write_factors(batch)
        on_rows(len(batch))
    for table in content.market:
        for rows in _slices(table.stamps):
            writer.write_table(table.folder, table.batch[rows])
            on_rows(rows.stop - rows.start)
    writer.rotate()
    if writer.problem or writer.dropped:
        why = writer.problem or f"{writer.dropped:,} rows could not be written"
        msg = f"nothing was imported: {why}; make room and import again"
        raise IncompleteImportError(msg)
    if content.instruments:
        ParquetDataCatalog(str(writer.catalog)).write_instruments(content.instruments)


def _batches(content: ImportContent) -> Iterator[FactorBatch]:
    publications = content.publications
    if not publications:
        return
    schema, stream_id = FactorSchema([p.factor for p in publications]), content.stream_id()
    for block, values in states_in_blocks(publications, content.instants):
        instants = content.instants[block]
        yield FactorBatch(
            schema=schema,
            sequence=np.arange(block.start + 1, block.stop + 1, dtype=np.uint64),
            ts_event=instants,
            ts_init=instants,
            values=values,
            stream_id=stream_id,
        )


def _slices(stamps: NDArray[np.int64]) -> Iterator[slice]:
    """Cut rows only between different stamps: files of one folder must not overlap."""
    first = 0
    while first < len(stamps):
        last = min(first + ROWS_AT_ONCE, len(stamps))
        last = int(np.searchsorted(stamps, stamps[last - 1], side="right"))
        yield slice(first, last)
        first = last


def _files_of(catalog: Path, name: str) -> set[Path]:
    events = read_journal(catalog / catalog_layout.RECORDINGS / name / catalog_layout.JOURNAL)
    files = {catalog / event["path"] for event in events if event["event"] == "file"}
    return {path for path in files if catalog_layout.is_inside(catalog, path)}


def _check_name(catalog: Path, there: Recording, stream_id: int, *, replace: bool) -> None:
    if there.is_open:
        msg = f"recording {there.name!r} is written by a live process; import under another --name"
        raise ConfigError(msg)
    if not (there.source or there.files):
        return
    if not there.source.startswith(SOURCE):
        msg = (
            f"{catalog} has a recording {there.name!r} of {there.source or 'unknown origin'}, "
            "which is no import and stays; import under another --name"
        )
        raise ConfigError(msg)
    if replace:
        return
    if not there.is_ended:
        what = f"an import {there.name!r} that was interrupted"
    elif stream_id and stream_id in there.stream_ids:
        what = f"these very factors already, as recording {there.name!r}"
    else:
        what = f"an import {there.name!r} already"
    msg = (
        f"{catalog} holds {what}; nothing was written: add --replace to replace it, or import "
        "under another --name"
    )
    raise ConfigError(msg)


def _check_overlap(catalog: Path, table: MarketRows, own: set[Path]) -> None:
    first_ns, last_ns = int(table.stamps[0]), int(table.stamps[-1])
    for path in sorted((catalog / catalog_layout.DATA / table.folder).glob("*.parquet")):
        found = catalog_layout.file_range(path.name)
        if found and path not in own and found[0] <= last_ns and first_ns <= found[1]:
            msg = (
                f"{catalog} holds {table.folder} from {show_instant(found[0])} to "
                f"{show_instant(found[1])} already, and {table.path} overlaps it; import into "
                "another catalog, or cut it with start and end"
            )
            raise ConfigError(msg)


def _check_instruments(catalog: Path, content: ImportContent) -> None:
    if not content.instruments or not (catalog / catalog_layout.DATA).is_dir():
        return
    ids = [str(instrument.id) for instrument in content.instruments]
    there = {str(i.id): i for i in ParquetDataCatalog(str(catalog)).instruments(ids)}
    for instrument in content.instruments:
        known = there.get(str(instrument.id))
        if known is not None and known.to_dict() != instrument.to_dict():
            msg = (
                f"{catalog} has another instrument {instrument.id}: {known}; write the same "
                "increments, currencies and margins, or import into another catalog"
            )
            raise ConfigError(msg)
