"""Market data as Arrow tables with Nautilus's own columns, exact to the last digit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from nautilus_trader.persistence import (
    BarDataWrangler,
    OrderBookDeltaDataWrangler,
    QuoteTickDataWrangler,
    TradeTickDataWrangler,
)

from dolphin_strategies.factors.arrow import column_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nautilus_trader.model import Bar, InstrumentId, OrderBookDelta, QuoteTick, TradeTick
    from numpy.typing import ArrayLike

DELIVERY_NUMBER: Final = "delivery_number"
DELIVERED_NS: Final = "delivered_ns"

_FIXED_POINT: Final = pa.decimal128(38, 16)
"""Its unscaled integer is the ``raw`` of a Price or Quantity."""
_RAW_BYTES: Final = 16
_TIME: Final = pa.timestamp("ns", tz="UTC")
_TIMES: Final = (
    pa.field("ts_event", _TIME, nullable=False),
    pa.field("ts_init", _TIME, nullable=False),
)
_QUOTE_FIELDS: Final = (
    *(
        pa.field(name, _FIXED_POINT, nullable=False)
        for name in ("bid_price", "ask_price", "bid_size", "ask_size")
    ),
    *_TIMES,
)
_TRADE_FIELDS: Final = (
    pa.field("price", _FIXED_POINT, nullable=False),
    pa.field("size", _FIXED_POINT, nullable=False),
    pa.field("aggressor_side", pa.string(), nullable=False),
    pa.field("trade_id", pa.string(), nullable=False),
    *_TIMES,
)
_BAR_COLUMNS: Final = ("open", "high", "low", "close", "volume", "ts_event", "ts_init")
_DELTA_COLUMNS: Final = (
    *("action", "side", "price", "size", "order_id", "flags", "sequence"),
    *("ts_event", "ts_init"),
)


def market_folder(kind: str, name: str) -> str:
    """Return the folder of an instrument's or an index's data of a kind, relative to ``data``."""
    return f"{kind}/{name.replace('/', '').replace('^', '_')}"


def quotes_folder(instrument_id: InstrumentId) -> str:
    """Return the folder of an instrument's quotes, relative to ``data``."""
    return market_folder("quotes", instrument_id.value)


def trades_folder(instrument_id: InstrumentId) -> str:
    """Return the folder of an instrument's trades, relative to ``data``."""
    return market_folder("trades", instrument_id.value)


def delivery_columns(numbers: ArrayLike, delivered_ns: ArrayLike) -> dict[str, pa.Array]:
    """Return the two delivery columns of a node's recording, for ``write_factors(extra=)``."""
    return {
        DELIVERY_NUMBER: column_of(np.asarray(numbers), pa.uint64()),
        DELIVERED_NS: column_of(np.asarray(delivered_ns), _TIME),
    }


def quotes_to_arrow(
    quotes: Sequence[QuoteTick], extra: dict[str, pa.Array] | None = None
) -> pa.RecordBatch:
    """Convert quotes of one instrument into a batch.

    Parameters
    ----------
    quotes : sequence of QuoteTick
        At least one, all of one instrument and of one precision.
    extra : dict of str to pyarrow.Array, optional
        Further columns: :func:`delivery_columns`.

    Raises
    ------
    ValueError
        If there are no ticks, or they differ in instrument or precision.

    """
    described = _one(
        (q.instrument_id, p.precision, s.precision)
        for q in quotes
        for p, s in ((q.bid_price, q.bid_size), (q.ask_price, q.ask_size))
    )
    columns = [
        _raws(q.bid_price.raw for q in quotes),
        _raws(q.ask_price.raw for q in quotes),
        _raws(q.bid_size.raw for q in quotes),
        _raws(q.ask_size.raw for q in quotes),
    ]
    return _batch(quotes, columns, _QUOTE_FIELDS, described, extra)


