"""The wire format in which a node sends its strategy's inputs to the session writer.

A frame is ``[u32 length of the rest][u8 kind][u16 stream][body]``, little-endian. The body of an
input begins with its delivery number (u64) and delivery time (u64), then the input's own
``ts_event`` and ``ts_init`` (i64); what follows depends on its kind, see the ``pack`` functions.
A stream is defined once, before its first input: DEFINE, with the stream's number and JSON.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nautilus_trader.model import FundingRateUpdate, QuoteTick, TradeTick

    from dolphin_strategies import ExternalFactors

FACTORS: Final = 1
QUOTE: Final = 2
TRADE: Final = 3
HISTORY: Final = 4
"""A historical record that a strategy received before its first live one."""
RELEASED: Final = 5
"""The live record that was held back until the history was complete."""
FUNDING: Final = 6
DEFINE: Final = 10
LINE: Final = 11
"""A decision, an execution event, or another line of JSON; its stream is 0."""
HEADER: Final = 12
"""JSON for ``session.json``, added to earlier HEADER frames; its stream is 0."""

KIND_NAMES: Final = {
    FACTORS: "factors",
    QUOTE: "quotes",
    TRADE: "trades",
    HISTORY: "history",
    RELEASED: "released",
    FUNDING: "funding_rates",
}
HEAD: Final = struct.Struct("<IBH")
STAMPS: Final = struct.Struct("<QQqq")
_SEQUENCE: Final = struct.Struct("<Q")
RAW_BYTES: Final = 16
"""Nautilus's raw prices and quantities are 128-bit integers."""

_AFTER_LENGTH: Final = HEAD.size - 4
_pack_factors = struct.Struct("<IBHQQqqQ").pack
_FACTORS_SIZE: Final = _AFTER_LENGTH + STAMPS.size + _SEQUENCE.size
_pack_ticks = struct.Struct("<IBHQQqq").pack
_QUOTE_SIZE: Final = _AFTER_LENGTH + STAMPS.size + 4 * RAW_BYTES
_TRADE_SIZE: Final = _AFTER_LENGTH + STAMPS.size + 2 * RAW_BYTES + 1


class Frame(NamedTuple):
    """One unpacked frame."""

    kind: int
    stream: int
    body: bytes


def pack_define(stream: int, definition: dict[str, Any]) -> bytes:
    """Pack the definition of a stream."""
    return pack_json(DEFINE, stream, definition)


def pack_line(line: dict[str, Any]) -> bytes:
    """Pack a decision, an execution event, or another occurrence."""
    return pack_json(LINE, 0, line)


def pack_json(kind: int, stream: int, values: dict[str, Any]) -> bytes:
    """Pack a frame of JSON.

    Parameters
    ----------
    kind : int
        The kind of the frame.
    stream : int
        The number of its stream; 0 for none.
    values : dict
        The object.

    """
    body = json.dumps(values).encode()
    return HEAD.pack(_AFTER_LENGTH + len(body), kind, stream) + body


def unpack(buffer: bytearray) -> Iterator[Frame]:
    """Yield the whole frames at a buffer's beginning and remove them from it."""
    at, end = 0, len(buffer)
    while at + HEAD.size <= end:
        length, kind, stream = HEAD.unpack_from(buffer, at)
        after = at + 4 + length
        if after > end:
            break
        yield Frame(kind, stream, bytes(buffer[at + HEAD.size : after]))
        at = after
    del buffer[:at]


def checksum_of(definition: dict[str, Any]) -> Callable[[bytes], int]:
    """Return a function that computes the CRC-32 of a stream's definition and an input's body."""
    begun = zlib.crc32(json.dumps(definition).encode())
    return lambda body: zlib.crc32(body, begun)


