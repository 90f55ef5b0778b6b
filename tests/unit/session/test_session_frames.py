"""Frames between a node and its session writer."""

from __future__ import annotations

import json
import math
import os
import resource
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from adapters.session import wire_format
from adapters.session.line_file import LineFile
from dolphin_strategies import ExternalFactors, FactorSchema
from live.node.session.pipe_sender import PipeSender

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = FactorSchema(["a", "b"])
PERP = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


def factors(sequence: int, stream_id: int = 7) -> ExternalFactors:
    """Return a record with a NaN."""
    return ExternalFactors.from_values(
        SCHEMA, [1.5, math.nan], ts_event=5, ts_init=6, sequence=sequence, stream_id=stream_id
    )


def quote() -> QuoteTick:
    """Return a quote."""
    sizes = Quantity(1.234, 3), Quantity(2.0, 3)
    return QuoteTick(PERP, Price(60_000.1, 1), Price(60_000.2, 1), *sizes, 8, 9)


def trade() -> TradeTick:
    """Return a trade."""
    return TradeTick(
        PERP, Price(60_000.1, 1), Quantity(0.5, 3), AggressorSide.SELL, TradeId("42"), 8, 9
    )


def test_frames_come_out_whole_however_the_pipe_cuts_them() -> None:
    """Fed byte by byte, every frame is there once, with its body."""
    defined: list[Any] = []
    packer = wire_format.Packer(lambda stream, definition: defined.append((stream, definition)))
    packed = [
        packer.factors(wire_format.FACTORS, 1, 100, factors(1)),
        packer.quote(2, 200, quote()),
        packer.trade(3, 300, trade()),
        packer.factors(wire_format.FACTORS, 4, 400, factors(9, stream_id=8)),
    ]
    buffer, found = bytearray(), []
    for byte in b"".join(packed):
        buffer.append(byte)
        found += list(wire_format.unpack(buffer))
    assert not buffer
    assert [f.kind for f in found] == [
        wire_format.FACTORS,
        wire_format.QUOTE,
        wire_format.TRADE,
        wire_format.FACTORS,
    ]
    assert [f.stream for f in found] == [1, 2, 3, 4]
    assert [stream for stream, _ in defined] == [1, 2, 3, 4]
    assert found[0].body.endswith(factors(1).payload)
    assert wire_format.STAMPS.unpack_from(found[1].body) == (2, 200, 8, 9)


def test_a_checksum_tells_of_every_byte_and_of_the_names() -> None:
    """Flipping any bit of an input, or calling its columns otherwise, changes it."""
    packer = wire_format.Packer(lambda stream, definition: None)
    body = packer.factors(wire_format.FACTORS, 1, 100, factors(1))[wire_format.HEAD.size :]
    definition = {"kind": "factors", "names": ["a", "b"]}
    checksum = wire_format.checksum_of(definition)
    for i in range(len(body)):
        changed = bytearray(body)
        changed[i] ^= 1
        assert checksum(bytes(changed)) != checksum(body)
    assert wire_format.checksum_of({**definition, "names": ["b", "a"]})(body) != checksum(body)


def test_an_outbox_never_waits_for_a_full_pipe() -> None:
    """What the pipe does not take waits up to the limit; the rest is dropped and counted."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    outbox = PipeSender(write_fd, room_bytes=100_000)
    given = 5_000
    for n in range(1, given + 1):
        outbox.factors(wire_format.FACTORS, n, n, factors(n))
        outbox.flush()
    assert outbox.dropped > 0
    buffer, numbers = bytearray(), []
    os.set_blocking(read_fd, False)
    while outbox.waiting_bytes:
        buffer += os.read(read_fd, 1 << 20)
        outbox.flush()
    buffer += os.read(read_fd, 1 << 20)
    for kind, _, body in wire_format.unpack(buffer):
        if kind == wire_format.FACTORS:
            numbers.append(wire_format.STAMPS.unpack_from(body)[0])
    assert len(numbers) + outbox.dropped == given
    assert numbers == sorted(set(numbers))
    os.close(read_fd)
    outbox.factors(wire_format.FACTORS, given + 1, given + 1, factors(1))
    outbox.flush()
    assert outbox.problem
    assert outbox.waiting_bytes == 0
    os.close(write_fd)


def test_lines_are_whole_through_a_full_disk(tmp_path: Path) -> None:
    """A write that fails leaves the file as it was; later everything is there, in order."""
    path = tmp_path / "lines"
    file = LineFile(path)
    file.append(b'{"n": 1}')
    file.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As a disk with room for three more bytes.
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 3, limits[1]))
    try:
        file.append(b'{"n": 2}')
        file.flush()
        assert file.problem
        assert path.read_bytes() == b'{"n": 1}\n'
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    file.append(b'{"n": 3}')
    file.close()
    assert not file.problem
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["n"] for line in lines] == [1, 2, 3]