def trades_to_arrow(
    trades: Sequence[TradeTick], extra: dict[str, pa.Array] | None = None
) -> pa.RecordBatch:
    """Convert trades of one instrument into a batch; see :func:`quotes_to_arrow`.

    Raises
    ------
    ValueError
        If there are no ticks, or they differ in instrument or precision.

    """
    described = _one((t.instrument_id, t.price.precision, t.size.precision) for t in trades)
    columns = [
        _raws(t.price.raw for t in trades),
        _raws(t.size.raw for t in trades),
        pa.array([t.aggressor_side.name for t in trades], pa.string()),
        pa.array([t.trade_id.value for t in trades], pa.string()),
    ]
    return _batch(trades, columns, _TRADE_FIELDS, described, extra)


def quotes_from_arrow(table: pa.Table | pa.RecordBatch) -> list[QuoteTick]:
    """Convert a table of one instrument's quotes back.

    Raises
    ------
    ValueError
        If its metadata lacks the instrument or the precisions, or a column is missing.

    """
    return _rows(QuoteTickDataWrangler, table, [f.name for f in _QUOTE_FIELDS])


def trades_from_arrow(table: pa.Table | pa.RecordBatch) -> list[TradeTick]:
    """Convert a table of one instrument's trades back; errors as for :func:`quotes_from_arrow`."""
    return _rows(TradeTickDataWrangler, table, [f.name for f in _TRADE_FIELDS])


def bars_from_arrow(table: pa.Table | pa.RecordBatch) -> list[Bar]:
    """Convert a table of bars of one type back; errors as for :func:`quotes_from_arrow`."""
    return _rows(BarDataWrangler, table, _BAR_COLUMNS, "bar_type")


def deltas_from_arrow(table: pa.Table | pa.RecordBatch) -> list[OrderBookDelta]:
    """Convert a table of one instrument's changes of its book back; errors likewise."""
    return _rows(OrderBookDeltaDataWrangler, table, _DELTA_COLUMNS)


def _one(described: Iterable[tuple[InstrumentId, int, int]]) -> tuple[InstrumentId, int, int]:
    found = list(dict.fromkeys(described))
    if len(found) != 1:
        msg = (
            f"expected ticks of one instrument and one precision, found {len(found)}: {found[:4]}"
        )
        raise ValueError(msg)
    return found[0]


def _batch(
    ticks: Sequence[Any],
    columns: list[pa.Array],
    fields: tuple[pa.Field, ...],
    described: tuple[InstrumentId, int, int],
    extra: dict[str, pa.Array] | None,
) -> pa.RecordBatch:
    for name in ("ts_event", "ts_init"):
        stamps = np.fromiter((getattr(t, name) for t in ticks), np.int64, len(ticks))
        columns.append(column_of(stamps, _TIME))
    more = [pa.field(name, column.type, nullable=False) for name, column in (extra or {}).items()]
    metadata = {
        "instrument_id": described[0].value,
        "price_precision": str(described[1]),
        "size_precision": str(described[2]),
        "type_name": type(ticks[0]).__name__,
    }
    schema = pa.schema([*fields, *more], metadata=metadata)
    return pa.RecordBatch.from_arrays([*columns, *(extra or {}).values()], schema=schema)


def _raws(values: Iterable[int]) -> pa.Array:
    content = b"".join([v.to_bytes(_RAW_BYTES, "little", signed=True) for v in values])
    buffers = [None, pa.py_buffer(content)]
    return pa.Array.from_buffers(_FIXED_POINT, len(content) // _RAW_BYTES, buffers)


def _rows(
    wrangler: Callable[[str, int, int], Any],
    table: pa.Table | pa.RecordBatch,
    columns: Sequence[str],
    owner: str = "instrument_id",
) -> list[Any]:
    """Return what Nautilus's own decoder makes of the columns that it knows."""
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    missing = [key for key in (owner, "price_precision", "size_precision") if key not in metadata]
    missing += [name for name in columns if name not in table.schema.names]
    if missing:
        msg = f"expected {missing[0]!r}, found {sorted(metadata)} and {table.schema.names}"
        raise ValueError(msg)
    if not table.num_rows:
        return []
    chosen, sink = table.select(columns), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, chosen.schema) as stream:
        stream.write(chosen)
    decoder = wrangler(
        metadata[owner], int(metadata["price_precision"]), int(metadata["size_precision"])
    )
    rows: list[Any] = decoder.process_record_batch_bytes(sink.getvalue().to_pybytes())
    return rows
