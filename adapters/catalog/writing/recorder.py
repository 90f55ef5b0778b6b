"""Recorder: follows a factor source and writes all of it to a recording."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from adapters.catalog.writing.record_counts import Counts, Gap, gaps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.catalog.writing.recording_writer import RecordingWriter
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.source import FactorSource

BATCH_RECORDS: Final = 512
BATCHES_PER_TURN: Final = 16
"""Batches read before the loop's other work gets its turn."""
QUEUE_BYTES: Final = 64 << 20
"""What may wait in memory while the disk is slow; beyond it records wait in the source."""
TICK_S: Final = 0.05
MIN_ROTATION_S: Final = 1.0
"""No Parquet files for the overlap with the ring more often than this."""
LAST_READ_S: Final = 5.0
"""How long the end of a recording may take to read what was published before it."""


class _Piece(NamedTuple):
    """What one read gave: records, and what was lost before and between them."""

    batch: FactorBatch
    gaps: list[Gap]

    @property
    def size(self) -> int:
        return len(self.batch) + sum(gap.lost for gap in self.gaps)


class Recorder:
    """Reads a source on the loop's thread, and writes on a thread of its own.

    A disk that is slow or full holds the reading up only when ``QUEUE_BYTES`` wait in memory;
    what the source then loses is counted and told as gaps.

    Parameters
    ----------
    source : FactorSource
        Opened and closed by ``run``, so not open yet.
    writer : RecordingWriter
        Closed by ``run``; nobody else uses it.
    rotate_records : int, optional
        Turn what was recorded into Parquet files after so many records, so that files and ring
        overlap; at most once a second. Default: half of what the source holds. 0: never.
    clock_ns : callable
        Gives ``ts_init``; UNIX nanoseconds.

    Attributes
    ----------
    problem : str
        Why the recording's last write failed; empty when it did not.
    mismatch : str
        How the sequences contradict what the source counts; empty when they do not.

    Notes
    -----
    ``run`` needs the running loop's thread; everything else is called there too.

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
        self.mismatch = ""
        self._writer = writer
        self._rotate_records = rotate_records
        self._clock_ns = clock_ns
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Handle | None = None
        self._is_stopping = False
        self._end = asyncio.Event()
        self._pieces: deque[_Piece] = deque()
        self._queued_bytes = 0
        self._is_held = False
        self._in_memory = 0
        """Records read and losses told that the writer does not have yet."""
        self._read_lost = 0
        """Losses of the source that are in pieces already."""
        self._last: tuple[int, int] | None = None
        """Stream and sequence of the record that was read last."""
        self._written = (0, 0, 0)
        """Recorded, lost and dropped after the last write."""
        self._records_since_rotation = 0
        self._rotated_at_s = 0.0

    async def run(self) -> None:
        """Record until ``stop``, then write everything and close the recording.

        Raises
        ------
        Exception
            What the writing raised; everything that can be saved was saved.

        """
        loop = self._loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "recorder") as thread:
            try:
                self.source.open(self._read, self._clock_ns)
                self._read()
                while not self._end.is_set():
                    await self._write_in(thread)
                    await self._pause()
                self._read_to_the_end()
                await self._write_in(thread)
            finally:
                self._is_stopping = True
                if self._turn is not None:
                    self._turn.cancel()
                self.source.close()
                status = self.source.status()
                untold = status.lost - self._read_lost
                self._in_memory += untold
                self._read_lost = status.lost
                published = status.published - status.pending
                await loop.run_in_executor(thread, self._close, untold, published)
                self._after_write(untold)

    def stop(self) -> None:
        """Ask ``run`` to end with what was published up to now."""
        self._end.set()

    def counts(self) -> Counts:
        """Return what became of the records."""
        status = self.source.status()
        recorded, lost, dropped = self._written
        published, pending = status.published, status.pending
        if self._is_stopping:
            # What came after the end is not this recording's.
            published, pending = published - pending, 0
        return Counts(
            published=published,
            recorded=recorded,
            lost=lost,
            dropped=dropped,
            waiting=self._in_memory + pending + status.lost - self._read_lost,
        )

    # ---- reading, on the loop's thread -------------------------------------------------------

    def _read(self) -> None:
        """Take what the source has, then sleep until there is more."""
        self._turn = None
        if self._is_stopping or self._loop is None:
            return
        for _ in range(BATCHES_PER_TURN):
            if self._queued_bytes >= QUEUE_BYTES:
                self._is_held = True
                return
            if not self._read_batch():
                break
        if not self.source.sleep():
            self._turn = self._loop.call_soon(self._read)

    def _read_batch(self) -> bool:
        batch = self.source.read_batch(BATCH_RECORDS)
        if batch is None:
            return False
        lost = self.source.status().lost - self._read_lost
        gaps = gaps_of(batch, lost)
        self._check_order(batch, gaps)
        self._read_lost += lost
        self._pieces.append(_Piece(batch, gaps))
        self._in_memory += self._pieces[-1].size
        self._queued_bytes += batch.values.nbytes
        return True

    def _check_order(self, batch: FactorBatch, gaps: list[Gap]) -> None:
        """Compare the source's count of losses with the sequences themselves."""
        first = int(batch.sequence[0])
        told = sum(gap.lost for gap in gaps if gap.after_sequence < first)
        if self._last is not None and self._last[0] == batch.stream_id:
            missing = first - self._last[1] - 1
            if missing != told:
                self.mismatch = (
                    f"record {first} came after record {self._last[1]}, and the source says that "
                    f"{told} were lost between them"
                )
        if np.any(np.diff(batch.sequence.astype(np.int64)) < 1):
            self.mismatch = f"records from {first} on came out of order"
        self._last = (batch.stream_id, int(batch.sequence[-1]))

    def _read_to_the_end(self) -> None:
        """Read what had been published when the end was asked for, and no more."""
        self._is_stopping = True
        target = self.source.status().published
        deadline = time.monotonic() + LAST_READ_S
        while time.monotonic() < deadline:
            status = self.source.status()
            is_read = self._read_batch()
            if status.published - status.pending >= target or not is_read:
                break

    # ---- between the threads -----------------------------------------------------------------

    async def _write_in(self, thread: ThreadPoolExecutor) -> None:
        assert self._loop is not None  # noqa: S101 - set by run, the only caller
        pieces = list(self._pieces)
        self._pieces.clear()
        self._queued_bytes = 0
        if self._is_held:
            self._is_held = False
            self._turn = self._loop.call_soon(self._read)
        limit = self._rotate_records
        if limit is None:
            limit = self.source.capacity // 2
        await self._loop.run_in_executor(thread, self._write, pieces, limit)
        self._after_write(sum(piece.size for piece in pieces))

    def _after_write(self, count: int) -> None:
        writer = self._writer
        self._in_memory -= count
        self._written = (writer.recorded, writer.lost, writer.dropped)
        self.problem = writer.problem

    async def _pause(self) -> None:
        if self._queued_bytes < QUEUE_BYTES // 2:
            try:
                await asyncio.wait_for(self._end.wait(), TICK_S)
            except TimeoutError:
                return

    # ---- writing, on the other thread --------------------------------------------------------

    def _write(self, pieces: list[_Piece], rotate_records: int) -> None:
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

    def _close(self, untold: int, published: int) -> None:
        if untold:
            self._writer.add_lost(*(self._last or (0, 0)), untold)
        self._writer.close(published=published)
