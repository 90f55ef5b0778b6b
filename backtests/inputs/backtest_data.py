"""BacktestData: the factors and market data of a backtest, read piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adapters.catalog import FactorCatalog
from adapters.catalog.files.journal import LOOKS_AHEAD
from adapters.catalog.reading.market.market_tables import MarketTable
from adapters.catalog.reading.market.presence.market_gaps import MarketPresence, market_presence
from adapters.catalog.reading.market.presence.market_statuses import market_statuses
from adapters.catalog.reading.market.presence.price_instants import price_tables
from adapters.command.instants import iso_instant
from backtests.engine.funding_choice import FundingChoice
from backtests.engine.merged_chunks import StreamPiece
from backtests.inputs.computing.computed_inputs import ComputedInputs
from backtests.inputs.factor_coverage import FactorCoverage
from backtests.inputs.factor_delay import NO_DELAY, FactorDelay, delayed
from backtests.inputs.funding.funding_plan import FundingPlan, funding_plan
from backtests.inputs.market_data import MarketData
from dolphin_strategies.errors import UnknownFactorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.schema import FactorSchema


type Pieces = Iterator[StreamPiece]
"""The rows of one table, piece by piece, as they are replayed."""


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
    computed : ComputedInputs, optional
        The factors, computed on the way from the market data instead of read; None: those of the
        recordings.
    price_ages : mapping of str to int or None
        How old each instrument's price may be for an order, nanoseconds; None: of any age.
    left_out : tuple of str
        What the catalog has outside the window, where factors or market are missing.
    funding_choice : FundingChoice
        Where the funding rates of perpetuals are from.
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
    computed: ComputedInputs | None = None
    price_ages: Mapping[str, int | None] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    funding_choice: FundingChoice = field(default_factory=FundingChoice)
    delay: FactorDelay = NO_DELAY

    def batches(self) -> Iterator[FactorBatch]:
        """Yield the factors that come before market data of their instant, as they are seen."""
        return self._seen(self.start_ns, self.end_ns, None, is_after_market=False)

    def computed_batches(self) -> Iterator[FactorBatch]:
        """Yield the factors that come after market data of their instant, as they are seen."""
        return self._seen(self.start_ns, self.end_ns, None, is_after_market=True)

    def all_batches(self, names: Sequence[str]) -> Iterator[FactorBatch]:
        """Yield some factors of the window as they are seen, one kind after the other."""
        for is_after_market in (False, True):
            yield from self._seen(
                self.start_ns, self.end_ns, names, is_after_market=is_after_market
            )

    def batches_before(self, span_ns: int) -> Iterator[FactorBatch]:
        """Yield the factors seen in a span of time before the window, one kind after the other."""
        for is_after_market in (False, True):
            yield from self._seen(
                self.start_ns - span_ns, self.start_ns, None, is_after_market=is_after_market
            )

    @cached_property
    def funding(self) -> FundingPlan:
        """The funding of the perpetuals among the instruments.

        Raises
        ------
        ConfigError
            If the file or the factor cannot be used, or a table cannot be read.
        UnknownFactorError
            If there is no such factor.

        """
        return funding_plan(
            self.path,
            self.funding_choice,
            self.instruments,
            (self.start_ns, self.end_ns),
            prices=self.prices,
            records=self.factor_between,
        )

    def factor_between(self, name: str, start_ns: int, end_ns: int) -> Iterator[FactorBatch]:
        """Yield the records with a factor as they were recorded or computed, kind after kind.

        Raises
        ------
        UnknownFactorError
            If there is no such factor.

        """
        if name not in self.schema():
            raise UnknownFactorError(name, self.schema())
        if self.computed is not None:
            yield from self.computed.window(start_ns, end_ns)
            return
        for is_after_market in (False, True):
            yield from self._recorded(start_ns, end_ns, [name], is_after_market=is_after_market)

    def _seen(
        self, start_ns: int, end_ns: int, names: Sequence[str] | None, *, is_after_market: bool
    ) -> Iterator[FactorBatch]:
        delay = self.delay
        first_ns = start_ns - delay.longest_ns
        if self.computed is None:
            batches = self._recorded(first_ns, end_ns, names, is_after_market=is_after_market)
        elif is_after_market:
            batches = self.computed.window(first_ns, end_ns)
        else:
            return iter(())
        return batches if delay == NO_DELAY else delayed(batches, delay, start_ns, end_ns)

    def _recorded(
        self, start_ns: int, end_ns: int, names: Sequence[str] | None, *, is_after_market: bool
    ) -> Iterator[FactorBatch]:
        factors = FactorCatalog(self.path)
        chosen = [
            r
            for r in factors.recordings()
            if r.is_after_market is is_after_market
            and (self.recordings is None or r.name in self.recordings)
        ]
        if not chosen:
            return iter(())
        known = {name for r in chosen for schema in r.schemas for name in schema}
        if not (self.delay.is_same_for_all or names):
            names = self.schema().names
        if names is not None:
            names = [name for name in names if name in known]
            if not names:
                return iter(())
        return factors.batches(start_ns, end_ns, recordings=[r.name for r in chosen], names=names)

    def prices(self, instrument_id: str) -> list[MarketTable]:
        """Return the market data that gives an instrument its price, in the order of delivery."""
        tables = [t for t in self.tables if t.instrument_id.value == instrument_id]
        return price_tables(tables, has_bars=self.fill_on == "bars")

    def unpriced(self, instrument_id: str) -> list[tuple[int, int]]:
        """Return the half-open windows in which an instrument's prices are not replayed."""
        return []

    def presences(self) -> list[MarketPresence]:
        """Find when each instrument's market is there, within the window.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        window = self.start_ns, self.end_ns
        return [
            market_presence(
                name, self.prices(name), window, max_age_ns, without=self.unpriced(name)
            )
            for name, max_age_ns in self.price_ages.items()
        ]

    def market(self, max_rows: int, presences: Sequence[MarketPresence] = ()) -> list[Pieces]:
        """Return the market data of the window, one stream for each table.

        Parameters
        ----------
        max_rows : int
            The approximate number of rows of a piece.
        presences : sequence of MarketPresence
            When the instruments' markets are there: what tells the engine so comes first.

        """
        streams = [self.pieces(table, max_rows) for table in self.tables]
        statuses = [s for p in presences for s in market_statuses(p, self.prices(p.instrument_id))]
        if not statuses:
            return streams
        statuses.sort(key=attrgetter("ts_init"))
        ts = np.fromiter((status.ts_init for status in statuses), np.int64, len(statuses))
        return [iter([StreamPiece(ts, lambda i, j: statuses[i:j])]), *streams]

    def pieces(self, table: MarketTable, max_rows: int) -> Pieces:
        """Return the rows of one table in the window, as they are replayed."""
        return MarketData(self.path).pieces(table, self.start_ns, self.end_ns, max_rows)

    def describe(self) -> list[str]:
        """Return lines for the user: window, factors, coverage and market data."""
        tables = [f"{t.kind} of {t.identifier} ({t.rows:,} in its files)" for t in self.tables]
        if self.computed is not None:
            origin = "computed on the way"
        elif self.recordings:
            origin = f"of {', '.join(self.recordings)}"
        else:
            origin = "of all recordings"
        return [
            f"{self.path}: {iso_instant(self.start_ns)} to {iso_instant(self.end_ns)}",
            f"  factors   {len(self.schema())}, {origin}",
            *(f"  required  {covered}" for covered in self.coverage),
            *(f"  WARNING   {found}" for found in self._looks_ahead()),
            f"  market    {', '.join(tables) or 'none: orders cannot be filled'}; "
            f"filled on {self.fill_on}",
            *(f"  left out  {line}" for line in self.left_out),
            *(f"  funding: {line}" for line in self.funding.lines()),
        ]

    def _looks_ahead(self) -> Iterator[str]:
        """Yield what imports say of factors that nobody knew at their instants."""
        for recording in FactorCatalog(self.path).recordings():
            if self.recordings is None or recording.name in self.recordings:
                _, mark, names = recording.source.partition(LOOKS_AHEAD)
                if mark:
                    yield f"{mark}{names}: later revisions, in recording {recording.name}"

    def schema(self) -> FactorSchema:
        """Return the names of all factors."""
        if self.computed is not None:
            return self.computed.schema
        return FactorCatalog(self.path).schema(self.recordings)
