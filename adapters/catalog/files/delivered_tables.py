"""Market data as it was delivered: rows of a catalog with their place in the order of delivery."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from nautilus_trader.model import (
    FundingRateUpdate,
    IndexPriceUpdate,
    InstrumentId,
    MarkPriceUpdate,
    OrderBookDeltas,
    Price,
)

from adapters.catalog.files import custom_tables
from adapters.catalog.files.market_tables import (
    DELIVERY_NUMBER,
    deltas_from_arrow,
    quotes_from_arrow,
    trades_from_arrow,
)
from dolphin_strategies.factors.arrow import column_of, numpy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import ArrayLike

RECORDING: Final = "market"
"""The name of a catalog's recording of delivered data: there is one, which each run continues."""
INSTANT: Final = "instant"
"""The column with the instant at which factors took a datum over: the newest ``ts_init`` of all
data until then, which never goes back; after the row's own ``ts_init`` if the datum was late."""
BURST: Final = "burst"
"""The column with the delivery number of the first datum of its burst, after which factors were
evaluated."""
_DELIVERY: Final = (DELIVERY_NUMBER, INSTANT, BURST)

_DIGITS: Final = 16
"""Of the fractions of Arrow's prices; without the point they are the ``raw`` of a Price."""
_EXACT: Final = Context(prec=40)
_TIME: Final = pa.timestamp("ns", tz="UTC")
_FUNDING: Final = pa.schema(
    [
        pa.field("rate", pa.string(), nullable=False),
        pa.field("interval", pa.uint64()),
        pa.field("next_funding_ns", _TIME),
        pa.field("ts_event", _TIME, nullable=False),
        pa.field("ts_init", _TIME, nullable=False),
    ]
)


class Delivered(NamedTuple):
    """A datum, and when it was delivered.

    Attributes
    ----------
    instant_ns : int
        The instant of which it is a part, UNIX nanoseconds.
    number : int
        Its place in the order of delivery.
    ts_init : int
        Its own, UNIX nanoseconds.
    burst : int
        The number of the first datum of its burst.
    datum : Any
        Of a type that computed factors take.

    """

    instant_ns: int
    number: int
    ts_init: int
    burst: int
    datum: Any


def with_delivery(
    batch: pa.RecordBatch, numbers: ArrayLike, instants_ns: ArrayLike, bursts: ArrayLike
) -> pa.RecordBatch:
    """Add the columns of the delivery.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Rows of market data.
    numbers : uint64 array of shape (rows,)
        The place of each row's datum in the order of delivery.
    instants_ns : int64 array of shape (rows,)
        Its instant, UNIX nanoseconds.
    bursts : uint64 array of shape (rows,)
        The number of the first datum of its burst.

    """
    for name, column in (
        (DELIVERY_NUMBER, column_of(np.asarray(numbers), pa.uint64())),
        (INSTANT, column_of(np.asarray(instants_ns), _TIME)),
        (BURST, column_of(np.asarray(bursts), pa.uint64())),
    ):
        batch = batch.append_column(pa.field(name, column.type, nullable=False), column)
    return batch


def is_delivered(names: Sequence[str]) -> bool:
    """Return whether a table with these columns has the order of delivery."""
    return set(_DELIVERY) <= set(names)


def funding_to_arrow(
    instrument_id: str, rows: Sequence[tuple[str, int | None, int | None, int, int]]
) -> pa.RecordBatch:
    """Make a batch of funding rates with Nautilus's columns, of which its catalog writes none.

    Parameters
    ----------
    instrument_id : str
        The instrument of all.
    rows : sequence of tuple
        The rate as text, the interval in minutes, the next funding time, ``ts_event`` and
        ``ts_init``, UNIX nanoseconds.

    """
    columns = [
        pa.array(column, pa.int64()).cast(field.type)
        if field.type != pa.string()
        else pa.array(column, pa.string())
        for column, field in zip(zip(*rows, strict=True), _FUNDING, strict=True)
    ]
    metadata = {"instrument_id": instrument_id, "type_name": FundingRateUpdate.__name__}
    return pa.RecordBatch.from_arrays(columns, schema=_FUNDING.with_metadata(metadata))


