"""BacktestData: the factors and market data of a backtest, read piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.catalog import FactorCatalog
from adapters.command.instants import iso_instant
from backtests.inputs.factor_coverage import FactorCoverage
from backtests.inputs.factor_delay import NO_DELAY, FactorDelay, delayed
from backtests.inputs.market_data import MarketData, MarketTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backtests.engine.merged_chunks import StreamPiece
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.schema import FactorSchema


@dataclass(frozen=True, kw_only=True)
class BacktestData:
    """The data that a backtest replays, read in pieces on demand.

    Attributes
    ----------
    path : Path
        The catalog's folder.
    instruments : list
        The tradable instruments.
    tables : list of MarketTable
        The market data, in the order in which it follows the factors at one instant.
    fill_on : str
        The kind of market data that moves the market against which orders are matched.
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds.
    recordings : list of str, optional
        Which recordings of factors; None: all.
    coverage : list of FactorCoverage
        The coverage of the required factors.
    show : tuple of str
        Factors to draw.
    delay : FactorDelay
        The delay after recording with which the factors are seen.

    """

    path: Path
    instruments: list[Any]
    tables: list[MarketTable]
    fill_on: str
    start_ns: int
    end_ns: int
    recordings: list[str] | None
    coverage: list[FactorCoverage]
    show: tuple[str, ...]
    delay: FactorDelay = NO_DELAY

    def batches(self, names: Sequence[str] | None = None) -> Iterator[FactorBatch]:
        """Yield the factors of the window as the strategy sees them, all or some of them."""
        return self._seen(self.start_ns, self.end_ns, names)

    def batches_before(self, span_ns: int) -> Iterator[FactorBatch]:
        """Yield the factors seen in a span of time before the window."""
        return self._seen(self.start_ns - span_ns, self.start_ns, None)

    def _seen(
        self, start_ns: int, end_ns: int, names: Sequence[str] | None
    ) -> Iterator[FactorBatch]:
        factors, delay = FactorCatalog(self.path), self.delay
        if not (delay.is_same_for_all or names):
            names = self.schema().names
        first_ns = start_ns - delay.longest_ns
        batches = factors.batches(first_ns, end_ns, recordings=self.recordings, names=names)
        return batches if delay == NO_DELAY else delayed(batches, delay, start_ns, end_ns)

    def market(self, max_rows: int) -> list[Iterator[StreamPiece]]:
        """Return the market data of the window, one stream for each table."""
        data = MarketData(self.path)
        return [data.pieces(t, self.start_ns, self.end_ns, max_rows) for t in self.tables]

    def describe(self) -> list[str]:
        """Return lines for the user: window, factors, coverage and market data."""
        tables = [f"{t.kind} of {t.identifier} ({t.rows:,} in its files)" for t in self.tables]
        return [
            f"{self.path}: {iso_instant(self.start_ns)} to {iso_instant(self.end_ns)}",
            f"  factors   {len(self.schema())}, "
            f"of {', '.join(self.recordings) if self.recordings else 'all recordings'}",
            *(f"  required  {covered}" for covered in self.coverage),
            f"  market    {', '.join(tables) or 'none: orders cannot be filled'}; "
            f"filled on {self.fill_on}",
        ]

    def schema(self) -> FactorSchema:
        """Return the names of all factors."""
        return FactorCatalog(self.path).schema(self.recordings)
