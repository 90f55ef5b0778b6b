"""The newest price of an instrument at given instants, from few row groups."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.reading.market.row_windows import row_spans
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from adapters.catalog.reading.market.market_tables import MarketTable

_COLUMNS: Final = {
    "quotes": ("bid_price", "ask_price"),
    "trades": ("price",),
    "bars": ("close",),
    "mark_prices": ("value",),
}


class NewestPrice(NamedTuple):
    """A price, and since when it was the newest.

    Attributes
    ----------
    ts_init : int
        UNIX nanoseconds.
    value : Decimal
        The price; of a quote the exact middle.

    """

    ts_init: int
    value: Decimal


def newest_prices(
    tables: Sequence[MarketTable], instants_ns: Sequence[int]
) -> list[NewestPrice | None]:
    """Return the newest price at each instant, one of the instant itself included.

    Parameters
    ----------
    tables : sequence of MarketTable
        Quotes, trades, bars or mark prices of one instrument; of prices of one instant that of
        the last table counts.
    instants_ns : sequence of int
        UNIX nanoseconds, rising.

    Returns
    -------
    list of NewestPrice or None
        One for each instant; None where no table has a price until then.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    found: list[NewestPrice | None] = [None] * len(instants_ns)
    for table in tables:
        try:
            groups = _groups(table)
            for i, at_ns in enumerate(instants_ns):
                price, other = _newest(table.kind, groups, at_ns), found[i]
                if price is not None and (other is None or price.ts_init >= other.ts_init):
                    found[i] = price
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            msg = (
                f"the {table.kind} of {table.identifier} cannot be read: {error}; "
                "`dolphin catalog DIR verify` names damaged files"
            )
            raise ConfigError(msg) from error
    return found


class _Group:
    """A row group of a file, read when it is needed."""

    __slots__ = ("_number", "_path", "first_ns", "last_ns", "rows")

    def __init__(self, path: Path, number: int, first_ns: int, last_ns: int) -> None:
        self._path, self._number = path, number
        self.first_ns, self.last_ns = first_ns, last_ns
        self.rows: tuple[NDArray[np.int64], list[Any]] | None = None

    def read(self, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], list[Any]]:
        """Return the stamps, in order, and the prices' columns."""
        if self.rows is None:
            with pq.ParquetFile(self._path) as file:
                table = file.read_row_group(
                    self._number, columns=["ts_init", *columns], use_threads=False
                )
            ts = numpy_of(table.column("ts_init"))
            if np.any(ts[1:] < ts[:-1]):
                order = np.argsort(ts, kind="stable")
                ts, table = ts[order], table.take(pa.array(order))
            self.rows = ts, [table.column(name) for name in columns]
        return self.rows


class _Groups(NamedTuple):
    firsts: list[int]
    groups: list[_Group]


def _groups(table: MarketTable) -> _Groups:
    found = []
    for path in table.files:
        with pq.ParquetFile(path) as file:
            spans = row_spans(file)
        found += [_Group(path, i, s.first_ns, s.last_ns) for i, s in enumerate(spans) if s.rows]
    found.sort(key=lambda g: (g.first_ns, g.last_ns))
    return _Groups([g.first_ns for g in found], found)


def _newest(kind: str, groups: _Groups, at_ns: int) -> NewestPrice | None:
    last = bisect_right(groups.firsts, at_ns) - 1
    best: NewestPrice | None = None
    for i in range(last, -1, -1):
        group = groups.groups[i]
        if best is not None and group.last_ns <= best.ts_init:
            break
        ts, columns = group.read(_COLUMNS[kind])
        row = int(np.searchsorted(ts, at_ns, side="right")) - 1
        if row >= 0 and (best is None or ts[row] > best.ts_init):
            values = [column[row].as_py() for column in columns]
            best = NewestPrice(int(ts[row]), sum(values, Decimal(0)) / len(values))
    for group in groups.groups[: max(last, 0)]:
        group.rows = None
    return best
