"""MarketTable: the market data of a catalog of one kind and one instrument, and all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote

from nautilus_trader.model import BarType, InstrumentId

from adapters.catalog.files.delivered_tables import is_delivered
from adapters.catalog.reading.market.row_windows import RowSpan, read_footer

if TYPE_CHECKING:
    from collections.abc import Sequence

type Kind = Literal[
    "quotes",
    "trades",
    "bars",
    "order_book_deltas",
    "order_book_depths",
    "mark_prices",
    "index_prices",
    "funding_rates",
    "custom/BinanceFuturesOpenInterest",
    "custom/HyperliquidOpenInterest",
    "custom/BinanceFuturesLiquidation",
    "custom/BybitLiquidation",
    "custom/DeribitVolatilityIndex",
]
"""A folder of Nautilus's layout."""

KINDS: Final[tuple[Kind, ...]] = ("quotes", "trades", "bars")
"""The kinds in the order in which they are replayed at one instant."""


@dataclass(frozen=True)
class MarketTable:
    """The market data of a catalog of one kind and one instrument, bar type or index.

    Attributes
    ----------
    kind : Kind
        The kind of data.
    identifier : str
        The instrument, the bar type, or the index.
    files : tuple of Path
        Its files, sorted by name.
    spans : tuple of RowSpan
        The spans of its rows, in the order of their first instants.
    is_delivered : bool
        Whether every row has its place in the order of delivery: it was recorded of a producer.

    """

    kind: Kind
    identifier: str
    files: tuple[Path, ...]
    spans: tuple[RowSpan, ...]
    is_delivered: bool = False

    @cached_property
    def instrument_id(self) -> InstrumentId:
        """The instrument of the data, which is of no index."""
        if self.kind == "bars":
            return BarType.from_str(self.identifier).instrument_id
        return InstrumentId.from_str(self.identifier)

    @property
    def first_ns(self) -> int:
        """``ts_init`` of the earliest row, UNIX nanoseconds."""
        return min(s.first_ns for s in self.spans)

    @property
    def last_ns(self) -> int:
        """``ts_init`` of the latest row, UNIX nanoseconds."""
        return max(s.last_ns for s in self.spans)

    @property
    def rows(self) -> int:
        """The number of rows in all files."""
        return sum(s.rows for s in self.spans)


def market_tables(path: Path, kinds: Sequence[Kind] = KINDS) -> list[MarketTable]:
    """Return the tables of market data in a catalog.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    kinds : sequence of Kind
        The kinds wanted, in the order of the result.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    found: list[MarketTable] = []
    for kind in kinds:
        for folder in sorted((path / "data" / kind).glob("*/")):
            spans: list[RowSpan] = []
            has_delivery = True
            identifier = unquote(folder.name)
            files = tuple(sorted(folder.glob("*.parquet")))
            for file in files:
                file_spans, named, columns = read_footer(file)
                spans += file_spans
                has_delivery &= is_delivered(columns)
                identifier = named.get(
                    "bar_type" if kind == "bars" else "instrument_id", identifier
                )
            if spans:
                spans.sort(key=lambda s: (s.first_ns, s.last_ns))
                found.append(MarketTable(kind, identifier, files, tuple(spans), has_delivery))
    return found
