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

    from backtests.engine.merged_chunks import StreamPiece
    from backtests.inputs.computing.data_orders import DataOrder
    from dolphin_strategies.computed.factor_set import ComputedFactors


class Recomputation:
    """Gives recorded market data to computed factors, in the order of its ``ts_init``.

    There is a record at each instant of :class:`~adapters.computing.record_maker.RecordMaker`,
    made when a group of data is there, and one where an input becomes too old.

    Parameters
    ----------
    factors : ComputedFactors
        The factors, before any data.
    order : DataOrder
        In which order data is taken, and after which of it there may be a record.

    """

    def __init__(self, factors: ComputedFactors, order: DataOrder) -> None:
        self._factors: Final = factors
        self._order: Final = order
        self._maker: Final = RecordMaker(factors)
        self._stream_id: Final = stream_id_of(factors)
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
            The market data, with the items that the order takes.
        end_ns : int
            Inputs may become too old until this instant, UNIX nanoseconds.
        rows : callable
            Returns how many rows are taken at once.
        on_rows : callable
            Called after each piece of work with its number of rows and its last ``ts_init``;
            returns whether to continue.

        """
        maker, order = self._maker, self._order
        for chunk in chunks(streams, rows):
            maker.take(*order.of(chunk))
            yield from self._made()
            if not on_rows(chunk.rows, chunk.last_ns):
                return
        maker.take(*order.rest(end_ns))
        maker.expire(end_ns)
        yield from self._made()

    def _made(self) -> Iterator[FactorBatch]:
        schema = self._factors.schema
        rows = np.frombuffer(self._maker.take_rows(), "<i8").reshape(-1, 2 + len(schema))
        n = len(rows)
        if not n:
            return
        first = self._sequence + 1
        self._sequence += n
        yield FactorBatch(
            schema=schema,
            sequence=np.arange(first, first + n, dtype=np.uint64),
            ts_event=rows[:, 0].copy(),
            ts_init=rows[:, 1].copy(),
            values=rows[:, 2:].copy().view("<f8"),
            stream_id=self._stream_id,
        )


def stream_id_of(factors: ComputedFactors) -> int:
    """Return a u64 that is the same for the same factors: their records are the same, too."""
    described: list[Any] = [
        (s.name, s.class_name, s.instruments, sorted(s.parameters.items()), s.low, s.high,
         s.time_to_live_s)
        for s in factors.specs
    ]  # fmt: skip
    return int.from_bytes(hashlib.blake2b(repr(described).encode(), digest_size=8).digest())
