"""FundingPlan: which funding a backtest books for each perpetual, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import CryptoPerpetual, InstrumentId, PerpetualContract

from adapters.catalog.reading.market.funding.engine_funding import (
    booked_within,
    bookings,
    heard,
)
from adapters.catalog.reading.market.funding.funding_tables import heard_rates, read_settlements
from adapters.catalog.reading.market.funding.settlements import FundingSettlements
from adapters.catalog.reading.market.market_tables import MarketTable, market_tables
from adapters.command.durations import show_duration
from adapters.command.instants import iso_instant, show_instant
from backtests.engine.funding_choice import FundingChoice
from backtests.engine.merged_chunks import StreamPiece
from backtests.inputs.funding.funding_coverage import are_hardly_fractions, holes
from backtests.inputs.funding.funding_factor import of_factor
from backtests.inputs.funding.funding_file import read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dolphin_strategies.factors.batch import FactorBatch

_PERPETUALS: Final = (CryptoPerpetual, PerpetualContract)
_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class PerpetualFunding:
    """The funding of one perpetual in a backtest.

    Attributes
    ----------
    instrument_id : InstrumentId
        The perpetual.
    found : FundingSettlements, optional
        Its settlements; None: there are none at all.
    table : MarketTable, optional
        The catalog's funding rates, if they are paid.
    prices, marks : tuple of MarketTable
        What moves its market, and its mark prices.
    window : tuple of int
        The backtest's window, half-open, UNIX nanoseconds.

    """

    instrument_id: InstrumentId
    found: FundingSettlements | None
    table: MarketTable | None
    prices: tuple[MarketTable, ...]
    marks: tuple[MarketTable, ...]
    window: tuple[int, int]

    @property
    def settlements(self) -> int:
        """The number of settlements in the window, while there is a market."""
        if self.found is None:
            return 0
        start_ns, end_ns = booked_within(self.prices, self.window)
        at = self.found.instants
        return int(((at > start_ns) & (at < end_ns)).sum())

    @property
    def holes(self) -> list[tuple[int, int]]:
        """The parts of the window in which settlements are missing, UNIX nanoseconds."""
        span = booked_within(self.prices, self.window)
        if self.found is None:
            return [span] if span[0] < span[1] else []
        return holes(self.found.instants, self.found.intervals_ns, span)

    def streams(self) -> list[Iterator[StreamPiece]]:
        """Return the data that books the funding, and the rates of which a strategy hears.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        return [] if self.found is None else [self._bookings(self.found), self._heard()]

    def _bookings(self, found: FundingSettlements) -> Iterator[StreamPiece]:
        made = bookings(self.instrument_id, found, self.prices, self.marks, self.window)
        if made.items:
            yield StreamPiece(made.ts, lambda i, j: made.items[i:j])

    def _heard(self) -> Iterator[StreamPiece]:
        for rows in () if self.table is None else heard_rates(self.table, *self.window):
            made = heard(self.instrument_id, rows)
            yield StreamPiece(made.ts, lambda i, j, made=made: made.items[i:j])  # type: ignore[misc]


