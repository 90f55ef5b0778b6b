"""Rows of a table changed into other valid rows: mirrored or shuffled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_STAMPS: Final = ("ts_event", "ts_init", "sequence", "delivery_number", "delivered_ns")
"""Columns that stay unchanged: the time of a row is not concealed, only its content."""
_DIGITS: Final = 16
"""Decimals of Nautilus's fixed-point columns."""
_BUY: Final = "BUY"
_SELL: Final = "SELL"


class Mirror:
    """Mirrors the rows of one table at its last values before the instant.

    Parameters
    ----------
    kind : "factors", "quotes", "trades", "bars" or "other"
        The content of the table.

    """

    def __init__(self, kind: str) -> None:
        self._turn: Callable[[pa.Table], pa.Table] = getattr(self, f"_turn_{kind}")
        self._kind = kind
        self._pivot: dict[str, float] = {}

    def see(self, early: pa.Table) -> None:
        """Add unchanged rows: the last value of each column is its pivot."""
        for name, values in self._columns(early):
            known = values[~np.isnan(values)]
            if len(known):
                self._pivot[name] = float(known[-1])

    def see_first(self, late: pa.Table) -> None:
        """Add later rows, for the pivots of columns that had no value before."""
        for name, values in self._columns(late):
            known = values[~np.isnan(values)]
            if len(known):
                self._pivot.setdefault(name, float(known[0]))

    def turn(self, late: pa.Table) -> pa.Table:
        """Return the mirrored rows."""
        return self._turn(late)

    def _columns(self, table: pa.Table) -> list[tuple[str, NDArray[np.float64]]]:
        return [
            (field.name, _floats(table.column(field.name)))
            for field in table.schema
            if pa.types.is_floating(field.type) or pa.types.is_decimal(field.type)
        ]

    def _turn_factors(self, table: pa.Table) -> pa.Table:
        for name, values in self._columns(table):
            if name in self._pivot:
                table = _replaced(table, name, pa.array(2 * self._pivot[name] - values))
        return table

    def _turn_quotes(self, table: pa.Table) -> pa.Table:
        pivot = (self._pivot["bid_price"] + self._pivot["ask_price"]) / 2
        bid = _mirrored(pivot, table, "ask_price")
        ask = np.maximum(_mirrored(pivot, table, "bid_price"), bid + 1)
        sizes = table.column("bid_size"), table.column("ask_size")
        table = _replaced(table, "bid_price", _prices(bid, table))
        table = _replaced(table, "ask_price", _prices(ask, table))
        table = _replaced(table, "bid_size", sizes[1])
        return _replaced(table, "ask_size", sizes[0])

    def _turn_trades(self, table: pa.Table) -> pa.Table:
        price = _mirrored(self._pivot["price"], table, "price")
        side = table.column("aggressor_side")
        if pa.types.is_dictionary(side.type):
            side = side.cast(side.type.value_type)
        buys, sells = pc.equal(side, _BUY), pc.equal(side, _SELL)
        turned = pc.if_else(buys, _SELL, pc.if_else(sells, _BUY, side))
        return _replaced(
            _replaced(table, "price", _prices(price, table)), "aggressor_side", turned
        )

    def _turn_bars(self, table: pa.Table) -> pa.Table:
        pivot = self._pivot["close"]
        # The lowest price of a mirrored bar is its highest.
        sources = {"open": "open", "high": "low", "low": "high", "close": "close"}
        new = {name: _mirrored(pivot, table, source) for name, source in sources.items()}
        for name, ticks in new.items():
            table = _replaced(table, name, _prices(ticks, table))
        return table

    def _turn_other(self, table: pa.Table) -> pa.Table:
        """Reverse the order of the rows, for data of unknown kind."""
        return shuffled(table, np.random.default_rng(0))


def shuffled(table: pa.Table, random: np.random.Generator) -> pa.Table:
    """Shuffle the rows under the same stamps."""
    dealt = table.take(random.permutation(table.num_rows))
    for name in _STAMPS:
        if name in table.column_names:
            at = table.column_names.index(name)
            dealt = dealt.set_column(at, table.schema.field(name), table.column(name))
    return dealt


def changed_rows(table: pa.Table, scrambled: pa.Table) -> int:
    """Return how many rows of a table differ from those of another one of the same schema."""
    differs = np.zeros(table.num_rows, np.bool_)
    for name in table.column_names:
        differs |= _differs(table.column(name), scrambled.column(name))
    return int(differs.sum())


def _differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> NDArray[np.bool_]:
    if pa.types.is_floating(one.type):
        a, b = _floats(one), _floats(other)
        return np.asarray((a != b) & ~(np.isnan(a) & np.isnan(b)), np.bool_)
    if pa.types.is_nested(one.type):
        pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return np.fromiter((a != b for a, b in pairs), np.bool_, len(one))
    if pa.types.is_dictionary(one.type):
        one, other = (c.cast(c.type.value_type) for c in (one, other))
    is_other = pc.fill_null(pc.not_equal(one, other), fill_value=False)
    is_other = pc.or_(is_other, pc.xor(one.is_null(), other.is_null()))
    return np.asarray(is_other.to_numpy(), np.bool_)


def _precision(table: pa.Table) -> int:
    return int((table.schema.metadata or {}).get(b"price_precision", b"2"))


def _mirrored(pivot: float, table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return prices as far below the pivot as they were above, by ratio, in last decimals."""
    prices = _floats(table.column(name))
    unit = 10.0 ** _precision(table)
    return np.maximum(np.rint(pivot * pivot / prices * unit), 1).astype(np.int64)


def _prices(ticks: NDArray[np.int64], table: pa.Table) -> pa.Array:
    """Return positive numbers of last decimals as a decimal column."""
    words = np.zeros((len(ticks), 2), "<i8")
    words[:, 0] = ticks
    kind = pa.decimal128(38 - _DIGITS, _precision(table))
    made = pa.Array.from_buffers(kind, len(ticks), [None, pa.py_buffer(words.tobytes())])
    return made.cast(pa.decimal128(38, _DIGITS))


def _replaced(table: pa.Table, name: str, column: Any) -> pa.Table:
    at = table.column_names.index(name)
    field = table.schema.field(name)
    return table.set_column(at, field, column.cast(field.type))


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
