"""ComputedInputs: the market data of a catalog that computed factors need."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog.files.custom_tables import FOLDER
from adapters.catalog.reading.market.market_tables import Kind, MarketTable
from adapters.command.causes import by_cause
from adapters.command.instants import iso_instant
from adapters.computing.asset_instruments import AssetInstruments
from adapters.session.recorded_inputs import session_instruments
from backtests.inputs.computing.book_changes import with_whole_changes
from backtests.inputs.computing.data_orders import DeliveryOrder, StampOrder
from backtests.inputs.computing.recomputation import Recomputation
from backtests.inputs.market_data import MarketData
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from backtests.inputs.computing.data_orders import DataOrder
    from dolphin_strategies.computed.inputs import Input
    from dolphin_strategies.factors.batch import FactorBatch

KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "quotes": ("quotes",),
    "trades": ("trades",),
    "book": ("order_book_deltas", "order_book_depths"),
    "mark": ("mark_prices",),
    "index": ("index_prices",),
    "funding": ("funding_rates",),
    "open_interest": ("custom/BinanceFuturesOpenInterest", "custom/HyperliquidOpenInterest"),
    "liquidations": ("custom/BinanceFuturesLiquidation", "custom/BybitLiquidation"),
    "volatility_index": ("custom/DeribitVolatilityIndex",),
}
"""The kind of an input → the kinds of table that may hold it, the first one there is read; in the
order of data of one instant."""

MIN_ROWS: Final = 10_000
"""The number of rows that are read at once, at least."""


@dataclass(frozen=True, kw_only=True)
class ComputedInputs:
    """Factors to compute, and their inputs in a catalog.

    Attributes
    ----------
    path : Path
        The catalog's folder.
    specs : tuple of ComputedSpec
        The factors whose inputs are there.
    tables : tuple of MarketTable
        Their market data, in the order in which data of one instant is taken.
    instruments : tuple
        The definitions of their instruments, as far as the catalog has them.
    left_out : tuple of str
        A sentence for each factor that cannot be computed.

    """

    path: Path
    specs: tuple[ComputedSpec, ...]
    tables: tuple[MarketTable, ...]
    instruments: tuple[Any, ...]
    left_out: tuple[str, ...]

    def reasons(self) -> list[str]:
        """Return the causes of ``left_out``, each with the names of its factors."""
        return by_cause(self.left_out)

    @property
    def schema(self) -> FactorSchema:
        """The names of the factors."""
        return FactorSchema(spec.name for spec in self.specs)

    @property
    def is_delivered(self) -> bool:
        """Whether the order in which a producer received all of the data is known."""
        return all(t.is_delivered for t in self.tables)

    @property
    def first_ns(self) -> int:
        """``ts_init`` of the earliest datum, UNIX nanoseconds."""
        return min(t.first_ns for t in self.tables)

    @property
    def end_ns(self) -> int:
        """The instant by which every input has become too old, UNIX nanoseconds."""
        life_ns = max(s.life_ns for s in self.specs)
        return max(t.last_ns for t in self.tables) + life_ns + 1

    def check_window(self, start_ns: int, end_ns: int) -> None:
        """Refuse a window, half-open, UNIX nanoseconds, in which there are no inputs.

        Raises
        ------
        ConfigError
            With the window and that of the inputs.

        """
        if max(start_ns, self.first_ns) >= min(end_ns, self.end_ns):
            msg = (
                f"expected a window in which there is market data, found {iso_instant(start_ns)} "
                f"to {iso_instant(end_ns)}; {self.path} has some from "
                f"{iso_instant(self.first_ns)} to {iso_instant(self.end_ns)}"
            )
            raise ConfigError(msg)

    def check_names(self, names: Iterable[str], who: str) -> None:
        """Refuse names that are not computed.

        Parameters
        ----------
        names : iterable of str
            Names of factors.
        who : str
            The user of the names, for the message.

        Raises
        ------
        ConfigError
            With the nearest name, or why the factor cannot be computed.

        """
        known = self.schema.names
        for name in names:
            if name not in known:
                why = [reason for reason in self.left_out if reason.startswith(f"{name}: ")]
                hint = f"; {why[0]}" if why else did_you_mean(name, known)
                msg = f"{who} factor {name!r}, which is not computed{hint}"
                raise ConfigError(msg)

    def batches(
        self,
        start_ns: int,
        end_ns: int,
        rows: Callable[[], int],
        on_rows: Callable[[int, int], bool] = lambda _, __: True,
    ) -> Iterator[FactorBatch]:
        """Compute from the data of a window, and yield the records.

        Parameters
        ----------
        start_ns, end_ns : int
            The window by ``ts_init``, half-open, UNIX nanoseconds.
        rows : callable
            Returns how many rows are taken at once.
        on_rows : callable
            Called after each piece of work with its number of rows and its last ``ts_init``;
            returns whether to continue.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        factors = ComputedFactors(self.specs)
        known = {str(i.id) for i in self.instruments}
        AssetInstruments(factors).find(
            self.instruments, {t.identifier for t in self.tables} - known
        )
        for instrument in self.instruments:
            factors.define(instrument)
        data, most = MarketData(self.path), max(rows(), MIN_ROWS)
        if self.is_delivered:
            streams = [data.delivered_pieces(t, start_ns, end_ns, most) for t in self.tables]
            order: DataOrder = DeliveryOrder()
        else:
            streams = [
                with_whole_changes(t, data.pieces(t, start_ns, end_ns, most)) for t in self.tables
            ]
            order = StampOrder()
        return Recomputation(factors, order).batches(streams, end_ns, rows, on_rows)

    def window(self, start_ns: int, end_ns: int) -> Iterator[FactorBatch]:
        """Compute from all data before an instant, and yield the records of a window.

        Values depend on all data before them: so they are those of a recording of everything.

        Parameters
        ----------
        start_ns, end_ns : int
            The window by ``ts_init``, half-open, UNIX nanoseconds.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        for batch in self.batches(self.first_ns, end_ns, lambda: MIN_ROWS):
            first, last = np.searchsorted(batch.ts_init, [start_ns, end_ns]).tolist()
            if first < last:
                yield batch[first:last]


def find_inputs(
    path: Path,
    specs: Sequence[ComputedSpec],
    instruments: Collection[str] | None = None,
    definitions: Iterable[Any] = (),
) -> ComputedInputs:
    """Find the inputs of computed factors in a catalog.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    specs : sequence of ComputedSpec
        The factors.
    instruments : collection of str, optional
        Only factors of these instruments; None: all.
    definitions : iterable of Nautilus's instruments, optional
        In place of those of the catalog.

    Raises
    ------
    ConfigError
        If none of the factors can be computed, with the reasons.

    """
    data = MarketData(path)
    tables = {(t.kind, t.identifier): t for t in data.tables(tuple(chain(*KINDS.values())))}
    held = (*data.instruments(), *session_instruments(path), *definitions)
    defined = {str(i.id): i for i in held}
    there = {t.identifier for t in tables.values()}
    _check_instruments(path, instruments, there)
    asked = ComputedFactors(specs)
    AssetInstruments(asked).find(
        [i for name, i in defined.items() if name in there], there - set(defined)
    )
    kept: list[ComputedSpec] = []
    needed: dict[tuple[Kind, str], None] = {}
    left_out: list[str] = []
    for spec in specs:
        actual = [str(asked.actual(name)) for name in spec.instruments]
        if instruments is not None and not set(actual) <= set(instruments):
            continue
        factor = spec.build()
        inputs = [i._replace(instrument_id=asked.actual(i.instrument_id)) for i in factor.inputs]
        places = {i: [p for p in _places(i) if p in tables][:1] for i in inputs}
        missing = [_missing(i, tables) for i, found in places.items() if not found]
        if factor.needs_definition:
            missing += [f"definition of {i}" for i in actual if i not in defined]
        if missing:
            left_out.append(f"{spec.name}: the catalog has no {' and no '.join(missing)}")
        else:
            kept.append(spec)
            needed |= dict.fromkeys(chain(*places.values()))
    if not kept:
        msg = f"{path}: no factor can be computed from its market data; {_reasons(left_out)}"
        raise ConfigError(msg)
    chosen = [tables[place] for place in tables if place in needed]
    ids = {t.identifier for t in chosen}
    return ComputedInputs(
        path=path,
        specs=tuple(kept),
        tables=tuple(chosen),
        instruments=tuple(i for name, i in defined.items() if name in ids),
        left_out=tuple(left_out),
    )


def _places(needed: Input) -> list[tuple[Kind, str]]:
    """Return the tables that may hold an input."""
    return [(kind, str(needed.instrument_id)) for kind in KINDS[needed.kind]]


def _missing(needed: Input, tables: Collection[tuple[Kind, str]]) -> str:
    """Return the description of a missing input, with the nearest instrument."""
    kinds = KINDS[needed.kind]
    what = (needed.kind if kinds[0].startswith(FOLDER) else kinds[0]).replace("_", " ")
    name = str(needed.instrument_id)
    return f"{what} of {name}{did_you_mean(name, [n for kind, n in tables if kind in kinds])}"


def _check_instruments(path: Path, asked: Collection[str] | None, known: set[str]) -> None:
    for name in asked or ():
        if name not in known:
            msg = (
                f"--instrument: {path} has no market data of {name!r}, only of "
                f"{', '.join(sorted(known)) or 'nothing'}"
            )
            raise ConfigError(msg)


def _reasons(left_out: list[str]) -> str:
    return "; ".join(by_cause(left_out)) or "no factor is of these instruments"