def delivered_from_arrow(kind: str, table: pa.Table) -> list[Delivered]:
    """Convert a table of one instrument back, in the order of ``ts_init``, then of delivery.

    Parameters
    ----------
    kind : str
        The folder of Nautilus's layout, such as ``quotes`` or ``custom/BybitLiquidation``.
    table : pyarrow.Table
        With the columns of the delivery; not empty.

    Raises
    ------
    ValueError
        If the metadata lacks the instrument or the precisions, or the kind is not known.

    """
    table = table.combine_chunks()
    numbers = numpy_of(table.column(DELIVERY_NUMBER))
    stamps = numpy_of(table.column("ts_init"))
    order = np.lexsort((numbers, stamps))
    if np.any(order[1:] < order[:-1]):
        table = table.take(pa.array(order))
        numbers = numbers[order]
    instants, inits = (numpy_of(table.column(name)).tolist() for name in (INSTANT, "ts_init"))
    places, bursts = numbers.tolist(), numpy_of(table.column(BURST)).tolist()
    data = rows_from_arrow(kind, table.drop_columns(list(_DELIVERY)))
    if kind == "order_book_deltas":
        firsts = np.flatnonzero(np.diff(numbers.astype(np.int64), prepend=-1)).tolist()
        whole = _whole_changes(data, firsts)
        return [
            Delivered(instants[i], places[i], datum.ts_init, bursts[i], datum)
            for i, datum in zip(firsts, whole, strict=True)
        ]
    return list(map(Delivered, instants, places, inits, bursts, data))


def rows_from_arrow(kind: str, table: pa.Table) -> list[Any]:
    """Convert a table of one instrument, without columns of the delivery, back row by row.

    Raises
    ------
    ValueError
        If the metadata lacks the instrument or the precisions, or the kind is not known.

    """
    if kind.startswith(custom_tables.FOLDER):
        return custom_tables.custom_from_arrow(kind.removeprefix(custom_tables.FOLDER), table)
    return _FROM_ARROW[kind](table)


def _whole_changes(deltas: list[Any], firsts: list[int]) -> Iterator[Any]:
    """Yield the changes of a book as they were delivered, each with its first delta's place."""
    for first, end in zip(firsts, [*firsts[1:], len(deltas)], strict=True):
        yield OrderBookDeltas(deltas[first].instrument_id, deltas[first:end])


def _prices_from_arrow(make: Callable[..., Any], table: pa.Table) -> list[Any]:
    instrument_id = _instrument_of(table)
    precision = int(_metadata_of(table, "price_precision"))
    raws = (int(value.scaleb(_DIGITS, _EXACT)) for value in table.column("value").to_pylist())
    return [
        make(instrument_id, Price.from_raw(raw, precision), *stamps)
        for raw, *stamps in zip(raws, *_stamps_of(table), strict=True)
    ]


def _funding_from_arrow(table: pa.Table) -> list[Any]:
    instrument_id = _instrument_of(table)
    rates = map(Decimal, table.column("rate").to_pylist())
    intervals = table.column("interval").to_pylist()
    nexts = table.column("next_funding_ns").cast(pa.int64()).to_pylist()
    return [
        FundingRateUpdate(instrument_id, rate, ts_event, ts_init, interval, at_ns)
        for rate, interval, at_ns, ts_event, ts_init in zip(
            rates, intervals, nexts, *_stamps_of(table), strict=True
        )
    ]


def _instrument_of(table: pa.Table) -> InstrumentId:
    return InstrumentId.from_str(_metadata_of(table, "instrument_id"))


def _metadata_of(table: pa.Table, name: str) -> str:
    found: dict[bytes, bytes] = table.schema.metadata or {}
    if name.encode() not in found:
        msg = f"metadata: expected {name!r}, found {sorted(found)}"
        raise ValueError(msg)
    return found[name.encode()].decode()


def _stamps_of(table: pa.Table) -> list[list[int]]:
    return [numpy_of(table.column(name)).tolist() for name in ("ts_event", "ts_init")]


_FROM_ARROW: Final[dict[str, Callable[[pa.Table], list[Any]]]] = {
    "quotes": quotes_from_arrow,
    "trades": trades_from_arrow,
    "order_book_deltas": deltas_from_arrow,
    "mark_prices": lambda table: _prices_from_arrow(MarkPriceUpdate, table),
    "index_prices": lambda table: _prices_from_arrow(IndexPriceUpdate, table),
    "funding_rates": _funding_from_arrow,
}
