"""SourceReader: reads all of a source's records into memory, with the gaps between them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from adapters.catalog.writing.record_counts import gaps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.catalog.files.gap import Gap
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.source import FactorSource

BATCH_RECORDS: Final = 512
BATCHES_PER_TURN: Final = 16
"""Batches read before the loop's other work runs."""
QUEUE_BYTES: Final = 64 << 20
"""Bytes that may wait in memory while the disk is slow; further records wait in the source."""
LAST_READ_S: Final = 5.0
"""How long the end of a recording may take to read the records published before it."""


class Piece(NamedTuple):
    """One read of a source: records, and the gaps before and between them."""

    batch: FactorBatch
    gaps: list[Gap]

    @property
    def size(self) -> int:
        """Records, read and lost."""
        return len(self.batch) + sum(gap.lost for gap in self.gaps)


class SourceReader:
    """Reads a source on the loop's thread until ``QUEUE_BYTES`` wait in memory.

    Parameters
    ----------
    source : FactorSource
        Not open yet; opened by ``open`` and closed by ``close``.

    Attributes
    ----------
    mismatch : str
        How the sequences contradict the source's counts; empty if they agree.
    lost : int
        Lost records of the source that are contained in pieces.
    last : tuple of stream_id and sequence, or None
        The record that was read last.

    Notes
    -----
    Owned by the loop's thread.

    """

    def __init__(self, source: FactorSource) -> None:
        self.source: Final = source
        self.mismatch = ""
        self.lost = 0
        self.last: tuple[int, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Handle | None = None
        self._pieces: deque[Piece] = deque()
        self._queued_bytes = 0
        self._is_held = False

    def open(self, clock_ns: Callable[[], int]) -> None:
        """Open the source and begin to read, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self.source.open(self._read, clock_ns)
        self._read()

    def close(self) -> None:
        """Close the source."""
        self.stop()
        self.source.close()

    def stop(self) -> None:
        """Stop reading when the source wakes."""
        self._loop = None
        if self._turn is not None:
            self._turn.cancel()

    @property
    def has_room(self) -> bool:
        """Whether less than half of ``QUEUE_BYTES`` waits."""
        return self._queued_bytes < QUEUE_BYTES // 2

    def take(self) -> list[Piece]:
        """Return the pieces read since the last call."""
        pieces = list(self._pieces)
        self._pieces.clear()
        self._queued_bytes = 0
        if self._is_held:
            self._is_held = False
            if self._loop is not None:
                self._turn = self._loop.call_soon(self._read)
        return pieces

    @property
    def waiting(self) -> int:
        """Records in memory, read and lost."""
        return sum(piece.size for piece in self._pieces)

    def read_to_the_end(self) -> None:
        """Read the records published by now, and no more."""
        self.stop()
        target = self.source.status().published
        deadline = time.monotonic() + LAST_READ_S
        while time.monotonic() < deadline:
            status = self.source.status()
            is_read = self._read_batch()
            if status.published - status.pending >= target or not is_read:
                break

    def _read(self) -> None:
        """Read the available records, then sleep until there are more."""
        self._turn = None
        if self._loop is None:
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
        lost = self.source.status().lost - self.lost
        gaps = gaps_of(batch, lost, self.last)
        self._check_order(batch, gaps)
        self.lost += lost
        self._pieces.append(Piece(batch, gaps))
        self._queued_bytes += batch.values.nbytes
        return True

    def _check_order(self, batch: FactorBatch, gaps: list[Gap]) -> None:
        """Compare the source's count of losses with the sequences themselves."""
        first = int(batch.sequence[0])
        reported = sum(gap.lost for gap in gaps if gap.after_sequence < first)
        if self.last is not None and self.last[0] == batch.stream_id:
            missing = first - self.last[1] - 1
            if missing != reported:
                self.mismatch = (
                    f"record {first} came after record {self.last[1]}, and the source states "
                    f"that {reported} were lost between them"
                )
        if np.any(np.diff(batch.sequence.astype(np.int64)) < 1):
            self.mismatch = f"records from {first} on came out of order"
        self.last = (batch.stream_id, int(batch.sequence[-1]))
