"""DrilledData: the data of a backtest with drills in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from adapters.catalog.reading.market.market_tables import KINDS
from backtests.inputs.backtest_data import BacktestData
from backtests.run.drills.drill import Drill
from backtests.run.drills.failures.factor_drills import drilled
from backtests.run.drills.failures.market_drills import drilled_market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from adapters.catalog.reading.market.market_tables import MarketTable
    from backtests.engine.merged_chunks import StreamPiece
    from dolphin_strategies.factors.batch import FactorBatch

_LAST: Final = ("lose_name", "feed_stop")


@dataclass(frozen=True, kw_only=True)
class DrilledData(BacktestData):
    """The data that a backtest replays, with failures in the drills' windows.

    Attributes
    ----------
    drills : tuple of Drill
        The drills.
    hits : int64 array of shape (drills,)
        How many records or rows of the replayed streams each drill has hit so far.

    """

    drills: tuple[Drill, ...]
    hits: NDArray[np.int64] = field(repr=False, compare=False)

    @classmethod
    def of(cls, data: BacktestData, drills: Sequence[Drill]) -> Self:
        """Put drills into the data of a backtest."""
        parts = {f.name: getattr(data, f.name) for f in dataclasses.fields(data)}
        return cls(**parts, drills=tuple(drills), hits=np.zeros(len(drills), np.int64))

    def batches(self) -> Iterator[FactorBatch]:
        return self._drilled(super().batches())

    def computed_batches(self) -> Iterator[FactorBatch]:
        return self._drilled(super().computed_batches())

    def all_batches(self, names: Sequence[str]) -> Iterator[FactorBatch]:
        """Yield some factors of the window as they are seen; one without its name has no value.

        For drawings: the drills count nothing.
        """
        for is_after_market in (False, True):
            seen = self._seen(self.start_ns, self.end_ns, names, is_after_market=is_after_market)
            yield from self._drilled(seen, is_drawn=True)

    def unpriced(self, instrument_id: str) -> list[tuple[int, int]]:
        return [
            (int(d.start), d.end_ns)
            for d in self.drills
            if d.kind == "market_gap" and d.hits_market(instrument_id)
        ]

    def pieces(self, table: MarketTable, max_rows: int) -> Iterator[StreamPiece]:
        pieces = super().pieces(table, max_rows)
        instrument = next(i for i in self.instruments if i.id == table.instrument_id)
        for number, drill in enumerate(self.drills):
            if table.kind in KINDS and drill.hits_market(str(table.instrument_id)):
                count = self._count(number)
                pieces = drilled_market(pieces, drill, instrument.price_increment, count)
        return pieces

    def _drilled(
        self, batches: Iterable[FactorBatch], *, is_drawn: bool = False
    ) -> Iterator[FactorBatch]:
        # Names are lost last: the other drills find the factors by them.
        for number in sorted(range(len(self.drills)), key=lambda i: self.drills[i].kind in _LAST):
            drill = self.drills[number]
            if is_drawn and drill.kind == "lose_name":
                drill = dataclasses.replace(drill, kind="nan")
            if not drill.is_of_market:
                batches = drilled(batches, drill, _ignore if is_drawn else self._count(number))
        for batch in batches:
            # What is held up to the window's end would come after the run's.
            end = int(np.searchsorted(batch.ts_init, self.end_ns))
            if end:
                yield batch[:end]

    def _count(self, number: int) -> Callable[[int], None]:
        return partial(self._hit, number)

    def _hit(self, number: int, rows: int) -> None:
        self.hits[number] += rows


def _ignore(rows: int) -> None:
    """Count nothing."""
