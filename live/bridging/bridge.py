"""Bridge: the run of a program that takes records from one transport to another."""

from __future__ import annotations

import asyncio
import os
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.command.terminal import say
from adapters.process.stop_signals import LEFT_AT_ONCE, StopSignals, call_soon
from dolphin_strategies import DolphinError, SourceState
from live.metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from adapters.run_state.service_beat import ServiceBeat
    from dolphin_strategies import ExternalFactors, FactorSource
    from dolphin_strategies.factors.source import SourceStatus
    from live.metrics.figures.process_figures import ProcessFigures

LOOK_S: Final = 0.1
REPORT_S: Final = 5.0
COPY_S: Final = 0.05
"""The longest time in which records are copied and nothing else is done."""


class Program(NamedTuple):
    """The program that a bridge runs in.

    Attributes
    ----------
    name : str
        Before each line that is printed.
    beat : ServiceBeat
        Tells a supervisor that this turns.
    figures : ProcessFigures
        Takes the bridge's numbers, once a second.

    """

    name: str
    beat: ServiceBeat
    figures: ProcessFigures


class Bridge(ABC):
    """Take each record of a source to somewhere else, in order, until it is stopped.

    Parameters
    ----------
    program : Program
        The program that this is the work of.
    source : FactorSource
        Opened and closed by ``run``.
    target : str
        Where the records go, for the metrics.

    """

    def __init__(self, program: Program, source: FactorSource, target: str) -> None:
        self._program: Final = program
        self._source: Final = source
        self._target: Final = target
        self._last_state = ""
        self._stop: Final = asyncio.Event()
        self._copies_on = False
        self._error: DolphinError | None = None

    async def run(self) -> None:
        """Bridge until a stop signal; a second request leaves at once.

        Raises
        ------
        DolphinError
            If the records cannot be written at all.

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
                    self._say(self.summary())
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), LOOK_S)
        finally:
            self._stop.set()
            self._source.close()
            self._end()
        if self._error is not None:
            raise self._error

    def summary(self) -> str:
        """Return the counts so far."""
        status = self._source.status()
        told = ", ".join(f"{n:,} {name}" for name, n in self._counters().items() if n)
        return (
            f"{status.published:,} published, {status.delivered:,} bridged, {status.lost:,} lost"
            f"{'; ' if told else ''}{told}"
        )

    @abstractmethod
    def _write(self, f: ExternalFactors) -> None:
        """Take a record to where it goes."""

    def _may_write(self) -> bool:
        """Return whether records can be written now; if not they wait in the source."""
        return True

    @abstractmethod
    def _look(self, status: SourceStatus) -> tuple[str, bool]:
        """Do what is due ten times a second; return the state, and whether it is as it should."""

    @abstractmethod
    def _end(self) -> None:
        """Tell the readers that nothing more comes; safe to call again."""

    @abstractmethod
    def _counters(self) -> dict[str, int]:
        """Return what else is counted, by name."""

    def _say(self, text: str) -> None:
        say(f"{self._program.name}: {text}")

    def _copy(self) -> None:
        """Write all records that are there, then request the next wake-up."""
        if self._stop.is_set():
            return
        try:
            if not self._has_copied_all() and not self._copies_on:
                # A producer may be as fast as this: signals and heartbeats have their turn too.
                self._copies_on = True
                asyncio.get_running_loop().call_soon(self._copy_on)
        except DolphinError as error:
            self._error = error
            self._stop.set()

    def _copy_on(self) -> None:
        self._copies_on = False
        self._copy()

    def _has_copied_all(self) -> bool:
        end_s = time.monotonic() + COPY_S
        while self._may_write() and not self._source.sleep():
            while (f := self._source.read_next()) is not None:
                self._write(f)
                if time.monotonic() >= end_s:
                    return False
        return True

    def _beat(self) -> None:
        self._program.figures.look(self._snapshot)
        state, is_well = self._look(self._source.status())
        if not is_well:
            # A growing duration is not a change.
            state = state.partition(" for ")[0]
        if state != self._last_state:
            self._last_state = state
            self._say(state)
        self._program.beat.beat(trouble="" if is_well else state)

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
            texts={"source": self._target},
        )
