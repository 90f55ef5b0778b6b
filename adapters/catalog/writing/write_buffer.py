"""The rows that wait for the next flush into one folder of a recording, and their spool."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from dolphin_strategies.factors.arrow import STREAM_ID_KEY, to_arrow
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.catalog.files.spool import Spool
    from adapters.catalog.writing.recording_parts import RecordingParts


PENDING_BYTES: Final = 8 << 20
"""More bytes than this are flushed at once."""


class PendingTable:
    """The rows that wait for the next flush into one folder, and their spool.

    Parameters
    ----------
    folder : str
        Relative to the catalog's ``data``.
    parts : RecordingParts
        Begins and ends the spools.

    """

    def __init__(self, folder: str, parts: RecordingParts) -> None:
        self.folder: Final = folder
        self.spool: Spool | None = None
        self.started_at = 0.0
        self.pending_rows = 0
        self._pending_since = 0.0
        self._pending_bytes = 0
        self._parts: Final = parts
        self._factors: list[tuple[FactorBatch, Mapping[str, pa.Array]]] = []
        self._arrow: list[pa.RecordBatch] = []

    def is_due(self, flush_s: float) -> bool:
        """Return whether enough rows wait, or the oldest has waited for ``flush_s``."""
        return self.pending_rows > 0 and (
            self._pending_bytes >= PENDING_BYTES
            or time.monotonic() >= self._pending_since + flush_s
        )

    def spool_for(self, schema: pa.Schema) -> Spool:
        """Return the spool that takes rows of a schema; another schema begins a new part.

        Raises
        ------
        OSError
            If a new spool cannot be made.

        """
        if self.spool is not None and self.spool.schema.equals(schema, check_metadata=True):
            return self.spool
        self.end_part()
        self.spool = self._parts.begin(self.folder, schema)
        self.started_at = time.monotonic()
        return self.spool

    def end_part(self) -> None:
        """End the part that is written, if there is one."""
        if self.spool is not None:
            self._parts.end(self.spool)
            self.spool = None

    def fits(self, batch: FactorBatch, extra: Mapping[str, pa.Array] | None) -> bool:
        """Return whether factors can be flushed together with the waiting rows."""
        if not self._factors:
            return not self._arrow
        first, columns = self._factors[0]
        return (
            first.stream_id == batch.stream_id
            and first.schema == batch.schema
            and columns.keys() == (extra or {}).keys()
        )

    def fits_arrow(self, batch: pa.RecordBatch) -> bool:
        """Return whether rows of Arrow can be flushed together with the waiting rows."""
        if not self._arrow:
            return not self._factors
        return bool(self._arrow[0].schema.equals(batch.schema, check_metadata=True))

    def add_factors(self, batch: FactorBatch, extra: Mapping[str, pa.Array] | None) -> None:
        """Add factors, which fit, with further columns."""
        self._factors.append((batch, extra or {}))
        self._added(len(batch), batch.values.nbytes)

    def add_arrow(self, batch: pa.RecordBatch) -> None:
        """Add rows of Arrow, which fit."""
        self._arrow.append(batch)
        self._added(batch.num_rows, batch.nbytes)

    def take(self) -> pa.RecordBatch:
        """Return all waiting rows as one batch."""
        if self._factors:
            batch = to_arrow(_joined([b for b, _ in self._factors]))
            for name in self._factors[0][1]:
                column = pa.concat_arrays([extra[name] for _, extra in self._factors])
                batch = batch.append_column(pa.field(name, column.type, nullable=False), column)
        else:
            batch = pa.concat_batches(self._arrow)
        self._factors, self._arrow = [], []
        self.pending_rows = self._pending_bytes = 0
        return batch

    def _added(self, rows: int, size: int) -> None:
        if not self.pending_rows:
            self._pending_since = time.monotonic()
        self.pending_rows += rows
        self._pending_bytes += size


def _joined(batches: list[FactorBatch]) -> FactorBatch:
    if len(batches) == 1:
        return batches[0]
    arrays = {
        name: np.concatenate([getattr(b, name) for b in batches])
        for name in ("sequence", "ts_event", "ts_init", "values")
    }
    return FactorBatch(schema=batches[0].schema, stream_id=batches[0].stream_id, **arrays)


def without_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch without dictionaries, which a spool's messages cannot carry."""
    for i, field in enumerate(batch.schema):
        if pa.types.is_dictionary(field.type):
            column = batch.column(i).dictionary_decode()
            batch = batch.set_column(i, field.with_type(column.type), column)
    return batch


def last_of(batch: pa.RecordBatch) -> dict[str, Any]:
    """Return the stream and the last sequence of a batch of factors."""
    stream_id = (batch.schema.metadata or {}).get(STREAM_ID_KEY.encode())
    if stream_id is None:
        return {}
    return {"stream_id": stream_id.decode(), "last_sequence": batch.column("sequence")[-1].as_py()}