@dataclass(frozen=True, kw_only=True)
class FundingPlan:
    """The funding of a backtest.

    Attributes
    ----------
    choice : FundingChoice
        Where the rates are from.
    perpetuals : tuple of PerpetualFunding
        One for each perpetual.

    """

    choice: FundingChoice = field(default_factory=FundingChoice)
    perpetuals: tuple[PerpetualFunding, ...] = ()

    def streams(self) -> list[Iterator[StreamPiece]]:
        """Return the data that books the funding, and of which strategies hear."""
        return [stream for p in self.perpetuals for stream in p.streams()]

    def lines(self) -> list[str]:
        """Return what the user must know, a line for each perpetual."""
        return [self._line(p) for p in self.perpetuals]

    def as_dict(self) -> dict[str, Any]:
        """Return the same for a file: by instrument the settlements, and the spans without."""
        return {
            p.instrument_id.value: {
                "origin": self.choice.text,
                "settlements": p.settlements,
                "missing": [[iso_instant(a), iso_instant(b)] for a, b in p.holes],
            }
            for p in self.perpetuals
        }

    def _line(self, one: PerpetualFunding) -> str:
        name, origin = one.instrument_id.value, _ORIGINS[self.choice.origin]
        if self.choice.origin == "none":
            return f"none, as asked: positions of {name} pay and receive nothing"
        if one.found is None:
            return f"none in {origin}: positions of {name} pay and receive nothing"
        text = f"{name}: {_counted(one.settlements, 'settlement')} of {origin}"
        if one.settlements and (steps := _steps(one.found, one.window)):
            text += f", every {steps}"
        if one.holes and not one.settlements:
            text = f"none in {origin} in this window: positions of {name} pay and receive nothing"
        elif one.holes:
            spans = [f"{show_instant(a)} to {show_instant(b)}" for a, b in one.holes]
            more = f" and {len(spans) - _SHOWN} more" if len(spans) > _SHOWN else ""
            text += f"; NONE from {', '.join(spans[:_SHOWN])}{more}: nothing is paid there"
        if one.found.unusable:
            text += (
                f"; {_counted(one.found.unusable, 'rate')} without interval and next funding "
                "time: not paid"
            )
        if are_hardly_fractions(one.found.rates):
            text += "; half of the rates are above 0.5 %: are they in percent?"
        return text


_ORIGINS: Final = {
    "auto": "the catalog",
    "none": "",
    "file": "the file",
    "factor": "the factor",
}


def funding_plan(  # noqa: PLR0913 - what a backtest has
    path: Path,
    choice: FundingChoice,
    instruments: Sequence[Any],
    window: tuple[int, int],
    *,
    prices: Callable[[str], Sequence[MarketTable]],
    records: Callable[[str, int, int], Iterator[FactorBatch]],
) -> FundingPlan:
    """Find the funding of a backtest.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    choice : FundingChoice
        Where the rates are from.
    instruments : sequence of Nautilus's instruments
        Those of the backtest, of which some may be perpetuals.
    window : tuple of int
        The backtest's window, half-open, UNIX nanoseconds.
    prices : callable
        Returns what moves the market of an instrument.
    records : callable
        Returns the records with a factor, from one instant to before another.

    Raises
    ------
    ConfigError
        If the file or the factor cannot be used, or a table cannot be read.
    UnknownFactorError
        If there is no such factor.

    """
    perpetuals = [i for i in instruments if isinstance(i, _PERPETUALS)]
    marks: list[MarketTable] = []
    found: dict[str, FundingSettlements] = {}
    paid: dict[str, MarketTable] = {}
    if perpetuals and choice.origin != "none":
        marks = market_tables(path, ("mark_prices",))
    if perpetuals and choice.origin == "auto":
        names = {i.id.value for i in perpetuals}
        for table in market_tables(path, ("funding_rates",)):
            if table.identifier in names:
                paid[table.identifier] = table
                found[table.identifier] = read_settlements(table, *window)
    elif choice.path is not None:
        only = perpetuals[0].id.value if len(perpetuals) == 1 else ""
        found = read_file(choice.path, only) if perpetuals else {}
    elif choice.origin == "factor":
        first_ns, last_ns = window[0] - choice.every.ns, window[1] + choice.every.ns
        batches = records(choice.factor, first_ns, last_ns)
        found = of_factor(batches, choice, perpetuals, window)
    return FundingPlan(
        choice=choice,
        perpetuals=tuple(
            PerpetualFunding(
                instrument_id=i.id,
                found=found.get(i.id.value),
                table=paid.get(i.id.value),
                prices=tuple(prices(i.id.value)),
                marks=tuple(t for t in marks if t.identifier == i.id.value),
                window=window,
            )
            for i in perpetuals
        ),
    )


def _steps(found: FundingSettlements, window: tuple[int, int]) -> str:
    # Those around the window are there too.
    is_inside = (found.instants >= window[0]) & (found.instants < window[1])
    steps = found.intervals_ns[is_inside & (found.intervals_ns > 0)]
    if not len(steps):
        steps = np.diff(found.instants)
        steps = steps[steps == np.median(steps)] if len(steps) else steps
    return ", ".join(show_duration(int(s)) for s in np.unique(steps)[::-1].tolist())


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
