"""The messages of a stream: their bytes, checked when they are read.

A message is a header of 56 bytes, little-endian, and what its kind adds:

======  ====  =================================================================================
offset  type  content
======  ====  =================================================================================
0       4s    ``DLPH``
4       u8    version, 1
5       u8    kind: 1 state, 2 record, 3 end
6       u16   number of factors
8       u64   hash of the schema, as :attr:`~dolphin_strategies.FactorSchema.hash`
16      u64   stream: random, new for each publisher
24      u64   sequence of the record; of a state and an end, of the newest record, 0: none yet
32      i64   ``ts_event``, UNIX nanoseconds
40      i64   when it was published, UNIX nanoseconds, the publisher's clock
48      i64   the same, ``CLOCK_MONOTONIC`` nanoseconds of the publisher's machine
======  ====  =================================================================================

A record adds its values, float64 in schema order. A state adds the id of the publisher's
monotonic clock (16 bytes, see ``monotonic_clock.py``), the values of the newest record (NaN where
there is none yet), and the names, UTF-8, joined by newlines. An end adds nothing.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from dolphin_strategies.factors.schema import MAX_FACTORS, FactorSchema

MAGIC: Final = b"DLPH"
VERSION: Final = 1
STATE: Final = 1
RECORD: Final = 2
END: Final = 3
HEADER: Final = struct.Struct("<4sBBHQQQqqq")
HEAD: Final = struct.Struct("<4sBBHQQ")
"""The part of a header that is the same in all records of a stream that have the same names."""
TIMES: Final = struct.Struct("<Qqqq")
"""The rest of it: sequence and times."""
TIMES_AT: Final = HEAD.size
CLOCK_ID_SIZE: Final = 16
VALUES_AT: Final = HEADER.size
_STATE_VALUES_AT: Final = HEADER.size + CLOCK_ID_SIZE


class MessageError(ValueError):
    """A message cannot be used; the text states why."""


class Header(NamedTuple):
    """The header of a message; the fields are those of the module's table."""

    magic: bytes
    version: int
    kind: int
    factors: int
    schema_hash: int
    stream_id: int
    sequence: int
    ts_event: int
    published_ns: int
    published_mono_ns: int


class Times(NamedTuple):
    """The second part of a header, as in :class:`Header`."""

    sequence: int
    ts_event: int
    published_ns: int
    published_mono_ns: int


class State(NamedTuple):
    """What a state adds to its header."""

    schema: FactorSchema
    clock_id: bytes
    payload: bytes


def record_head(schema: FactorSchema, stream_id: int) -> bytes:
    """Return what each record of a stream begins with, up to ``TIMES_AT``."""
    return HEAD.pack(MAGIC, VERSION, RECORD, len(schema), schema.hash, stream_id)


def header_of(message: bytes) -> Header:
    """Return the header of a message whose size fits its kind.

    Raises
    ------
    MessageError
        If it is not a message of this format, of another version, or of a wrong size.

    """
    if len(message) < HEADER.size:
        msg = f"expected a message of at least {HEADER.size} bytes, found {len(message)}"
        raise MessageError(msg)
    header = Header._make(HEADER.unpack_from(message))
    magic, version, kind, count, *_ = header
    if magic != MAGIC or version != VERSION:
        msg = f"expected a message {MAGIC!r} of version {VERSION}, found {magic!r} of {version}"
        raise MessageError(msg)
    if not 1 <= count <= MAX_FACTORS:
        msg = f"expected 1 to {MAX_FACTORS} factors, found {count}"
        raise MessageError(msg)
    added = len(message) - HEADER.size
    if kind == RECORD:
        fits = added == 8 * count and header.sequence > 0
    elif kind == STATE:
        fits = added > CLOCK_ID_SIZE + 8 * count
    else:
        fits = kind == END and not added
    if not fits:
        msg = f"a message of kind {kind} with {count} factors cannot have {len(message)} bytes"
        raise MessageError(msg)
    if header.ts_event < 0 or header.stream_id == 0:
        msg = f"expected a stream and an event time, found {header.stream_id}, {header.ts_event}"
        raise MessageError(msg)
    return header


def state_of(message: bytes, header: Header) -> State:
    """Return what a state adds to its header.

    Raises
    ------
    MessageError
        If its names are not a schema, or not that of its header.

    """
    names_at = _STATE_VALUES_AT + 8 * header.factors
    try:
        schema = FactorSchema(message[names_at:].decode().split("\n"))
    except ValueError as error:
        raise MessageError(str(error)) from None
    if len(schema) != header.factors or schema.hash != header.schema_hash:
        msg = (
            f"expected {header.factors} names of hash {header.schema_hash:016x}, "
            f"found {len(schema)} of {schema.hash:016x}"
        )
        raise MessageError(msg)
    clock_id = message[HEADER.size : _STATE_VALUES_AT]
    return State(schema, clock_id, state_payload(message, header))


def state_payload(message: bytes, header: Header) -> bytes:
    """Return the values of a state's record as little-endian float64."""
    return message[_STATE_VALUES_AT : _STATE_VALUES_AT + 8 * header.factors]


def state_message(header: Header, state: State) -> bytes:
    """Return a state."""
    names = "\n".join(state.schema.names).encode()
    return HEADER.pack(*header) + state.clock_id + state.payload + names
