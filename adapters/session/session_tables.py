"""The bodies of a session's frames, converted into the tables of a catalog."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from nautilus_trader.model import AggressorSide, InstrumentId, QuoteTick, TradeId, TradeTick

from adapters.catalog.files.delivered_tables import funding_to_arrow
from adapters.catalog.files.market_tables import (
    delivery_columns,
    market_folder,
    quotes_folder,
    quotes_to_arrow,
    trades_folder,
    trades_to_arrow,
)
from adapters.session import wire_format
from dolphin_strategies import FactorSchema
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.catalog import RecordingWriter

CHECKSUM: Final = "delivery_crc32"
"""The column with each input's checksum, of exactly the bytes that the strategy received."""

_SEQUENCE_AT: Final = wire_format.STAMPS.size
_PAYLOAD_AT: Final = _SEQUENCE_AT + 8


def write_inputs(
    writer: RecordingWriter, kind: int, stream: dict[str, Any], bodies: list[bytes]
) -> None:
    """Write the inputs of one kind and stream, in the order of their numbers.

    Parameters
    ----------
    writer : RecordingWriter
        Receives the table.
    kind : int
        One of the input kinds of :mod:`adapters.session.wire_format`.
    stream : dict
        The stream's definition.
    bodies : list of bytes
        The bodies of the inputs' frames.

    """
    _WRITERS[kind](writer, stream, bodies)


def _columns(definition: dict[str, Any], bodies: list[bytes]) -> tuple[Any, dict[str, pa.Array]]:
    """Return the stamps of inputs, and the columns of their delivery."""
    head = wire_format.STAMPS.size
    stamps = np.frombuffer(b"".join([b[:head] for b in bodies]), "<i8").reshape(-1, 4)
    extra = delivery_columns(stamps[:, 0], stamps[:, 1])
    checksum = wire_format.checksum_of(definition)
    extra[CHECKSUM] = pa.array([checksum(body) for body in bodies], pa.uint32())
    return stamps, extra


def _write_factors(writer: RecordingWriter, stream: dict[str, Any], bodies: list[bytes]) -> None:
    stamps, extra = _columns(stream, bodies)
    schema = FactorSchema(stream["names"])
    sequences = b"".join([b[_SEQUENCE_AT:_PAYLOAD_AT] for b in bodies])
    payloads = b"".join([b[_PAYLOAD_AT:] for b in bodies])
    batch = FactorBatch(
        schema=schema,
        sequence=np.frombuffer(sequences, "<u8"),
        ts_event=stamps[:, 2],
        ts_init=stamps[:, 3],
        values=np.frombuffer(payloads, "<f8").reshape(len(bodies), len(schema)),
        stream_id=int(stream["stream_id"], 16),
    )
    writer.write_factors(batch, extra)


def _write_quotes(writer: RecordingWriter, stream: dict[str, Any], bodies: list[bytes]) -> None:
    stamps, extra = _columns(stream, bodies)
    instrument_id, price, size = _instrument(stream)
    quotes = []
    for body, (_, _, ts_event, ts_init) in zip(bodies, stamps.tolist(), strict=True):
        bid, ask, bids, asks = (_raw(body, i) for i in range(4))
        quotes.append(
            QuoteTick.from_raw(
                instrument_id, bid, ask, price, price, bids, asks, size, size, ts_event, ts_init
            )
        )
    writer.write_table(quotes_folder(instrument_id), quotes_to_arrow(quotes, extra))


def _write_trades(writer: RecordingWriter, stream: dict[str, Any], bodies: list[bytes]) -> None:
    stamps, extra = _columns(stream, bodies)
    instrument_id, price, size = _instrument(stream)
    at = wire_format.STAMPS.size + 2 * wire_format.RAW_BYTES
    trades = [
        TradeTick.from_raw(
            instrument_id,
            _raw(body, 0),
            price,
            _raw(body, 1),
            size,
            _SIDES[body[at]],
            TradeId(body[at + 1 :].decode()),
            ts_event,
            ts_init,
        )
        for body, (_, _, ts_event, ts_init) in zip(bodies, stamps.tolist(), strict=True)
    ]
    writer.write_table(trades_folder(instrument_id), trades_to_arrow(trades, extra))


def _write_funding(writer: RecordingWriter, stream: dict[str, Any], bodies: list[bytes]) -> None:
    stamps, extra = _columns(stream, bodies)
    name, head = stream["instrument_id"], wire_format.STAMPS.size
    rows = [
        (*json.loads(body[head:]), ts_event, ts_init)
        for body, (_, _, ts_event, ts_init) in zip(bodies, stamps.tolist(), strict=True)
    ]
    batch = funding_to_arrow(name, rows)
    for column, values in extra.items():
        batch = batch.append_column(pa.field(column, values.type, nullable=False), values)
    writer.write_table(market_folder("funding_rates", name), batch)


_WRITERS: Final[dict[int, Callable[[RecordingWriter, dict[str, Any], list[bytes]], None]]] = {
    wire_format.FACTORS: _write_factors,
    wire_format.HISTORY: _write_factors,
    wire_format.RELEASED: _write_factors,
    wire_format.QUOTE: _write_quotes,
    wire_format.TRADE: _write_trades,
    wire_format.FUNDING: _write_funding,
}
_SIDES: Final[dict[int, Any]] = {
    side.value: side
    for side in (AggressorSide.NO_AGGRESSOR, AggressorSide.BUY, AggressorSide.SELL)
}


def _instrument(stream: dict[str, Any]) -> tuple[InstrumentId, int, int]:
    instrument_id = InstrumentId.from_str(stream["instrument_id"])
    return instrument_id, stream["price_precision"], stream["size_precision"]


def _raw(body: bytes, index: int) -> int:
    at = wire_format.STAMPS.size + index * wire_format.RAW_BYTES
    return int.from_bytes(body[at : at + wire_format.RAW_BYTES], "little", signed=True)
