"""Everything that a spec imports, read into memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adapters.command.instants import show_instant
from backtests.importing.content.imported_instruments import Instrument, make_instrument
from backtests.importing.content.market_columns import MarketRows, read_market
from backtests.importing.content.publication import (
    Publication,
    instants_of,
    one_after_another,
    publish,
    sharing,
)
from backtests.importing.files.columns import numbers
from backtests.importing.files.rows import read_rows
from backtests.importing.spec.factor_file_spec import ColumnSpec
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backtests.importing.spec.factor_file_spec import FactorFileSpec
    from backtests.importing.spec.import_spec import ImportSpec


@dataclass(frozen=True, kw_only=True)
class ImportedFactor:
    """One factor of an import.

    Attributes
    ----------
    publication : Publication
        The values, and when each is known.
    specs : tuple of ColumnSpec
        The publication rules that were applied, one for each file, in the order of time.
    rows : int
        The number of rows of its files.
    path : Path
        The last of its files.

    """

    publication: Publication
    specs: tuple[ColumnSpec, ...]
    rows: int
    path: Path


@dataclass(frozen=True, kw_only=True)
class ImportContent:
    """The content that an import writes into a catalog.

    Attributes
    ----------
    factors : list of ImportedFactor
        In the order of the spec, which is also that of the schema.
    instants : int64 array of shape (records,)
        The instants at which records are published, UNIX nanoseconds, rising.
    market : list of MarketRows
        Those of one folder in order of time, without an overlap.
    instruments : list of Nautilus instruments
        The definitions for the catalog.

    """

    factors: list[ImportedFactor]
    instants: NDArray[np.int64]
    market: list[MarketRows]
    instruments: list[Instrument]

    @property
    def publications(self) -> list[Publication]:
        """The names of the factors, in order."""
        return [factor.publication for factor in self.factors]

    @property
    def rows(self) -> int:
        """The number of rows to write."""
        return len(self.instants) + sum(len(table.stamps) for table in self.market)

    def stream_id(self) -> int:
        """Return a hash of the factors, the same for every import of them; 0 without factors."""
        if not self.factors:
            return 0
        digest = hashlib.sha256()
        for p in self.publications:
            digest.update(p.factor.encode() + b"\n")
            for array in (p.known, p.expires, p.values):
                digest.update(np.ascontiguousarray(array))
        digest.update(self.instants)
        return int.from_bytes(digest.digest()[:8], "little") or 1


def read_content(spec: ImportSpec, data: Path, report: Callable[[str], None]) -> ImportContent:
    """Read every file of a spec.

    Parameters
    ----------
    spec : ImportSpec
        Describes the files.
    data : Path
        The folder to which the spec's paths are relative.
    report : callable
        Called with a line about each file.

    Raises
    ------
    ConfigError
        If a file does not match the spec.

    """
    factors = _joined(f for source in spec.files for f in _factors(data, source, report))
    window = spec.settings
    publications = [factor.publication for factor in factors]
    instants = instants_of(publications, window.start)
    instants = instants[window.holds(instants)]
    if factors and not len(instants):
        msg = "no factor changes between [import] start and end; look at both in the spec"
        raise ConfigError(msg)
    instruments = {i.id: make_instrument(i) for i in spec.instruments}
    market = []
    for source in spec.market:
        instrument = instruments[source.instrument or next(iter(instruments))]
        table = read_market(data, source, instrument, window)
        report(_line(source.path, f"{len(table.stamps):,} rows of {table.folder}", table.notes))
        market.append(table)
    return ImportContent(
        factors=factors,
        instants=instants,
        market=_in_order(market),
        instruments=list(instruments.values()),
    )


def _factors(
    data: Path, source: FactorFileSpec, report: Callable[[str], None]
) -> list[ImportedFactor]:
    rows = read_rows(data, source, list(source.columns))
    notes = list(rows.notes)
    factors: list[ImportedFactor] = []
    for name, column in source.columns.items():
        values = numbers(rows.table, name)
        infinite = np.isinf(values)
        if infinite.any():
            notes.append(f"{name}: {int(infinite.sum()):,} infinite values became NaN")
            values = np.where(infinite, np.nan, values)
        if column.range is not None:
            low, high = column.range
            outside = (values * column.scale < low) | (values * column.scale > high)
            if outside.any():
                notes.append(
                    f"{column.factor}: {int(outside.sum()):,} of {len(values):,} values outside "
                    f"{low:g} to {high:g} became NaN"
                )
                values = np.where(outside, np.nan, values)
        publication = publish(rows.stamps, values, column, rows.zone)
        publication = sharing(publication, (f.publication for f in factors[-1:]))
        factors.append(
            ImportedFactor(
                publication=publication,
                specs=(column,),
                rows=len(rows.stamps),
                path=source.path,
            )
        )
    report(_line(source.path, f"{len(rows.stamps):,} rows", notes))
    return factors


def _joined(factors: Iterable[ImportedFactor]) -> list[ImportedFactor]:
    """Join what one factor has in several files, each with its own rule, in the order of time.

    Raises
    ------
    ConfigError
        If a file's first value is known before the last one of the file before.

    """
    parts: dict[str, list[ImportedFactor]] = {}
    for factor in factors:
        parts.setdefault(factor.publication.factor, []).append(factor)
    return [_one_of(several) if len(several) > 1 else several[0] for several in parts.values()]


def _one_of(parts: list[ImportedFactor]) -> ImportedFactor:
    parts = sorted((p for p in parts if len(p.publication.known)), key=_first_known) or parts[:1]
    for one, other in pairwise(parts):
        last, first = one.publication.known[-1], other.publication.known[0]
        if last >= first:
            msg = (
                f"{one.publication.factor!r} is in {one.path} until {show_instant(last)} and in "
                f"{other.path} from {show_instant(first)} on, as the values become known; cut one "
                "of the files with start and end"
            )
            raise ConfigError(msg)
    return ImportedFactor(
        publication=one_after_another([p.publication for p in parts]),
        specs=tuple(spec for p in parts for spec in p.specs),
        rows=sum(p.rows for p in parts),
        path=parts[-1].path,
    )


def _first_known(factor: ImportedFactor) -> int:
    return int(factor.publication.known[0])


def _in_order(market: list[MarketRows]) -> list[MarketRows]:
    """Sort by folder and time; files of one folder may not overlap, Nautilus would refuse them."""
    market = sorted(market, key=lambda table: (table.folder, table.stamps[0]))
    for one, other in pairwise(market):
        if one.folder == other.folder and one.stamps[-1] >= other.stamps[0]:
            msg = (
                f"{one.path} and {other.path} both hold {one.folder} at "
                f"{show_instant(other.stamps[0])}; cut one of them with start and end, or read "
                'both as one with a pattern such as path = "trades_*.csv"'
            )
            raise ConfigError(msg)
    return market


def _line(path: Path, what: str, notes: Sequence[str]) -> str:
    return "; ".join([f"read {path}: {what}", *notes])
