"""PipeSender: the node's end of a recording, which never waits and never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.process.pipe_outbox import ROOM_BYTES, PipeOutbox
from adapters.session.wire_format import HEADER, Packer, pack_define, pack_json, pack_line

if TYPE_CHECKING:
    from nautilus_trader.model import FundingRateUpdate, QuoteTick, TradeTick

    from dolphin_strategies import ExternalFactors


class PipeSender(PipeOutbox):
    """A SessionLog that packs all inputs into memory and writes them to a pipe.

    Parameters
    ----------
    fd : int
        The pipe's writing end; non-blocking.
    room_bytes : int
        How much may wait for a full pipe; further inputs are dropped and counted.

    Attributes
    ----------
    dropped, dropped_lines : int
        Inputs, and lines of decisions and events, dropped for lack of room or of a reader.

    """

    def __init__(self, fd: int, room_bytes: int = ROOM_BYTES) -> None:
        super().__init__(fd, room_bytes)
        self.dropped = 0
        self.dropped_lines = 0
        self._packer: Final = Packer(self._define)

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> None:
        self._put(self._packer.factors(kind, number, delivered_ns, f))

    def quote(self, number: int, delivered_ns: int, quote: QuoteTick) -> None:
        self._put(self._packer.quote(number, delivered_ns, quote))

    def trade(self, number: int, delivered_ns: int, trade: TradeTick) -> None:
        self._put(self._packer.trade(number, delivered_ns, trade))

    def funding(self, number: int, delivered_ns: int, rate: FundingRateUpdate) -> None:
        self._put(self._packer.funding(number, delivered_ns, rate))

    def line(self, line: dict[str, Any]) -> None:
        if not self.has_room or not self.put(pack_line(line)):
            self.dropped_lines += 1

    def header(self, **values: Any) -> None:
        """Send values for ``session.json``."""
        self.put_always(pack_json(HEADER, 0, values))

    def _put(self, frame: bytes) -> None:
        if not self.put(frame):
            self.dropped += 1

    def _define(self, stream: int, definition: dict[str, Any]) -> None:
        self.put_always(pack_define(stream, definition))
