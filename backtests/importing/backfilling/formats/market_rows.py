"""Columns of archives as rows of Nautilus's market data."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.catalog.files.delivered_tables import funding_to_arrow
from adapters.catalog.files.market_tables import market_folder
from backtests.importing.backfilling.formats.exact_decimals import (
    DECIMAL,
    are_positive,
    exact_decimals,
)
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

type Columns = Mapping[str, pa.ChunkedArray]

_TIME: Final = pa.timestamp("ns", tz="UTC")
_SIDES: Final = pa.array(["BUY", "SELL"])
_HOUR_NS: Final = 3_600_000_000_000
_JITTER_NS: Final = 60_000_000_000
"""How far the stamp of a funding may lie from the time of its settlement."""
_MICROSECONDS_FROM: Final = 10**14
"""Stamps of milliseconds reach this in the year 5138, those of microseconds did in 1973."""
_NANOSECONDS_FROM: Final = 10**17
_MILLISECONDS_FROM: Final = 10**11


def stamps_ns(stamps: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """Return stamps in seconds, milli-, micro- or nanoseconds as UNIX nanoseconds.

    Parameters
    ----------
    stamps : pyarrow.Array
        Whole numbers; each is read in the unit in which it lies between 1973 and 5138.

    Raises
    ------
    ValueError
        If there is an empty cell.

    """
    if stamps.null_count:
        msg = "an empty stamp"
        raise ValueError(msg)
    values: NDArray[np.int64] = numpy_of(stamps)
    if not len(values):
        return values
    low, high = _factor_ns(int(values.min())), _factor_ns(int(values.max()))
    if low == high:
        return np.asarray(values * low)
    factors = np.full(len(values), 1_000_000_000)
    for limit, factor in _UNITS[1:]:
        factors[values >= limit] = factor
    return np.asarray(values * factors)


_UNITS: Final = (
    (0, 1_000_000_000),
    (_MILLISECONDS_FROM, 1_000_000),
    (_MICROSECONDS_FROM, 1_000),
    (_NANOSECONDS_FROM, 1),
)


def _factor_ns(stamp: int) -> int:
    return next(factor for limit, factor in reversed(_UNITS) if stamp >= limit or not limit)


def trade_rows(
    instrument_id: str, at_ns: NDArray[np.int64], columns: Columns
) -> tuple[str, pa.RecordBatch]:
    """Return trades of one instrument, and their folder.

    Parameters
    ----------
    instrument_id : str
        The instrument.
    at_ns : int64 array of shape (rows,)
        UNIX nanoseconds: ``ts_event`` and ``ts_init``.
    columns : mapping of str to pyarrow.ChunkedArray
        ``price`` and ``size``, decimals, in the quote currency and in what the instrument's
        quantities are; ``is_sell``, boolean, whether the taker sold: the buyer is the maker;
        ``trade_id``, text.

    """
    rows = {
        "price": _decimals(columns["price"]),
        "size": _decimals(columns["size"]),
        "aggressor_side": pa.DictionaryArray.from_arrays(
            _one(columns["is_sell"]).cast(pa.int8()), _SIDES
        ),
        "trade_id": _one(columns["trade_id"]),
    }
    return market_folder("trades", instrument_id), _batch(rows, at_ns)


def quote_rows(
    instrument_id: str,
    init_ns: NDArray[np.int64],
    columns: Columns,
    event_ns: NDArray[np.int64] | None = None,
) -> tuple[str, pa.RecordBatch]:
    """Return quotes of one instrument, and their folder.

    Parameters
    ----------
    instrument_id : str
        The instrument.
    init_ns : int64 array of shape (rows,)
        UNIX nanoseconds: ``ts_init``.
    event_ns : int64 array of shape (rows,), optional
        UNIX nanoseconds: ``ts_event``; the same by default.
    columns : mapping of str to pyarrow.ChunkedArray
        ``bid_price``, ``ask_price``, ``bid_size``, ``ask_size``, decimals.

    """
    names = ("bid_price", "ask_price", "bid_size", "ask_size")
    rows = {name: _decimals(columns[name]) for name in names}
    return market_folder("quotes", instrument_id), _batch(rows, init_ns, event_ns)


def bar_rows(
    instrument_id: str, span: str, end_ns: NDArray[np.int64], columns: Columns
) -> tuple[str, pa.RecordBatch]:
    """Return bars of one instrument, and their folder.

    Parameters
    ----------
    instrument_id : str
        The instrument.
    span : str
        The span of a bar as Nautilus names it, such as ``1-MINUTE``.
    end_ns : int64 array of shape (rows,)
        UNIX nanoseconds: the end of each bar.
    columns : mapping of str to pyarrow.ChunkedArray
        ``open``, ``high``, ``low``, ``close``, ``volume``, decimals.

    """
    names = ("open", "high", "low", "close", "volume")
    rows = {name: _decimals(columns[name]) for name in names}
    name = f"{instrument_id}-{span}-LAST-EXTERNAL"
    return market_folder("bars", name), _batch(rows, end_ns)


def funding_rows(
    instrument_id: str,
    at_ns: NDArray[np.int64],
    rates: Sequence[str],
    interval_minutes: NDArray[np.int64],
) -> tuple[str, pa.RecordBatch]:
    """Return settled funding rates of one instrument, and their folder.

    Parameters
    ----------
    instrument_id : str
        The instrument.
    at_ns : int64 array of shape (rows,)
        UNIX nanoseconds: when each was settled. The stamps of exchanges are up to seconds late;
        each becomes the full hour, at which the engine books it: it books nothing that is not
        stamped with the very time of a settlement.
    rates : sequence of str
        Fractions of the notional for one interval, exact.
    interval_minutes : int64 array of shape (rows,)
        The interval of each.

    """
    hours = (at_ns + _HOUR_NS // 2) // _HOUR_NS * _HOUR_NS
    at_ns = np.where(np.abs(hours - at_ns) <= _JITTER_NS, hours, at_ns)
    rows = [
        (str(Decimal(rate)), minutes, None, at, at)
        for rate, minutes, at in zip(rates, interval_minutes.tolist(), at_ns.tolist(), strict=True)
    ]
    return market_folder("funding_rates", instrument_id), funding_to_arrow(instrument_id, rows)


def in_time_order(at_ns: NDArray[np.int64], table: pa.Table) -> tuple[NDArray[np.int64], pa.Table]:
    """Return stamps and rows in the order of time; those of one instant keep their order."""
    if np.all(at_ns[1:] >= at_ns[:-1]):
        return at_ns, table
    order = np.argsort(at_ns, kind="stable")
    return at_ns[order], table.take(pa.array(order))


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    # combine_chunks() copies a single one as well.
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _decimals(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    array = _one(column)
    return array if array.type == DECIMAL else exact_decimals(array)


def positive(*columns: pa.ChunkedArray | pa.Array) -> pa.Array | None:
    """Return which rows are above 0 in every column; None: all are."""
    arrays = [_one(column) for column in columns]
    if all(array.type == DECIMAL and are_positive(array) for array in arrays):
        return None
    masks = [
        pc.fill_null(pc.greater(array, pa.scalar(0, array.type)), fill_value=False)
        for array in arrays
    ]
    every = masks[0]
    for mask in masks[1:]:
        every = pc.and_(every, mask)
    return None if pc.all(every).as_py() or not len(every) else every


def _batch(
    columns: dict[str, pa.Array],
    init_ns: NDArray[np.int64],
    event_ns: NDArray[np.int64] | None = None,
) -> pa.RecordBatch:
    inits = pa.array(init_ns).cast(_TIME)
    events = inits if event_ns is None else pa.array(event_ns).cast(_TIME)
    columns |= {"ts_event": events, "ts_init": inits}
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=pa.schema(fields))
