"""The buffer in which a client's connection collects what it has read, kept small."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hazelcast.connection import Connection

MOST_READ: Final = 1 << 20
"""Bytes of a buffer that were taken out of it and are still there."""


def keep_small(connection: Connection) -> None:
    """Have a connection's buffer lose what was taken out of it, also where it never runs empty.

    Parameters
    ----------
    connection : Connection
        Open; on its reactor's thread, or before anything else is read.

    Notes
    -----
    hazelcast-python-client 5.7 empties the buffer when a message ends with its last byte. Where
    messages come without a pause, each read ends within one, and all that came stays in memory:
    147 MB after half a minute of 14,700 changes a second (findings/hazelcast_read_buffer.sh).

    """
    reader: Any = connection._reader  # noqa: SLF001 - it has no other way in
    if reader is not None:
        reader._reset = partial(_reset, reader, reader._reset)  # noqa: SLF001


def _reset(reader: Any, reset: Any) -> None:
    """Move what was not taken yet to the buffer's beginning; then what the client does."""
    if MOST_READ < reader._bytes_read < reader._bytes_written:  # noqa: SLF001
        buffer = reader._buf  # noqa: SLF001
        buffer.seek(reader._bytes_read)  # noqa: SLF001
        rest = buffer.read(reader.length)
        buffer.seek(0)
        buffer.write(rest)
        buffer.truncate()
        reader._bytes_read, reader._bytes_written = 0, len(rest)  # noqa: SLF001
    reset()