class Packer:
    """Packs inputs into frames, and numbers their streams in the order of appearance.

    Parameters
    ----------
    on_new : callable
        Called with a new stream's number and definition before its number is used.

    """

    def __init__(self, on_new: Callable[[int, dict[str, Any]], None]) -> None:
        self._on_new: Final = on_new
        self._numbers: dict[Any, int] = {}
        self._factors: tuple[Any, int, int] = (None, 0, 0)

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> bytes:
        """Pack FACTORS, HISTORY or RELEASED: the stamps, the sequence (u64), the payload.

        Parameters
        ----------
        kind : int
            The kind of the frame.
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        f : ExternalFactors
            The record.

        """
        schema, stream_id, stream = self._factors
        if f.schema is not schema or f.stream_id != stream_id:
            stream = self._factor_stream(f)
        payload = f.payload
        return (
            _pack_factors(
                _FACTORS_SIZE + len(payload),
                kind,
                stream,
                number,
                delivered_ns,
                f.ts_event,
                f.ts_init,
                f.sequence,
            )
            + payload
        )

    def quote(self, number: int, delivered_ns: int, quote: QuoteTick) -> bytes:
        """Pack QUOTE: the stamps, then the raw bid and ask prices, bid and ask sizes (i128).

        Parameters
        ----------
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        quote : QuoteTick
            The quote.

        """
        bid, ask = quote.bid_price, quote.ask_price
        bid_size, ask_size = quote.bid_size, quote.ask_size
        key = (QUOTE, quote.instrument_id, bid.precision, bid_size.precision)
        stream = self._numbers.get(key) or self._market_stream(key, "quotes")
        head = _pack_ticks(
            _QUOTE_SIZE, QUOTE, stream, number, delivered_ns, quote.ts_event, quote.ts_init
        )
        return head + b"".join(
            (
                bid.raw.to_bytes(RAW_BYTES, "little", signed=True),
                ask.raw.to_bytes(RAW_BYTES, "little", signed=True),
                bid_size.raw.to_bytes(RAW_BYTES, "little"),
                ask_size.raw.to_bytes(RAW_BYTES, "little"),
            )
        )

    def trade(self, number: int, delivered_ns: int, trade: TradeTick) -> bytes:
        """Pack TRADE: the stamps, the raw price and size (i128), the aggressor (u8), the id.

        Parameters
        ----------
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        trade : TradeTick
            The trade.

        """
        price, size = trade.price, trade.size
        key = (TRADE, trade.instrument_id, price.precision, size.precision)
        stream = self._numbers.get(key) or self._market_stream(key, "trades")
        trade_id = str(trade.trade_id).encode()
        head = _pack_ticks(
            _TRADE_SIZE + len(trade_id),
            TRADE,
            stream,
            number,
            delivered_ns,
            trade.ts_event,
            trade.ts_init,
        )
        return head + b"".join(
            (
                price.raw.to_bytes(RAW_BYTES, "little", signed=True),
                size.raw.to_bytes(RAW_BYTES, "little"),
                trade.aggressor_side.value.to_bytes(1, "little"),
                trade_id,
            )
        )

    def funding(self, number: int, delivered_ns: int, rate: FundingRateUpdate) -> bytes:
        """Pack FUNDING: the stamps, then JSON: rate, interval in minutes, next funding time.

        Parameters
        ----------
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        rate : FundingRateUpdate
            The rate.

        """
        instrument_id = rate.instrument_id
        stream = self._numbers.get((FUNDING, instrument_id)) or self._stream(
            (FUNDING, instrument_id), kind="funding_rates", instrument_id=str(instrument_id)
        )
        rest = json.dumps([str(rate.rate), rate.interval, rate.next_funding_ns]).encode()
        length = _AFTER_LENGTH + STAMPS.size + len(rest)
        head = _pack_ticks(
            length, FUNDING, stream, number, delivered_ns, rate.ts_event, rate.ts_init
        )
        return head + rest

    def _factor_stream(self, f: ExternalFactors) -> int:
        names = tuple(f.schema)
        stream = self._stream(
            (names, f.stream_id), kind="factors", names=names, stream_id=f"{f.stream_id:016x}"
        )
        self._factors = (f.schema, f.stream_id, stream)
        return stream

    def _market_stream(self, key: tuple[int, Any, int, int], kind: str) -> int:
        _, instrument_id, price_precision, size_precision = key
        return self._stream(
            key,
            kind=kind,
            instrument_id=str(instrument_id),
            price_precision=price_precision,
            size_precision=size_precision,
        )

    def _stream(self, key: Any, **definition: Any) -> int:
        stream = self._numbers.get(key)
        if stream is None:
            stream = self._numbers[key] = len(self._numbers) + 1
            self._on_new(stream, definition)
        return stream
