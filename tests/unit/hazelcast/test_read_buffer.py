"""The buffer of a client's connection: small, whatever comes, and no byte of a message lost."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hazelcast import connection

from adapters.hazelcast_map.connection import read_buffer
from adapters.hazelcast_map.connection.read_buffer import MOST_READ, keep_small

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

FINAL = 1 << 13
SIZE = 10_000


def messages_of(reads: Callable[[Any], object]) -> tuple[list[bytes], int]:
    """Return what came of 1,000 messages, each read of which ends within one; and the size."""
    came: list[bytes] = []
    builder = SimpleNamespace(on_message=lambda m: came.append(bytes(m.start_frame.buf)))
    reader: Any = connection.__dict__["_Reader"](builder)
    reads(SimpleNamespace(_reader=reader))
    stream = b"".join(
        struct.pack("<iH", SIZE + 6, FINAL) + struct.pack("<I", n) * (SIZE // 4)
        for n in range(1000)
    )
    most = 0
    for at in range(0, len(stream), SIZE + 7):
        reader.read(stream[at : at + SIZE + 7])
        reader.process()
        most = max(most, len(reader._buf.getbuffer()))
    return came, most


def test_a_buffer_that_never_runs_empty_stays_small() -> None:
    """10 MB in 1,000 messages: at most what may have been taken, and a read."""
    came, most = messages_of(keep_small)
    assert came == [struct.pack("<I", n) * (SIZE // 4) for n in range(1000)]
    assert most < MOST_READ + 3 * SIZE


def test_the_clients_own_buffer_keeps_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same messages without ours: when this fails, the client empties it, and ours may go."""
    monkeypatch.setattr(read_buffer, "MOST_READ", 1 << 40)
    came, most = messages_of(keep_small)
    assert len(came) == 1000
    assert most > 900 * SIZE


def test_a_closed_connection_has_no_buffer() -> None:
    """Its reader is gone."""
    keep_small(SimpleNamespace(_reader=None))  # type: ignore[arg-type]
