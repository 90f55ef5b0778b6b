"""FactorBatch: many records of one schema and one stream, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True, eq=False)
class FactorBatch:
    """Records in the order in which they were received; all arrays have the same length.

    Attributes
    ----------
    schema : FactorSchema
        The names of the columns of ``values``.
    sequence : uint64 array of shape (records,)
        The records' numbers at their publisher.
    ts_event : int64 array of shape (records,)
        UNIX nanoseconds, the producer's clock.
    ts_init : int64 array of shape (records,)
        UNIX nanoseconds, the clock of the process that received them.
    values : float64 array of shape (records, factors)
        C-contiguous; NaN: no value.
    stream_id : int
        u64, see :class:`~dolphin_strategies.factors.external_factors.ExternalFactors`.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    """

    schema: FactorSchema
    sequence: NDArray[np.uint64]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    values: NDArray[np.float64]
    stream_id: int = 0

    def __post_init__(self) -> None:
        expected = (len(self.sequence), len(self.schema))
        if self.values.shape != expected:
            msg = f"values: expected shape {expected}, found {self.values.shape}"
            raise ValueError(msg)
        for name in ("ts_event", "ts_init"):
            if len(getattr(self, name)) != expected[0]:
                msg = f"{name}: expected {expected[0]} stamps, found {len(getattr(self, name))}"
                raise ValueError(msg)

    @classmethod
    def of(cls, records: Sequence[ExternalFactors]) -> Self:
        """Make a batch of records.

        Raises
        ------
        ValueError
            If there are no records, or they have more than one schema or stream.

        """
        if not records:
            msg = "records: expected at least one ExternalFactors, found none"
            raise ValueError(msg)
        schema, stream_id = records[0].schema, records[0].stream_id
        if any(f.schema is not schema and f.schema != schema for f in records):
            msg = "records: expected one schema; make a batch of each schema by itself"
            raise ValueError(msg)
        if any(f.stream_id != stream_id for f in records):
            msg = "records: expected one stream_id; make a batch of each stream by itself"
            raise ValueError(msg)
        n = len(records)
        rows = np.frombuffer(b"".join([f.payload for f in records]), dtype="<f8")
        return cls(
            schema=schema,
            sequence=np.fromiter((f.sequence for f in records), np.uint64, n),
            ts_event=np.fromiter((f.ts_event for f in records), np.int64, n),
            ts_init=np.fromiter((f.ts_init for f in records), np.int64, n),
            values=rows.reshape(n, len(schema)),
            stream_id=stream_id,
        )

    def records(self) -> list[ExternalFactors]:
        """Return the records one by one."""
        schema, size, stream_id = self.schema, 8 * len(self.schema), self.stream_id
        payload = np.ascontiguousarray(self.values, dtype="<f8").tobytes()
        ts_event, ts_init = self.ts_event.tolist(), self.ts_init.tolist()
        # Equal stamps share one int object: a replay then touches less memory.
        ts_event = ts_init if ts_event == ts_init else ts_event
        rows = zip(
            range(0, size * len(self), size),
            ts_event,
            ts_init,
            self.sequence.tolist(),
            strict=True,
        )
        return [
            ExternalFactors(
                schema, payload[at : at + size], event_ns, init_ns, sequence, 0, stream_id
            )
            for at, event_ns, init_ns, sequence in rows
        ]

    def __len__(self) -> int:
        return len(self.sequence)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return the records of a slice, a mask or positions."""
        taken = {
            f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name in _PER_RECORD
        }
        return type(self)(schema=self.schema, stream_id=self.stream_id, **taken)


_PER_RECORD = frozenset({"sequence", "ts_event", "ts_init", "values"})
