"""Bridge: writes each record of another machine's producer into a region."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from adapters.command.terminal import say
from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals, call_soon
from adapters.shm import FactorWriter
from dolphin_strategies import DolphinError, FactorSource, SourceState
from live.metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adapters.run_state.service_beat import ServiceBeat
    from dolphin_strategies import ExternalFactors
    from live.metrics.figures.process_figures import ProcessFigures

HEARTBEAT_S: Final = 0.1
REPORT_S: Final = 5.0


class CountingSource(FactorSource, Protocol):
    """A source that counts what it refused or changed, by name."""

    @property
    def counters(self) -> dict[str, int]:
        """The counts."""


class Bridge:
    """Write each record of a source into a region, in order, until it is stopped.

    The region is created with the first record, which has the names. While the source
    is not live the region is closed, so that its readers see at once that there is no producer;
    records that come meanwhile wait in the source.

    Parameters
    ----------
    name : str
        The command's name, before each line that is printed.
    source : CountingSource
        Opened and closed by ``run``.
    region : Path
        The region's file.
    beat : ServiceBeat
        Tells a supervisor that this turns.
    figures : ProcessFigures
        Takes the bridge's numbers, once a second.

    """

    def __init__(
        self,
        name: str,
        source: CountingSource,
        region: Path,
        beat: ServiceBeat,
        figures: ProcessFigures,
    ) -> None:
        self._name: Final = name
        self._source: Final = source
        self._service_beat: Final = beat
        self._region: Final = region
        self._figures: Final = figures
        self._writer: FactorWriter | None = None
        self._names: Sequence[str] = ()
        self._values = np.empty(0)
        self._last_state = ""
        self._stop: Final = asyncio.Event()
        self._error: DolphinError | None = None

    async def run(self) -> None:
        """Bridge until a stop signal; a second request leaves at once.

        Raises
        ------
        RegionError
            If the region cannot be written, or has another writer.

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
                    await asyncio.wait_for(self._stop.wait(), HEARTBEAT_S)
        finally:
            self._source.close()
            self._close()
        if self._error is not None:
            raise self._error

    def _copy(self) -> None:
        """Write all available records, then request the next wake-up."""
        try:
            while self._is_live() and not self._source.sleep():
                while (f := self._source.read_next()) is not None:
                    self._write(f)
        except DolphinError as error:
            self._error = error
            self._stop.set()

    def _is_live(self) -> bool:
        return self._source.status().state is SourceState.LIVE

    def _write(self, f: ExternalFactors) -> None:
        if not self._names:
            say(f"{self._name}: writing {len(f)} factors into {self._region}")
        writer = self._open(self._names or f.schema.names)
        self._names = f.schema.names
        if writer.schema != f.schema:
            # New names: the writer makes a new file, which readers follow.
            writer.write(dict(f), f.ts_event)
            say(f"{self._name}: {len(f)} factors now")
            return
        if len(self._values) != len(f):
            self._values = np.empty(len(f))
        self._values[:] = f.array
        writer.write_values(self._values, f.ts_event)

    def _open(self, names: Sequence[str]) -> FactorWriter:
        if self._writer is None:
            self._writer = FactorWriter(self._region, names)
        return self._writer

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

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
            texts={"source": str(self._region)},
        )

    def _beat(self) -> None:
        self._figures.look(self._snapshot)
        status = self._source.status()
        if status.state is not SourceState.LIVE:
            self._close()
        else:
            if self._names:
                self._open(self._names).heartbeat()
            # Records may have waited until the source was live.
            self._copy()
        state = f"{status.state.value}{': ' if status.reason else ''}{status.reason}"
        if status.state is not SourceState.LIVE:
            # A growing duration is not a change.
            state = state.partition(" for ")[0]
        if state != self._last_state:
            self._last_state = state
            say(f"{self._name}: {state}")
        self._service_beat.beat(
            trouble="" if status.state is SourceState.LIVE else self._last_state
        )

    def summary(self) -> str:
        """Return the counts so far."""
        status = self._source.status()
        refused = {name: n for name, n in self._source.counters.items() if n}
        return (
            f"{status.published:,} published, {status.delivered:,} bridged, {status.lost:,} lost"
            f"{'; ' if refused else ''}{', '.join(f'{n:,} {name}' for name, n in refused.items())}"
        )
