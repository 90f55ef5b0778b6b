"""ResidentData: the data of a backtest whose rows stay in memory for the next one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from backtests.inputs.backtest_data import BacktestData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.catalog.reading.market.market_tables import MarketTable
    from adapters.catalog.reading.market.presence.market_gaps import MarketPresence
    from backtests.engine.merged_chunks import StreamPiece
    from dolphin_strategies.factors.batch import FactorBatch

MOST_ROWS: Final = 100_000
"""Rows, of market data and of factors, that a worker keeps; beyond, they are read again."""


class RowBudget:
    """How many rows may still be kept, over all windows of a worker."""

    def __init__(self, rows: int = MOST_ROWS) -> None:
        self.left = rows


@dataclass(frozen=True, kw_only=True)
class ResidentData(BacktestData):
    """The data that a backtest replays, read once and kept as far as there is room.

    Attributes
    ----------
    budget : RowBudget
        Shared by the windows of a worker.
    kept : dict
        What was read: pieces, batches and presences, by what they are of.

    """

    budget: RowBudget = field(repr=False, compare=False)
    kept: dict[Any, list[Any]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, data: BacktestData, budget: RowBudget) -> Self:
        """Keep the rows of the data of a backtest from the first run on."""
        parts = {f.name: getattr(data, f.name) for f in dataclasses.fields(data)}
        return cls(**parts, budget=budget)

    def pieces(self, table: MarketTable, max_rows: int) -> Iterator[StreamPiece]:
        name = table.kind, table.identifier
        read = super().pieces
        return self._kept(name, lambda: read(table, max_rows), lambda piece: len(piece.ts))

    def batches(self) -> Iterator[FactorBatch]:
        return self._kept("before", super().batches, len)

    def computed_batches(self) -> Iterator[FactorBatch]:
        return self._kept("after", super().computed_batches, len)

    def presences(self) -> list[MarketPresence]:
        found = self.kept.get("presences")
        if found is None:
            found = self.kept["presences"] = super().presences()
        return found

    def _kept(
        self, name: Any, read: Callable[[], Iterator[Any]], size: Callable[[Any], int]
    ) -> Iterator[Any]:
        """Yield what is kept under a name; else read it, and keep it if there is room."""
        found = self.kept.get(name)
        if found is not None:
            yield from found
            return
        taken: list[Any] | None = []
        rows = 0
        for part in read():
            if taken is not None:
                rows += size(part)
                taken.append(part)
                if rows > self.budget.left:
                    taken = None
            yield part
        if taken is not None:
            self.budget.left -= rows
            self.kept[name] = taken
