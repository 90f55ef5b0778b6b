"""Everything that a spec imports, read into memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adapters.catalog.files.journal import LOOKS_AHEAD
from adapters.command.instants import show_instant
from adapters.command.instruments.make_instrument import Instrument, make_instrument
from backtests.importing.content.factor_columns import (
    ImportedFactor,
    joined,
    read_factors,
    read_line,
)
from backtests.importing.content.market.funding_columns import read_funding
from backtests.importing.content.market.market_columns import MarketRows, read_market
from backtests.importing.content.states import instants_of
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backtests.importing.content.publication import Publication
    from backtests.importing.spec.import_spec import ImportSpec


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

    def described(self, spec: str) -> str:
        """Return the name of a spec, and which factors nobody knew at their instants."""
        names = [f.publication.factor for f in self.factors if f.looks_ahead]
        return f"{spec}, {LOOKS_AHEAD}{', '.join(names)}" if names else spec

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
    factors = joined(f for source in spec.files for f in read_factors(data, source, report))
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
        report(
            read_line(source.path, f"{len(table.stamps):,} rows of {table.folder}", table.notes)
        )
        market.append(table)
    for file in spec.funding:
        instrument = instruments[file.instrument or next(iter(instruments))]
        for table in read_funding(data, file, instrument, window):
            report(
                read_line(file.path, f"{len(table.stamps):,} rows of {table.folder}", table.notes)
            )
            market.append(table)
    return ImportContent(
        factors=factors,
        instants=instants,
        market=_in_order(market),
        instruments=list(instruments.values()),
    )


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
