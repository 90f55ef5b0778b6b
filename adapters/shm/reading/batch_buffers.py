"""BatchBuffers: the arrays into which C copies many records at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.shm._region import ffi
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from dolphin_strategies.factors.schema import FactorSchema


class BatchBuffers:
    """Allocated once and filled repeatedly; the batches handed out are copies.

    Parameters
    ----------
    schema : FactorSchema
        The names of the records.
    stream_id : int
        Their stream.
    rows : int
        The largest number of records.

    """

    def __init__(self, schema: FactorSchema, stream_id: int, rows: int) -> None:
        self.rows: Final = rows
        self._schema, self._stream_id = schema, stream_id
        self._sequence = np.empty(rows, dtype=np.uint64)
        self._ts_event = np.empty(rows, dtype=np.int64)
        self._values = np.empty((rows, len(schema)))
        self.c: Final[Any] = ffi.new("struct region_batch *")
        self._borrowed = [
            ffi.from_buffer("uint64_t[]", self._sequence),
            ffi.from_buffer("int64_t[]", self._ts_event),
            ffi.from_buffer("double[]", self._values),
        ]
        self.c.sequence, self.c.ts_event, self.c.values = self._borrowed

    def take(self, ts_init: int) -> FactorBatch:
        """Return a copy of the records in the buffers, all with the given ``ts_init``."""
        n = self.c.count
        return FactorBatch(
            schema=self._schema,
            sequence=self._sequence[:n].copy(),
            ts_event=self._ts_event[:n].copy(),
            ts_init=np.full(n, ts_init, dtype=np.int64),
            values=self._values[:n].copy(),
            stream_id=self._stream_id,
        )
