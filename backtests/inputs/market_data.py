"""MarketData: the instruments, quotes, trades and bars of a catalog, in bounded pieces."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog.files.custom_tables import FOLDER
from adapters.catalog.files.delivered_tables import (
    delivered_from_arrow,
    rows_from_arrow,
)
from adapters.catalog.files.market_tables import (
    bars_from_arrow,
    deltas_from_arrow,
    quotes_from_arrow,
    trades_from_arrow,
)
from adapters.catalog.reading.market.market_tables import KINDS, Kind, MarketTable, market_tables
from adapters.catalog.reading.market.row_windows import read_window, windows
from backtests.engine.merged_chunks import StreamPiece
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    type ReadRows = Callable[[MarketTable, int, int], tuple[NDArray[np.int64], list[Any]]]
    """Reads the rows of a closed window, and their ``ts_init``."""

_DATA_TYPES: Final[dict[str, NautilusDataType]] = {
    "quotes": NautilusDataType.QuoteTick,
    "trades": NautilusDataType.TradeTick,
    "bars": NautilusDataType.Bar,
    "order_book_deltas": NautilusDataType.OrderBookDelta,
    "order_book_depths": NautilusDataType.OrderBookDepth,
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
        return market_tables(self._path, kinds)

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
        return self._pieces(self._rows, table, start_ns, end_ns, max_rows)

    def delivered_pieces(
        self, table: MarketTable, start_ns: int, end_ns: int, max_rows: int
    ) -> Iterator[StreamPiece]:
        """Yield the rows of a window as they were delivered; see :meth:`pieces`.

        The items are :class:`~adapters.catalog.files.delivered_tables.Delivered`, in the order of
        ``ts_init``; changes of a book that were delivered together are one.

        Raises
        ------
        ConfigError
            If a file cannot be read.

        """
        return self._pieces(_delivered_rows, table, start_ns, end_ns, max_rows)

    def _pieces(
        self, read: ReadRows, table: MarketTable, start_ns: int, end_ns: int, max_rows: int
    ) -> Iterator[StreamPiece]:
        """Yield what a reader makes of the rows of a window, piece by piece."""
        # A row group is decoded as a whole, again for each piece of it.
        max_rows = max(max_rows, max(s.rows for s in table.spans) // MOST_PIECES)
        for first_ns, last_ns in windows(table.spans, start_ns, end_ns, max_rows):
            try:
                ts, rows = read(table, first_ns, last_ns)
            except Exception as error:
                raise self._unreadable(table, error) from error
            if rows:
                yield StreamPiece(ts, lambda i, j, rows=rows: rows[i:j])  # type: ignore[misc]

    def _unreadable(self, table: MarketTable, error: Exception) -> ConfigError:
        return ConfigError(
            f"the {table.kind} of {table.identifier} cannot be read: {error}; "
            f"`dolphin catalog {self._path} verify` names damaged files"
        )

    def _rows(
        self, table: MarketTable, first_ns: int, last_ns: int
    ) -> tuple[NDArray[np.int64], list[Any]]:
        """Return the rows of a closed window and their ``ts_init``, those of one instant in the
        order of the files.

        Nautilus's query may reorder rows of one instant that are in two row groups, and its
        threads keep several hundred MB.
        """
        if table.kind.startswith(FOLDER):
            from_arrow: Callable[[pa.Table], list[Any]] | None = partial(
                rows_from_arrow, table.kind
            )
        else:
            from_arrow = _FROM_ARROW.get(table.kind)
        if from_arrow is None:
            query = self._catalog.query
            rows = query(_DATA_TYPES[table.kind], [table.identifier], first_ns, last_ns)
            return np.fromiter((row.ts_init for row in rows), np.int64, len(rows)), rows
        parts = list(read_window(table.files, first_ns, last_ns))
        ts = np.concatenate([numpy_of(p.column("ts_init")) for p in parts] or [_NO_STAMPS])
        rows = [row for part in parts for row in from_arrow(part)]
        if np.all(ts[1:] >= ts[:-1]):
            return ts, rows
        order = np.argsort(ts, kind="stable")
        return ts[order], [rows[i] for i in order.tolist()]


def _delivered_rows(
    table: MarketTable, first_ns: int, last_ns: int
) -> tuple[NDArray[np.int64], list[Any]]:
    """Return the rows of a closed window as they were delivered, and their ``ts_init``."""
    parts = read_window(table.files, first_ns, last_ns)
    rows = [row for part in parts for row in delivered_from_arrow(table.kind, part)]
    rows.sort(key=attrgetter("ts_init", "number"))
    return np.fromiter((row.ts_init for row in rows), np.int64, len(rows)), rows
