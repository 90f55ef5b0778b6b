"""The JSON text of an entry: factors by name, and its ordering under names with ``_``."""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

import orjson

MAX_SIZE: Final = 1_000_000
"""Bytes of an entry's value; a larger one is refused unread."""
_HEADER: Final = 12
"""Bytes of Hazelcast before a text's UTF-8: partition hash, type, length."""
_TYPE: Final = struct.Struct(">i")
_TYPE_OFFSET: Final = 4
_TEXT_TYPES: Final = frozenset({-11, -130, -12})
"""The serialized types string, HazelcastJsonValue and byte array, of one layout."""
_MAX_INT: Final = 2**63 - 1
_SEQUENCE: Final = "_sequence"
_EVENT: Final = "_ts_event_ns"
_PUBLISHER: Final = "_publisher"
_MONO: Final = "_mono_ns"
_MACHINE: Final = "_machine"
_MAX_PUBLISHER: Final = 200


class UnusableError(Exception):
    """A value that cannot be used; the message states why."""


class Update(NamedTuple):
    """The content of an entry at one moment."""

    factors: dict[str, Any]
    """The object without the names that order it."""
    publisher: str
    """The name of its writer; empty if it states none."""
    sequence: int
    """Its number from that publisher, from 1; 0 if it has none."""
    ts_event_ns: int
    """UNIX nanoseconds of the instant that it describes; 0 if it states none."""
    mono_ns: int
    """Nanoseconds of ``CLOCK_MONOTONIC`` of ``machine`` when it was written; 0 if unknown."""
    machine: str
    """The boot id of the writer's machine; empty if unknown."""


def text_of(data: bytes | bytearray) -> memoryview:
    """Return the bytes of a serialized text, without copying or running anything.

    The client's own deserialization would unpickle a value of the type "Python object", and so
    run the code that its writer chose.

    Parameters
    ----------
    data : bytes-like
        A value as the member sent it.

    Raises
    ------
    UnusableError
        If the value is larger than 1 MB or is not a text.

    """
    size = len(data)
    if size > MAX_SIZE:
        msg = f"expected at most {MAX_SIZE:,} bytes, found {size:,}"
        raise UnusableError(msg)
    if size < _HEADER:
        msg = f"expected JSON text, found {size} bytes"
        raise UnusableError(msg)
    kind = _TYPE.unpack_from(data, _TYPE_OFFSET)[0]
    if kind not in _TEXT_TYPES:
        msg = f"expected JSON text, found Hazelcast's serialized type {kind}"
        raise UnusableError(msg)
    return memoryview(data)[_HEADER:]


def decode(text: bytes | bytearray | memoryview) -> Update:
    """Return the content of an entry's text.

    Parameters
    ----------
    text : bytes-like
        UTF-8.

    Raises
    ------
    UnusableError
        If the text is not a JSON object (``NaN`` and ``Infinity`` are not JSON), or a name that
        orders it has a value of a wrong type or range.

    """
    try:
        factors = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        msg = f"expected a JSON object, found something else: {str(error)[:120]}"
        raise UnusableError(msg) from None
    if type(factors) is not dict:
        msg = f"expected a JSON object, found {type(factors).__name__}"
        raise UnusableError(msg)
    return Update(
        factors,
        _text(factors, _PUBLISHER),
        _number(factors, _SEQUENCE),
        _number(factors, _EVENT),
        _number(factors, _MONO),
        _text(factors, _MACHINE),
    )


def _number(factors: dict[str, Any], name: str) -> int:
    found = factors.pop(name, 0)
    if type(found) is not int or not 0 <= found <= _MAX_INT:
        msg = f"{name}: expected a whole number from 0 to 2^63 - 1, found {found!r:.60}"
        raise UnusableError(msg)
    return found


def _text(factors: dict[str, Any], name: str) -> str:
    found = factors.pop(name, "")
    if type(found) is not str or len(found) > _MAX_PUBLISHER:
        msg = f"{name}: expected a text of at most {_MAX_PUBLISHER}, found {found!r:.60}"
        raise UnusableError(msg)
    return found


def encode(update: Update) -> str:
    """Return the text of an entry; NaN and infinities, which JSON lacks, become null.

    Raises
    ------
    TypeError
        If a value cannot be represented in JSON.

    """
    document = {k: v for k, v in update.factors.items() if not k.startswith("_")}
    document[_PUBLISHER] = update.publisher
    document[_SEQUENCE] = update.sequence
    document[_EVENT] = update.ts_event_ns
    document[_MONO] = update.mono_ns
    document[_MACHINE] = update.machine
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY).decode()
