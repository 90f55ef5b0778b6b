"""Recorder: follows a factor source and writes all of its records to a recording."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from adapters.catalog.writing.record_counts import RecorderCounts
from adapters.catalog.writing.source_reader import SourceReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.catalog.writing.recording_writer import RecordingWriter
    from adapters.catalog.writing.source_reader import Piece
    from dolphin_strategies.factors.source import FactorSource

TICK_S: Final = 0.05
MIN_ROTATION_S: Final = 1.0
"""The shortest time between Parquet files made for the overlap with the ring."""


class Recorder:
    """Reads a source on the loop's thread, and writes on a thread of its own.

    A slow or full disk delays the reading only when too much waits in memory; records that the
    source then loses are counted and recorded as gaps.

    Parameters
    ----------
    source : FactorSource
        Opened and closed by ``run``, so not open yet.
    writer : RecordingWriter
        Closed by ``run``, and used by nothing else.
    rotate_records : int, optional
        Make Parquet files after this number of records, so that files and ring overlap; at most
        once a second. Default: half of the source's capacity. 0: never.
    clock_ns : callable
        Returns ``ts_init``, UNIX nanoseconds.

    Attributes
    ----------
    problem : str
        Why the recording's last write failed; empty if it succeeded.

    Notes
    -----
    ``run`` and every other method are called on the running loop's thread.

    """

    def __init__(
        self,
        source: FactorSource,
        writer: RecordingWriter,
        *,
        rotate_records: int | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.source: Final = source
        self.problem = ""
        self._reader: Final = SourceReader(source)
        self._writer: Final = writer
        self._rotate_records = rotate_records
        self._clock_ns = clock_ns
        self._end = asyncio.Event()
        self._is_stopping = False
        self._in_writing = 0
        """Records and losses passed to the writing thread and not written yet."""
        self._written = (0, 0, 0)
        """Recorded, lost and dropped records after the last write."""
        self._records_since_rotation = 0
        self._rotated_at_s = 0.0

    @property
    def mismatch(self) -> str:
        """How the sequences contradict the source's counts; empty if they agree."""
        return self._reader.mismatch

    async def run(self) -> None:
        """Record until ``stop``, then write everything and close the recording.

        Raises
        ------
        Exception
            The exception of the writing thread; everything that could be saved was saved.

        """
        reader = self._reader
        with ThreadPoolExecutor(1, "recorder") as thread:
            try:
                reader.open(self._clock_ns)
                while not self._end.is_set():
                    await self._write_in(thread)
                    await self._pause()
                self._is_stopping = True
                reader.read_to_the_end()
                await self._write_in(thread)
            finally:
                self._is_stopping = True
                reader.close()
                status = self.source.status()
                unreported = status.lost - reader.lost
                self._in_writing += unreported
                reader.lost = status.lost
                published = status.published - status.pending
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(thread, self._close, unreported, published)
                self._after_write(unreported)

    def stop(self) -> None:
        """Request ``run`` to end after the records published up to now."""
        self._end.set()

    def counts(self) -> RecorderCounts:
        """Return the outcomes of the records."""
        status = self.source.status()
        recorded, lost, dropped = self._written
        published, pending = status.published, status.pending
        if self._is_stopping:
            # Records published after the end are not part of this recording.
            published, pending = published - pending, 0
        in_memory = self._reader.waiting + self._in_writing
        return RecorderCounts(
            published=published,
            recorded=recorded,
            lost=lost,
            dropped=dropped,
            waiting=in_memory + pending + status.lost - self._reader.lost,
        )

    async def _write_in(self, thread: ThreadPoolExecutor) -> None:
        pieces = self._reader.take()
        count = sum(piece.size for piece in pieces)
        self._in_writing += count
        limit = self._rotate_records
        if limit is None:
            limit = self.source.capacity // 2
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(thread, self._write, pieces, limit)
        self._after_write(count)

    def _after_write(self, count: int) -> None:
        writer = self._writer
        self._in_writing -= count
        self._written = (writer.recorded, writer.lost, writer.dropped)
        self.problem = writer.problem

    async def _pause(self) -> None:
        if self._reader.has_room:
            try:
                await asyncio.wait_for(self._end.wait(), TICK_S)
            except TimeoutError:
                return

    def _write(self, pieces: list[Piece], rotate_records: int) -> None:
        """Write pieces, on the writing thread."""
        for piece in pieces:
            for gap in piece.gaps:
                self._writer.add_lost(*gap)
            self._writer.write_factors(piece.batch)
            self._records_since_rotation += len(piece.batch)
        self._writer.tick()
        now_s = time.monotonic()
        if (
            0 < rotate_records <= self._records_since_rotation
            and now_s >= self._rotated_at_s + MIN_ROTATION_S
        ):
            self._writer.rotate()
            self._records_since_rotation, self._rotated_at_s = 0, now_s

    def _close(self, unreported: int, published: int) -> None:
        """Close the recording, on the writing thread."""
        if unreported:
            self._writer.add_lost(*(self._reader.last or (0, 0)), unreported)
        self._writer.close(published=published)
