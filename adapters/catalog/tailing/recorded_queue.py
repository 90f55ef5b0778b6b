"""RecordedQueue: recorded records that were read and wait to be handed out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from dolphin_strategies.factors.external_factors import ExternalFactors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.schema import FactorSchema


class RecordedQueue:
    """Batches, handed out record by record or in runs without a gap.

    Attributes
    ----------
    records : int
        How many wait.

    """

    def __init__(self) -> None:
        self.records = 0
        self._batches: Final[deque[FactorBatch]] = deque()
        self._row = 0
        """The first row of the first batch that waits."""
        self._payload = b""
        """The values of the first batch, once it was begun."""

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the first record that waits; None if none does."""
        return self._batches[0].schema if self._batches else None

    @property
    def stream_id(self) -> int:
        """The stream of the first record that waits, of which there must be one."""
        return self._batches[0].stream_id

    @property
    def sequence(self) -> int:
        """The sequence of the first record that waits, of which there must be one."""
        return int(self._batches[0].sequence[self._row])

    def records_besides(self, stream_id: int) -> int:
        """Return how many records of other streams wait."""
        ours = sum(len(b) for b in self._batches if b.stream_id == stream_id)
        if self._batches and self._batches[0].stream_id == stream_id:
            ours -= self._row
        return self.records - ours

    def extend(self, batches: Iterable[FactorBatch]) -> None:
        """Add batches that have records at the end."""
        for batch in batches:
            self._batches.append(batch)
            self.records += len(batch)

    def put_first(self, batch: FactorBatch) -> None:
        """Add records in front of all others."""
        if not len(batch):
            return
        if self._row:
            self._batches[0] = self._batches[0][self._row :]
        self._batches.appendleft(batch)
        self._row, self._payload = 0, b""
        self.records += len(batch)

    def take(self, limit: int, ts_init: int) -> list[ExternalFactors]:
        """Return the first records, at least one: of one batch, and up to the first gap.

        Parameters
        ----------
        limit : int
            The largest number of records, 1 or more.
        ts_init : int
            Their ``ts_init``, UNIX nanoseconds.

        """
        batch, row = self._batches[0], self._row
        if not row:
            self._payload = np.ascontiguousarray(batch.values, dtype="<f8").tobytes()
        sequences = batch.sequence[row : row + limit]
        gaps = np.flatnonzero(np.diff(sequences) != 1)
        if len(gaps):
            sequences = sequences[: gaps[0] + 1]
        size, payload = 8 * len(batch.schema), self._payload
        records = [
            ExternalFactors(
                batch.schema,
                payload[at * size : (at + 1) * size],
                int(batch.ts_event[at]),
                ts_init,
                sequence,
                0,
                batch.stream_id,
            )
            for at, sequence in enumerate(sequences.tolist(), row)
        ]
        self._row += len(records)
        self.records -= len(records)
        if self._row == len(batch):
            self._batches.popleft()
            self._row, self._payload = 0, b""
        return records
