"""RecordingWriter: the one writer of a recording."""

from __future__ import annotations

import errno
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.journal import Journal, last_sequences, read_journal
from adapters.catalog.files.recording_lock import lock_recording
from adapters.catalog.files.recovery import recover
from adapters.catalog.writing.pending_events import PendingEvents
from adapters.catalog.writing.recording_parts import RecordingParts
from adapters.catalog.writing.write_buffer import PendingTable, last_of, without_dictionaries
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from dolphin_strategies.factors.batch import FactorBatch

SYNC_S: Final = 5.0
"""A loss of power costs at most the records flushed in this many seconds before it."""


class RecordingWriter:
    """Writes one recording of a catalog: factors, quotes, trades.

    Rows are in a spool after at most ``flush_s``, and then survive ``kill -9``; a spool that is
    large or old enough becomes a Parquet file. A full disk never raises: rows that could not be
    flushed are counted in ``dropped`` and explained in ``problem``, and writing resumes.

    Parameters
    ----------
    catalog : Path
        The catalog's folder; made if missing.
    source : str
        The recorded source, for the journal: a region's path, for example.
    name : str, optional
        The recording's name; by default made from the time. An ended recording is continued.
    rotate_bytes, rotate_s : int, float
        The size, and the age in seconds, at which a spool becomes a Parquet file.
    flush_s : float
        How long records may wait in memory, seconds.
    after_market : bool
        Whether records follow market data of the same instant, because they are made from it.

    Attributes
    ----------
    problem : str
        Why the last write failed; empty if it succeeded.
    last_sequences : dict of int to int
        For each stream the last sequence recorded or reported lost, in earlier runs too.

    Raises
    ------
    ConfigError
        If the folder cannot be written, or another process writes this recording.

    Notes
    -----
    Not thread-safe. Call ``tick`` a few times a second.

    """

    def __init__(  # noqa: PLR0913 - settings by name
        self,
        catalog: Path,
        *,
        source: str,
        name: str | None = None,
        rotate_bytes: int = 64 << 20,
        rotate_s: float = 900.0,
        flush_s: float = 0.5,
        after_market: bool = False,
    ) -> None:
        self.catalog: Final = Path(catalog)
        self.name: Final = catalog_layout.check_recording_name(
            name or catalog_layout.new_recording_name()
        )
        self.problem = ""
        self._written = 0
        self._rotate_bytes, self._rotate_s, self._flush_s = rotate_bytes, rotate_s, flush_s
        self._tables: dict[str, PendingTable] = {}
        self._sync_at, self._is_closed = 0.0, False
        self._held: Final = ExitStack()
        try:
            self.catalog.mkdir(mode=0o700, parents=True, exist_ok=True)
            catalog_layout.make_folder(self.catalog, catalog_layout.DATA)
            name = f"{catalog_layout.RECORDINGS}/{self.name}"
            folder = catalog_layout.make_folder(self.catalog, name)
            recover(self.catalog)
            self._held.callback(lock_recording(folder).release)
            self._journal = Journal(folder / catalog_layout.JOURNAL)
            self._held.callback(self._journal.close)
            events = read_journal(folder / catalog_layout.JOURNAL)
            self.last_sequences = last_sequences(events)
            self._events = PendingEvents(self._journal)
            self._parts = RecordingParts(self.catalog, self.name, self._journal, events)
            self._journal.append("start", **_run(source), after_market=after_market)
        except OSError as error:
            self._held.close()
            msg = f"catalog {self.catalog} cannot be written: {error}; check its path and mode"
            raise ConfigError(msg) from None

    @property
    def recorded(self) -> int:
        """Records accepted and not dropped."""
        return self._written + sum(t.pending_rows for t in self._tables.values())

    @property
    def lost(self) -> int:
        """Records that the source reported lost."""
        return self._events.lost

    @property
    def dropped(self) -> int:
        """Records that were not written."""
        return self._events.dropped

    def write_factors(
        self, batch: FactorBatch, extra: Mapping[str, pa.Array] | None = None
    ) -> None:
        """Add factors; another schema or stream begins a new part.

        Parameters
        ----------
        batch : FactorBatch
            Its arrays are read at the next flush, and must not be changed before it.
        extra : mapping of str to pyarrow.Array, optional
            Further columns, not of float64.

        """
        if not len(batch):
            return
        table = self._table(catalog_layout.factors_folder(self.name))
        if not table.fits(batch, extra):
            self._flush(table)
        table.add_factors(batch, extra)
        self._accounted(batch.stream_id, int(batch.sequence[-1]))
        self._flush_if_due(table)

    def write_table(self, folder: str, batch: pa.RecordBatch) -> None:
        """Add rows of another kind, with a column ``ts_init``.

        Parameters
        ----------
        folder : str
            The folder of their files, relative to ``data``: ``quotes/BTCUSDT-PERP.BINANCE``.
        batch : pyarrow.RecordBatch
            Another schema than before begins a new part.

        Raises
        ------
        ConfigError
            If the folder is not below ``data``.
        ValueError
            If there is no column ``ts_init`` of times in nanoseconds.

        """
        catalog_layout.check_folder(folder)
        if "ts_init" not in batch.schema.names:
            msg = f"batch: expected a column 'ts_init', found {batch.schema.names}"
            raise ValueError(msg)
        numpy_of(batch.column("ts_init"))
        if not batch.num_rows:
            return
        batch, table = without_dictionaries(batch), self._table(folder)
        if not table.fits_arrow(batch):
            self._flush(table)
        table.add_arrow(batch)
        self._flush_if_due(table)

    def add_lost(self, stream_id: int, after_sequence: int, count: int) -> None:
        """Record a gap of lost records; see :class:`~adapters.catalog.files.gap.Gap`."""
        self._events.add_lost(stream_id, after_sequence, count)
        self._accounted(stream_id, after_sequence + count)

    def add_dropped(self, count: int, why: str) -> None:
        """Record that ``count`` records were not written."""
        self._events.add_dropped({"count": count, "why": why})

    def flush(self) -> None:
        """Write everything to the spools."""
        for table in self._tables.values():
            self._flush(table)
        self._write_events()

    def rotate(self) -> None:
        """Convert all spools into Parquet files."""
        self.flush()
        for table in self._tables.values():
            table.end_part()
        self._finish_parts()

    def tick(self) -> None:
        """Flush and rotate what is due."""
        now = time.monotonic()
        if self._events:
            self.flush()
        for table in self._tables.values():
            self._flush_if_due(table)
            if table.spool is not None and now >= table.started_at + self._rotate_s:
                self._flush(table)
                table.end_part()
        if now >= self._sync_at:
            self._sync_at = now + SYNC_S
            self._sync()
        if self._parts.is_due:
            self._finish_parts()

    def close(self, **totals: int) -> None:
        """Flush, rotate, write the totals, and release the lock; safe to call again.

        Parameters
        ----------
        **totals : int
            Further counts for the journal's last line: ``published``, for example.

        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self.rotate()
            counts = {"recorded": self.recorded, "lost": self.lost, "dropped": self.dropped}
            self._events.add_end(**{**counts, **totals})
            self._write_events()
        finally:
            for table in self._tables.values():
                if table.spool is not None:
                    table.spool.close()
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accounted(self, stream_id: int, sequence: int) -> None:
        self.last_sequences[stream_id] = max(sequence, self.last_sequences.get(stream_id, 0))

    def _table(self, folder: str) -> PendingTable:
        return self._tables.setdefault(folder, PendingTable(folder, self._parts))

    def _flush_if_due(self, table: PendingTable) -> None:
        if table.is_due(self._flush_s):
            self._flush(table)
            self._write_events()
            if table.spool is not None and table.spool.bytes >= self._rotate_bytes:
                table.end_part()
                self._finish_parts()

    def _flush(self, table: PendingTable) -> None:
        if not table.pending_rows:
            return
        rows, batch = table.pending_rows, table.take()
        # Gaps are written before the records beside them: see unreached_gaps.
        self._write_events()
        try:
            table.spool_for(batch.schema).append(batch)
        except OSError as error:
            self.problem = f"{rows:,} records of {table.folder} dropped: {error}"
            why = error.strerror or str(error)
            self._events.add_dropped({"count": rows, "why": why, **last_of(batch)})
            if error.errno == errno.EFBIG:
                table.end_part()
        else:
            self.problem = ""
            self._written += rows

    def _finish_parts(self) -> None:
        self.problem = self._parts.finish() or self.problem

    def _sync(self) -> None:
        try:
            catalog_layout.sync_folder(self._parts.folder)
            for table in self._tables.values():
                if table.spool is not None:
                    table.spool.sync()
        except OSError as error:
            self.problem = f"recording {self.name} cannot be made durable now: {error}"

    def _write_events(self) -> None:
        try:
            self._events.write()
        except OSError as error:
            self.problem = f"the journal cannot be written: {error}"


def _run(source: str) -> dict[str, Any]:
    return {"source": source, "pid": os.getpid(), "started_ns": time.time_ns(), "format": 1}
