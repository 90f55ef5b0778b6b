"""MarketData: the instruments, quotes, trades and bars of a catalog, in bounded pieces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader.model import BarType, InstrumentId, NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog.files.catalog_layout import file_range
from adapters.catalog.files.market_tables import (
    bars_from_arrow,
    deltas_from_arrow,
    quotes_from_arrow,
    trades_from_arrow,
)
from backtests.engine.merged_chunks import StreamPiece
from backtests.inputs.row_windows import RowSpan, windows
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

type Kind = Literal[
    "quotes",
    "trades",
    "bars",
    "order_book_deltas",
    "mark_prices",
    "index_prices",
    "funding_rates",
]
"""A folder of Nautilus's layout."""

KINDS: Final[tuple[Kind, ...]] = ("quotes", "trades", "bars")
"""The kinds in the order in which they are replayed at one instant."""
_DATA_TYPES: Final[dict[Kind, NautilusDataType]] = {
    "quotes": NautilusDataType.QuoteTick,
    "trades": NautilusDataType.TradeTick,
    "bars": NautilusDataType.Bar,
    "order_book_deltas": NautilusDataType.OrderBookDelta,
    "mark_prices": NautilusDataType.MarkPriceUpdate,
    "index_prices": NautilusDataType.IndexPriceUpdate,
    "funding_rates": NautilusDataType.FundingRateUpdate,
}
_FROM_ARROW: Final[dict[str, Callable[[pa.Table], list[Any]]]] = {
    "quotes": quotes_from_arrow,
    "trades": trades_from_arrow,
    "bars": bars_from_arrow,
    "order_book_deltas": deltas_from_arrow,
}
MOST_PIECES: Final = 16
"""Pieces into which a row group is cut, at most."""
_NO_STAMPS: Final = np.empty(0, np.int64)


@dataclass(frozen=True)
class MarketTable:
    """The market data of a catalog of one kind and one instrument or bar type.

    Attributes
    ----------
    kind : Kind
        The kind of data.
    identifier : str
        The instrument, or the bar type.
    instrument_id : InstrumentId
        The instrument of the data.
    files : tuple of Path
        Its files, sorted by name.
    spans : tuple of RowSpan
        The spans of its rows, in the order of their first instants.

    """

    kind: Kind
    identifier: str
    instrument_id: InstrumentId
    files: tuple[Path, ...]
    spans: tuple[RowSpan, ...]

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


