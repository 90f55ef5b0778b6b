"""The frames in which market data goes to the process that writes it.

A frame is ``[u32 length of the rest][u8 kind][u16 length of the table][u32 rows]``,
little-endian, then the table, ``quotes/BTCUSDT-PERP.BINANCE``, then for each row its datum's
delivery number (u64), for each its instant (i64, UNIX nanoseconds), for each the delivery number
of the first datum of its burst (u64), and the content: an Arrow stream as Nautilus makes it, or
JSON.
"""

from __future__ import annotations

import json
import struct
from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ARROW: Final = 1
"""Rows of a table."""
ROWS: Final = 2
"""Rows of a table of which Nautilus makes no Arrow stream: a list."""
INSTRUMENT: Final = 3
"""The definition of an instrument: the object that its ``to_dict`` makes."""
DROPPED: Final = 4
"""Rows that were dropped before they could be sent: an object, their number by kind."""
_HEAD: Final = struct.Struct("<IBHI")
_AFTER_LENGTH: Final = _HEAD.size - 4


class Frame(NamedTuple):
    """One frame.

    Attributes
    ----------
    kind : int
        ARROW, FUNDING, INSTRUMENT or DROPPED.
    table : str
        A folder of Nautilus's layout and an instrument; empty where there is no table.
    numbers, instants_ns, bursts : array of uint64, of int64, of uint64
        One for each row.
    content : bytes
        The rows.

    """

    kind: int
    table: str
    numbers: array[int]
    instants_ns: array[int]
    bursts: array[int]
    content: bytes

    def pack(self) -> bytes:
        """Return the frame as bytes."""
        table, rows = self.table.encode(), len(self.numbers)
        length = _AFTER_LENGTH + len(table) + 24 * rows + len(self.content)
        head = _HEAD.pack(length, self.kind, len(table), rows)
        columns = (c.tobytes() for c in (self.numbers, self.instants_ns, self.bursts))
        return b"".join((head, table, *columns, self.content))


def pack_json(kind: int, values: Any) -> bytes:
    """Return a frame of JSON that belongs to no table."""
    return Frame(kind, "", array("Q"), array("q"), array("Q"), json.dumps(values).encode()).pack()


def unpack(buffer: bytearray) -> Iterator[Frame]:
    """Yield the whole frames at a buffer's beginning and remove them from it."""
    at, end = 0, len(buffer)
    while at + _HEAD.size <= end:
        length, kind, table_length, rows = _HEAD.unpack_from(buffer, at)
        after = at + 4 + length
        if after > end:
            break
        body = bytes(buffer[at + _HEAD.size : after])
        instants_at = table_length + 8 * rows
        bursts_at = instants_at + 8 * rows
        content_at = bursts_at + 8 * rows
        yield Frame(
            kind,
            body[:table_length].decode(),
            array("Q", body[table_length:instants_at]),
            array("q", body[instants_at:bursts_at]),
            array("Q", body[bursts_at:content_at]),
            body[content_at:],
        )
        at = after
    del buffer[:at]
