"""BackfillResult: what a run did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from backtests.importing.backfilling.archives.archive_file import Archive
from backtests.importing.backfilling.factors.factor_values import FactorValues
from backtests.importing.backfilling.market.conversion import Conversion
from backtests.importing.backfilling.market.instruments import Instruments
from backtests.importing.backfilling.running.backfill_plan import Planned
from backtests.importing.content.publication import Publication


@dataclass(kw_only=True)
class BackfillResult:
    """What a run did.

    Attributes
    ----------
    rows : int
        Rows read.
    market : Counter
        Rows of market data written, by folder.
    done : list of tuple
        The archives, with what became of each.
    failed : list of tuple
        Archives of which nothing was written, and why.
    records : int
        Records of factors in the catalog.
    publications : list of Publication
        All factors in the catalog.
    values : FactorValues
        What was found in the archives' values.
    instruments : Instruments
        The instruments.

    """

    values: FactorValues
    instruments: Instruments
    rows: int = 0
    market: Counter[str] = field(default_factory=Counter)
    done: list[tuple[Planned, Conversion]] = field(default_factory=list)
    failed: list[tuple[Archive, str]] = field(default_factory=list)
    records: int = 0
    publications: list[Publication] = field(default_factory=list)