class MarketData:
    """Read the market data of a catalog in NautilusTrader's layout.

    Parameters
    ----------
    path : Path
        The catalog's folder.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._catalog = ParquetDataCatalog(str(path))

    def instruments(self) -> list[Any]:
        """Return the newest definition of each instrument in the catalog.

        Raises
        ------
        ConfigError
            If the definitions cannot be read.

        """
        try:
            found = self._catalog.instruments()
        except Exception as error:
            msg = f"the instruments of {self._path} cannot be read: {error}"
            raise ConfigError(msg) from error
        newest = {str(i.id): i for i in sorted(found, key=lambda i: i.ts_init)}
        return list(newest.values())

    def tables(self, kinds: Sequence[Kind] = KINDS) -> list[MarketTable]:
        """Return the tables of market data in the catalog.

        Parameters
        ----------
        kinds : sequence of Kind
            The kinds wanted, in the order of the result.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        found: list[MarketTable] = []
        for kind in kinds:
            for folder in sorted((self._path / "data" / kind).glob("*/")):
                spans: list[RowSpan] = []
                identifier = unquote(folder.name)
                files = tuple(sorted(folder.glob("*.parquet")))
                for file in files:
                    file_spans, named = _read_footer(file)
                    spans += file_spans
                    identifier = named.get(
                        "bar_type" if kind == "bars" else "instrument_id", identifier
                    )
                if spans:
                    owner = (
                        BarType.from_str(identifier).instrument_id
                        if kind == "bars"
                        else InstrumentId.from_str(identifier)
                    )
                    spans.sort(key=lambda s: (s.first_ns, s.last_ns))
                    found.append(MarketTable(kind, identifier, owner, files, tuple(spans)))
        return found

    def pieces(
        self, table: MarketTable, start_ns: int, end_ns: int, max_rows: int
    ) -> Iterator[StreamPiece]:
        """Yield the rows of a window.

        Parameters
        ----------
        table : MarketTable
            The table.
        start_ns, end_ns : int
            The window by ``ts_init``, half-open, UNIX nanoseconds.
        max_rows : int
            The approximate number of rows of a piece.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        # A row group is decoded as a whole, again for each piece of it.
        max_rows = max(max_rows, max(s.rows for s in table.spans) // MOST_PIECES)
        for first_ns, last_ns in windows(table.spans, start_ns, end_ns, max_rows):
            try:
                ts, rows = self._rows(table, first_ns, last_ns)
            except Exception as error:
                msg = (
                    f"the {table.kind} of {table.identifier} cannot be read: {error}; "
                    f"`python -m adapters.catalog {self._path} verify` names damaged files"
                )
                raise ConfigError(msg) from error
            if rows:
                yield StreamPiece(ts, lambda i, j, rows=rows: rows[i:j])  # type: ignore[misc]

    def _rows(
        self, table: MarketTable, first_ns: int, last_ns: int
    ) -> tuple[NDArray[np.int64], list[Any]]:
        """Return the rows of a closed window and their ``ts_init``, those of one instant in the
        order of the files.

        Nautilus's query may reorder rows of one instant that are in two row groups, and its
        threads keep several hundred MB.
        """
        from_arrow = _FROM_ARROW.get(table.kind)
        if from_arrow is None:
            query = self._catalog.query
            rows = query(_DATA_TYPES[table.kind], [table.identifier], first_ns, last_ns)
            return np.fromiter((row.ts_init for row in rows), np.int64, len(rows)), rows
        parts = list(_read_window(table.files, first_ns, last_ns))
        ts = np.concatenate([numpy_of(p.column("ts_init")) for p in parts] or [_NO_STAMPS])
        rows = [row for part in parts for row in from_arrow(part)]
        if np.all(ts[1:] >= ts[:-1]):
            return ts, rows
        order = np.argsort(ts, kind="stable")
        return ts[order], [rows[i] for i in order.tolist()]


def _read_window(files: Sequence[Path], first_ns: int, last_ns: int) -> Iterator[pa.Table]:
    """Yield the rows of a closed window, file by file; no empty table."""
    for path in files:
        named = file_range(path.name)
        if named is not None and (named[1] < first_ns or named[0] > last_ns):
            continue
        with pq.ParquetFile(path) as file:
            groups = [
                i
                for i, span in enumerate(_spans(file))
                if span.first_ns <= last_ns and span.last_ns >= first_ns
            ]
            # On this thread: the memory of others is not given back.
            rows = file.read_row_groups(groups, use_threads=False)
            rows = rows.replace_schema_metadata(file.schema_arrow.metadata)
        ts = numpy_of(rows.column("ts_init"))
        is_inside = (first_ns <= ts) & (ts <= last_ns)
        if not is_inside.all():
            rows = rows.filter(pa.array(is_inside))
        if rows.num_rows:
            yield rows


def _spans(file: pq.ParquetFile) -> list[RowSpan]:
    """Return the spans of a Parquet file's row groups; an empty one overlaps no window."""
    column = file.schema_arrow.names.index("ts_init")
    spans = []
    for i in range(file.num_row_groups):
        group = file.metadata.row_group(i)
        if group.num_rows:
            stamps = group.column(column).statistics
            spans.append(RowSpan(stamps.min_raw, stamps.max_raw, group.num_rows))
        else:
            spans.append(RowSpan(0, -1, 0))
    return spans


def _read_footer(path: Path) -> tuple[list[RowSpan], dict[str, str]]:
    """Return the spans of a Parquet file's row groups, and its schema's metadata.

    Raises
    ------
    ConfigError
        If the file cannot be read.

    """
    try:
        file = pq.ParquetFile(path)
        spans = [span for span in _spans(file) if span.rows]
        metadata = file.schema_arrow.metadata or {}
    except (OSError, pa.ArrowException, ValueError, AttributeError) as error:
        msg = (
            f"{path} cannot be read as market data: {error}; "
            "`python -m adapters.catalog DIR verify` finds damaged files"
        )
        raise ConfigError(msg) from None
    return spans, {k.decode(): v.decode() for k, v in metadata.items() if k != b"ARROW:schema"}
