"""PipeSender: the node's end of a recording, which never waits and never raises."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from adapters.session.wire_format import HEADER, Packer, pack_define, pack_json, pack_line

if TYPE_CHECKING:
    from nautilus_trader.model import QuoteTick, TradeTick

    from dolphin_strategies import ExternalFactors

ROOM_BYTES: Final = 64 << 20
"""Bytes that may wait for a full pipe; further inputs are dropped and counted."""
_CHUNK_BYTES: Final = 1 << 20


class PipeSender:
    """A SessionLog that packs all inputs into memory and writes them to a pipe.

    Parameters
    ----------
    fd : int
        The pipe's writing end; non-blocking.

    Attributes
    ----------
    dropped, dropped_lines : int
        Inputs, and lines of decisions and events, dropped for lack of room or of a reader.
    problem : str
        Why the pipe cannot be used any more; empty while it is usable.

    """

    def __init__(self, fd: int, room_bytes: int = ROOM_BYTES) -> None:
        self.dropped = 0
        self.dropped_lines = 0
        self.problem = ""
        self._fd: Final = fd
        self._room = room_bytes
        self._buffer = bytearray()
        self._packer: Final = Packer(self._define)

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> None:
        self._put(self._packer.factors(kind, number, delivered_ns, f))

    def quote(self, number: int, delivered_ns: int, quote: QuoteTick) -> None:
        self._put(self._packer.quote(number, delivered_ns, quote))

    def trade(self, number: int, delivered_ns: int, trade: TradeTick) -> None:
        self._put(self._packer.trade(number, delivered_ns, trade))

    def line(self, line: dict[str, Any]) -> None:
        if len(self._buffer) < self._room:
            self._buffer += pack_line(line)
        else:
            self.dropped_lines += 1

    def header(self, **values: Any) -> None:
        """Send values for ``session.json``."""
        if not self.problem:
            self._buffer += pack_json(HEADER, 0, values)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the pipe has not accepted yet."""
        return len(self._buffer)

    def flush(self) -> None:
        """Write as much as the pipe accepts without blocking."""
        buffer = self._buffer
        try:
            while buffer:
                # A copy, because a view of the buffer would keep it from growing.
                del buffer[: os.write(self._fd, bytes(buffer[:_CHUNK_BYTES]))]
        except BlockingIOError:
            return
        except OSError as error:
            self.give_up(error.strerror or str(error))

    def give_up(self, problem: str) -> None:
        """Accept no more inputs; further ones are counted as dropped."""
        self.problem = self.problem or problem
        self._room = 0
        self._buffer.clear()

    def _put(self, frame: bytes) -> None:
        if len(self._buffer) < self._room:
            self._buffer += frame
        else:
            self.dropped += 1

    def _define(self, stream: int, definition: dict[str, Any]) -> None:
        if not self.problem:
            self._buffer += pack_define(stream, definition)
