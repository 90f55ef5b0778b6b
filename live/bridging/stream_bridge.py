"""StreamBridge: streams each record of a region to other machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.publisher import AeronPublisher
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from live.bridging.bridge import Bridge

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.aeron_stream.channel import AeronChannel
    from dolphin_strategies import ExternalFactors
    from dolphin_strategies.factors.source import SourceStatus
    from live.bridging.bridge import Program


class StreamBridge(Bridge):
    """Stream each record of a region.

    The stream begins with the first record, which has the names. While the region has no live
    producer the stream is ended, so that its subscribers see the same; it begins anew when there
    is one. Records that the region lost before they were read are left out of the numbering, so
    that subscribers count them too.

    Parameters
    ----------
    program : Program
        The program that this is the work of.
    region : Path
        The region to read.
    channel : AeronChannel
        The stream.

    """

    def __init__(self, program: Program, region: Path, channel: AeronChannel) -> None:
        super().__init__(program, ShmSource(region), str(channel))
        self._channel: Final = channel
        self._publisher: AeronPublisher | None = None
        self._lost = 0

    def _write(self, f: ExternalFactors) -> None:
        publisher = self._publisher
        if publisher is None:
            self._say(f"streaming {len(f)} factors onto {self._channel}")
            publisher = self._publisher = AeronPublisher(self._channel, f.schema.names)
        lost = self._source.status().lost
        publisher.skip(lost - self._lost)
        self._lost = lost
        if publisher.schema != f.schema:
            self._say(f"{len(f)} factors now")
        publisher.write_values(f.array, f.ts_event, f.schema)

    def _look(self, status: SourceStatus) -> tuple[str, bool]:
        if status.state is not SourceState.LIVE and not status.pending:
            self._end()
        problem = status.reason if self._publisher is None else self._publisher.problem
        return problem or "streaming", not problem

    def _end(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _counters(self) -> dict[str, int]:
        return {} if self._publisher is None else self._publisher.counters
