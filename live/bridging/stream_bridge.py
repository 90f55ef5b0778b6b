"""StreamBridge: streams each record of a region to other machines."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.publisher import AeronPublisher
from adapters.command.terminal import say
from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals, call_soon
from adapters.shm.source import ShmSource
from dolphin_strategies import DolphinError, SourceState
from live.metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.aeron_stream.channel import AeronChannel
    from adapters.run_state.service_beat import ServiceBeat
    from dolphin_strategies import ExternalFactors
    from live.metrics.figures.process_figures import ProcessFigures

LOOK_S: Final = 0.1
REPORT_S: Final = 5.0


class StreamBridge:
    """Stream each record of a region, in order, until it is stopped.

    The stream begins with the first record, which has the names. While the region has no live
    producer the stream is ended, so that its subscribers see the same; it begins anew when there
    is one. Records that the region lost before they were read are left out of the numbering, so
    that subscribers count them too.

    Parameters
    ----------
    name : str
        The command's name, before each line that is printed.
    region : Path
        The region to read.
    channel : AeronChannel
        The stream.
    beat : ServiceBeat
        Tells a supervisor that this turns.
    figures : ProcessFigures
        Takes the bridge's numbers, once a second.

    """

    def __init__(
        self,
        name: str,
        region: Path,
        channel: AeronChannel,
        beat: ServiceBeat,
        figures: ProcessFigures,
    ) -> None:
        self._name: Final = name
        self._channel: Final = channel
        self._source: Final = ShmSource(region)
        self._service_beat: Final = beat
        self._figures: Final = figures
        self._publisher: AeronPublisher | None = None
        self._lost = 0
        self._last_state = ""
        self._stop: Final = asyncio.Event()
        self._error: DolphinError | None = None

    async def run(self) -> None:
        """Bridge until a stop signal; a second request leaves at once.

        Raises
        ------
        DolphinError
            If the stream cannot be published at all.

        """
        loop = asyncio.get_running_loop()
        StopSignals(
            lambda name: call_soon(loop, self._stop.set), lambda name: os._exit(LEFT_AT_ONCE)
        ).take_over()
        self._source.open(self._copy, time.time_ns)
        self._copy()
        report_s = time.monotonic() + REPORT_S
        try:
            while not self._stop.is_set():
                self._beat()
                if time.monotonic() >= report_s:
                    report_s += REPORT_S
                    say(f"{self._name}: {self.summary()}")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), LOOK_S)
        finally:
            self._source.close()
            self._end_stream()
        if self._error is not None:
            raise self._error

    def _copy(self) -> None:
        """Stream all available records, then request the next wake-up."""
        try:
            while not self._source.sleep():
                while (f := self._source.read_next()) is not None:
                    self._send(f)
        except DolphinError as error:
            self._error = error
            self._stop.set()

    def _send(self, f: ExternalFactors) -> None:
        publisher = self._publisher
        if publisher is None:
            say(f"{self._name}: streaming {len(f)} factors onto {self._channel}")
            publisher = self._publisher = AeronPublisher(self._channel, f.schema.names)
        lost = self._source.status().lost
        publisher.skip(lost - self._lost)
        self._lost = lost
        if publisher.schema != f.schema:
            say(f"{self._name}: {len(f)} factors now")
        publisher.write_values(f.array, f.ts_event, f.schema)

    def _end_stream(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _beat(self) -> None:
        self._figures.look(self._snapshot)
        status = self._source.status()
        is_live = status.state is SourceState.LIVE
        if not is_live and not status.pending:
            self._end_stream()
        problem = status.reason if self._publisher is None else self._publisher.problem
        # A growing duration is not a change.
        state = problem.partition(" for ")[0] or "streaming"
        if state != self._last_state:
            self._last_state = state
            say(f"{self._name}: {state}")
        self._service_beat.beat(trouble=problem)

    def _snapshot(self) -> Snapshot:
        status = self._source.status()
        return Snapshot(
            program="bridge",
            samples={
                ("dolphin_program_info", ("bridge", version("dolphin"))): 1,
                ("dolphin_told_timestamp_seconds", ()): time.time(),
                ("dolphin_bridge_source_live", ()): status.state is SourceState.LIVE,
                ("dolphin_bridge_records", ("delivered",)): status.delivered,
                ("dolphin_bridge_records", ("lost",)): status.lost,
            },
            texts={"source": str(self._channel)},
        )

    def summary(self) -> str:
        """Return the counts so far."""
        status = self._source.status()
        counters = {} if self._publisher is None else self._publisher.counters
        told = {name: n for name, n in counters.items() if n}
        return (
            f"{status.published:,} published, {status.delivered:,} bridged, {status.lost:,} lost"
            f"{'; ' if told else ''}{', '.join(f'{n:,} {name}' for name, n in told.items())}"
        )
