"""Recomputation: computed factors over streams of market data, record by record."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.computing.record_maker import RecordMaker
from backtests.engine.merged_chunks import chunks
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backtests.engine.merged_chunks import Chunk, StreamPiece
    from dolphin_strategies.computed.factor_set import ComputedFactors


class Recomputation:
    """Gives recorded market data to computed factors, in the order of its ``ts_init``.

    There is a record at each instant of :class:`~adapters.computing.record_maker.RecordMaker`,
    made when all data of the instant is there, and one where an input becomes too old.

    Parameters
    ----------
    factors : ComputedFactors
        The factors, before any data.

    """

    def __init__(self, factors: ComputedFactors) -> None:
        self._factors: Final = factors
        self._maker: Final = RecordMaker(factors)
        self._stream_id: Final = stream_id_of(factors)
        self._payloads: list[bytes] = []
        self._ts_event: list[int] = []
        self._ts_init: list[int] = []
        self._sequence = 0

    def batches(
        self,
        streams: Sequence[Iterator[StreamPiece]],
        end_ns: int,
        rows: Callable[[], int],
        on_rows: Callable[[int, int], bool] = lambda _, __: True,
    ) -> Iterator[FactorBatch]:
        """Yield the records.

        Parameters
        ----------
        streams : sequence of iterators of StreamPiece
            The market data; data of one instant is taken in the order of the streams.
        end_ns : int
            Inputs may become too old until this instant, UNIX nanoseconds.
        rows : callable
            Returns how many rows are taken at once.
        on_rows : callable
            Called after each piece of work with its number of rows and its last ``ts_init``;
            returns whether to continue.

        """
        for chunk in chunks(streams, rows):
            self._take(chunk)
            yield from self._made()
            if not on_rows(chunk.rows, chunk.last_ns):
                return
        self._expire(end_ns)
        yield from self._made()

    def _take(self, chunk: Chunk) -> None:
        """Take over the rows of a span of time, which is never split at an instant."""
        items = [item for one in chunk.items for item in one]
        stamps = np.concatenate(chunk.stamps)
        order = np.argsort(stamps, kind="stable")
        stamps = stamps[order]
        # The first row of each instant, and the end.
        edges = np.flatnonzero(np.diff(stamps, prepend=-1, append=-1)).tolist()
        instants: list[int] = stamps[edges[:-1]].tolist()
        rows: list[int] = order.tolist()
        maker = self._maker
        update, evaluate, add = self._factors.update, maker.evaluate, self._add
        first = edges[0]
        for at_ns, end in zip(instants, edges[1:], strict=True):
            if maker.expiry_ns < at_ns:
                self._expire(at_ns)
            is_used = False
            for row in rows[first:end]:
                is_used |= update(items[row])
            first = end
            if is_used and evaluate(at_ns):
                add(at_ns)

    def _expire(self, until_ns: int) -> None:
        """Make the records of inputs that become too old before an instant."""
        while (expiry_ns := self._maker.expiry_ns) < until_ns:
            if self._maker.evaluate(expiry_ns):
                self._add(expiry_ns)

    def _add(self, at_ns: int) -> None:
        factors = self._factors
        self._payloads.append(factors.values.tobytes())
        self._ts_event.append(factors.ts_event)
        self._ts_init.append(at_ns)

    def _made(self) -> Iterator[FactorBatch]:
        n = len(self._ts_init)
        if not n:
            return
        first, schema = self._sequence + 1, self._factors.schema
        self._sequence += n
        values = np.frombuffer(b"".join(self._payloads), "<f8").reshape(n, len(schema))
        yield FactorBatch(
            schema=schema,
            sequence=np.arange(first, first + n, dtype=np.uint64),
            ts_event=np.array(self._ts_event, np.int64),
            ts_init=np.array(self._ts_init, np.int64),
            values=values,
            stream_id=self._stream_id,
        )
        self._payloads, self._ts_event, self._ts_init = [], [], []


def stream_id_of(factors: ComputedFactors) -> int:
    """Return a u64 that is the same for the same factors: their records are the same, too."""
    described: list[Any] = [
        (s.name, s.class_name, s.instruments, sorted(s.parameters.items()), s.low, s.high,
         s.time_to_live_s)
        for s in factors.specs
    ]  # fmt: skip
    return int.from_bytes(hashlib.blake2b(repr(described).encode(), digest_size=8).digest())
