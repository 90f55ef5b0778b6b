"""Quotes and trades as Arrow tables with Nautilus's own columns, exact to the last digit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from nautilus_trader.model import AggressorSide, InstrumentId, QuoteTick, TradeId, TradeTick

from dolphin_strategies.factors.arrow import column_of, numpy_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def quotes_folder(instrument_id: InstrumentId) -> str:
    """Return the folder of an instrument's quotes, relative to ``data``."""
    return f"quotes/{_folder_name(instrument_id)}"


def trades_folder(instrument_id: InstrumentId) -> str:
    """Return the folder of an instrument's trades, relative to ``data``."""
    return f"trades/{_folder_name(instrument_id)}"


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
        If its metadata lacks the instrument or the precisions.

    """
    instrument_id, price, size = _described(table.schema)
    names = ("bid_price", "ask_price", "bid_size", "ask_size")
    raws = [_integers(table.column(name)) for name in names]
    rows = zip(*raws, *_stamps(table), strict=True)
    return [
        QuoteTick.from_raw(instrument_id, bid, ask, price, price, bids, asks, size, size, *stamps)
        for bid, ask, bids, asks, *stamps in rows
    ]


def trades_from_arrow(table: pa.Table | pa.RecordBatch) -> list[TradeTick]:
    """Convert a table of one instrument's trades back.

    Raises
    ------
    ValueError
        If its metadata lacks the instrument or the precisions.

    """
    instrument_id, price, size = _described(table.schema)
    sides = [AggressorSide.from_str(s) for s in table.column("aggressor_side").to_pylist()]
    ids = [TradeId(i) for i in table.column("trade_id").to_pylist()]
    raws = [_integers(table.column(name)) for name in ("price", "size")]
    return [
        TradeTick.from_raw(instrument_id, p, price, s, size, side, trade_id, *stamps)
        for p, s, side, trade_id, *stamps in zip(*raws, sides, ids, *_stamps(table), strict=True)
    ]


def _folder_name(instrument_id: InstrumentId) -> str:
    return instrument_id.value.replace("/", "").replace("^", "_")


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


def _integers(column: pa.Array | pa.ChunkedArray) -> list[int]:
    """Return the unscaled integers of a decimal128 column."""
    found: list[int] = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        _, content = chunk.buffers()
        first = _RAW_BYTES * chunk.offset
        words = np.frombuffer(content, "<i8", 2 * len(chunk), first).reshape(-1, 2)
        low, high = words[:, 0].view(np.uint64).tolist(), words[:, 1].tolist()
        found += [(h << 64) + w for h, w in zip(high, low, strict=True)]
    return found


def _stamps(table: pa.Table | pa.RecordBatch) -> list[list[int]]:
    return [numpy_of(table.column(name)).tolist() for name in ("ts_event", "ts_init")]


def _described(schema: pa.Schema) -> tuple[InstrumentId, int, int]:
    metadata = {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}
    try:
        return (
            InstrumentId.from_str(metadata["instrument_id"]),
            int(metadata["price_precision"]),
            int(metadata["size_precision"]),
        )
    except KeyError as error:
        msg = f"metadata: expected {error.args[0]!r}, found {sorted(metadata)}"
        raise ValueError(msg) from None
