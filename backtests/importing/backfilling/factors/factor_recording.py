"""Writing backfilled factors into a catalog in place of earlier ones, or not at all."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.catalog import RecordingWriter
from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import read_journal
from backtests.importing.catalog_import import remove_import
from backtests.importing.content.states import instants_of, states_at
from dolphin_strategies.errors import DolphinError
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from backtests.importing.content.publication import Publication

STAGE: Final = ".backfilling"
"""The folder in a catalog in which factors are written before they replace the earlier ones."""
SOURCE: Final = "backfill of "
ROWS_AT_ONCE: Final = 65_536
_NEVER_S: Final = 1e9


class IncompleteBackfillError(DolphinError):
    """Not everything could be written; the factors are those of the runs before."""


class FactorRecording:
    """Replaces the recording of factors of a catalog, whole or not at all.

    Parameters
    ----------
    catalog : Path
        The catalog's folder, of which the caller is the only one that backfills.
    name : str
        The recording.
    source : str
        What is backfilled, for lists of the catalog.

    """

    def __init__(self, catalog: Path, name: str, source: str) -> None:
        self._catalog: Final = catalog
        self._name: Final = name
        self._source: Final = source
        self._stage: Final = catalog / STAGE

    def finish(self) -> None:
        """Finish what a killed run left: whole factors are moved into place, others removed.

        Raises
        ------
        OSError
            If they cannot be moved; call again.

        """
        if not self._stage.is_dir():
            return
        journal = f"{catalog_layout.RECORDINGS}/{self._name}/{catalog_layout.JOURNAL}"
        events = read_journal(self._stage / journal)
        if events and events[-1]["event"] == "end":
            self._move()
        shutil.rmtree(self._stage, ignore_errors=True)

    def write(
        self,
        publications: Sequence[Publication],
        instants: NDArray[np.int64],
        on_rows: Callable[[int], None],
    ) -> int:
        """Replace the factors; return the number of records.

        Parameters
        ----------
        publications : sequence of Publication
            The factors, in the order of the schema.
        instants : int64 array of shape (records,)
            Instants besides those at which a factor changes, UNIX nanoseconds.
        on_rows : callable
            Called with the number of records after each write.

        Raises
        ------
        IncompleteBackfillError
            If not everything could be written; the earlier factors are there then.

        """
        stage = catalog_layout.make_folder(self._catalog, STAGE)
        instants = np.union1d(instants_of(publications), instants)
        try:
            with RecordingWriter(
                stage,
                source=SOURCE + self._source,
                name=self._name,
                flush_s=_NEVER_S,
                rotate_s=_NEVER_S,
            ) as writer:
                for batch in _batches(publications, instants):
                    writer.write_factors(batch)
                    on_rows(len(batch))
                writer.rotate()
                if writer.problem or writer.dropped:
                    why = writer.problem or f"{writer.dropped:,} records could not be written"
                    msg = f"the factors are as before: {why}; make room and run again"
                    raise IncompleteBackfillError(msg)
            self._move()
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        return len(instants)

    def _move(self) -> None:
        """Put the staged factors in place of the earlier ones; a killed move is done again."""
        journal = f"{catalog_layout.RECORDINGS}/{self._name}"
        files = f"{catalog_layout.DATA}/{catalog_layout.factors_folder(self._name)}"
        if (self._stage / files).exists():
            remove_import(self._catalog, self._name)
            into = catalog_layout.make_folder(self._catalog, files.rpartition("/")[0])
            with suppress(OSError):
                (self._catalog / files).rmdir()
            (self._stage / files).rename(self._catalog / files)
            catalog_layout.sync_folder(into)
        into = catalog_layout.make_folder(self._catalog, catalog_layout.RECORDINGS)
        (self._stage / journal).rename(self._catalog / journal)
        catalog_layout.sync_folder(into)


def _batches(
    publications: Sequence[Publication], instants: NDArray[np.int64]
) -> Iterator[FactorBatch]:
    schema = FactorSchema([p.factor for p in publications])
    stream_id = _stream_id(publications, instants)
    for first in range(0, len(instants), ROWS_AT_ONCE):
        at = instants[first : first + ROWS_AT_ONCE]
        yield FactorBatch(
            schema=schema,
            sequence=np.arange(first + 1, first + 1 + len(at), dtype=np.uint64),
            ts_event=at,
            ts_init=at,
            values=states_at(publications, at),
            stream_id=stream_id,
        )


def _stream_id(publications: Sequence[Publication], instants: NDArray[np.int64]) -> int:
    """Return a hash of the content."""
    digest = hashlib.sha256()
    for p in publications:
        digest.update(p.factor.encode() + b"\n")
        for array in (p.known, p.expires, p.values):
            digest.update(np.ascontiguousarray(array))
    digest.update(np.ascontiguousarray(instants))
    return int.from_bytes(digest.digest()[:8], "little") or 1
