"""RecordingRun: one run of the recorder, from its first line to its summary."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import traceback
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.writing.recorder import Recorder
from adapters.command.terminal import say
from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    StopSignals,
    call_soon,
    ignore_stop_signals,
)
from dolphin_strategies.factors.source import SourceState
from live.metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from adapters.catalog import RecordingWriter
    from adapters.catalog.writing.record_counts import RecorderCounts
    from adapters.run_state.service_beat import ServiceBeat
    from adapters.shm.source import ShmSource
    from live.metrics.figures.process_figures import ProcessFigures

CHECK_INTERVAL_S: Final = 1.0
CHECKS_PER_LINE: Final = 2

OK: Final = 0
FAILED: Final = 1


class RecordingRun:
    """Record until asked to stop; print the progress, and an alarm when counts do not add up.

    The first SIGINT, SIGTERM or SIGHUP writes everything and prints the summary. A second one
    leaves at once; what was flushed before is found by the next recorder.

    Parameters
    ----------
    source : ShmSource
        The source to record.
    writer : RecordingWriter
        The recording.
    seconds : float
        Stop after this time; 0: run until asked to stop.
    rotate_records : int, optional
        See :class:`~adapters.catalog.writing.recorder.Recorder`.
    is_quiet : bool
        Whether to omit the progress.
    beat : ServiceBeat, optional
        Tells a supervisor that this turns.
    figures : ProcessFigures, optional
        Takes the recorder's numbers, once a second.

    Notes
    -----
    ``run`` handles the stop signals and must be called on the main thread, once.

    """

    def __init__(  # noqa: PLR0913 - the parts of a recording
        self,
        source: ShmSource,
        writer: RecordingWriter,
        *,
        seconds: float = 0.0,
        rotate_records: int | None = None,
        is_quiet: bool = False,
        beat: ServiceBeat | None = None,
        figures: ProcessFigures | None = None,
    ) -> None:
        self._source = source
        self._writer = writer
        self._beat = beat
        self._seconds = seconds
        self._is_quiet = is_quiet
        self._figures = figures
        self._recorder = Recorder(source, writer, rotate_records=rotate_records)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started_s = time.monotonic()
        self._reason = ""
        self._code = OK
        self._problem = ""
        self._state = SourceState.LIVE
        self._alarm = ""
        self._line_at = (self._started_s, 0)

    def run(self) -> int:
        """Run to the end and return the exit code: 0 stopped as asked, 1 something failed."""
        StopSignals(self._on_first_signal, self._on_second_signal).take_over()
        asyncio.run(self._record())
        # Everything is written: a later request, such as uv's copy of a Ctrl-C, is ignored.
        ignore_stop_signals()
        return self._code

    async def _record(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_callback_error)
        if self._reason:
            self._recorder.stop()
        watch = asyncio.create_task(self._watch())
        watch.add_done_callback(self._on_watch_end)
        try:
            await self._recorder.run()
        except Exception:  # noqa: BLE001 - whatever it was, the summary reports it
            traceback.print_exc()
            self._fail("an error, see above")
        finally:
            watch.cancel()
        self._check()
        say(self._summary())
        if self._beat is not None:
            self._beat.ended(self._code, self._reason)

    async def _watch(self) -> None:
        writer = self._writer
        self._print_progress(
            f"Recording {self._source.path} into {writer.catalog} as {writer.name}"
        )
        checks = 0
        self._check()
        while True:
            left_s = self._seconds - self._elapsed_s if self._seconds else CHECK_INTERVAL_S
            await asyncio.sleep(max(min(left_s, CHECK_INTERVAL_S), 0.0))
            if self._seconds and self._elapsed_s >= self._seconds:
                self._stop(f"{self._seconds:g} s are over")
                return
            self._check()
            checks += 1
            if checks % CHECKS_PER_LINE == 0:
                self._print_progress(self._progress())

    def _check(self) -> None:
        """Print changes to a worse state, and back."""
        counts, status = self._recorder.counts(), self._source.status()
        alarm = self._recorder.mismatch
        if not counts.adds_up:
            alarm = f"the counts do not add up: {_equation(counts)}"
        if alarm and not self._alarm:
            self._alarm = alarm
            self._code = FAILED
            say(f"{self._elapsed_s:6.1f} s  ALARM: {alarm}", to=sys.stderr)
        problem = self._recorder.problem
        if bool(problem) != bool(self._problem):
            text = f"WARNING: {problem}" if problem else "RESUMED: the catalog is written again"
            say(f"{self._elapsed_s:6.1f} s  {text}", to=sys.stderr)
        self._problem = problem
        if status.state is not self._state:
            self._print_state(status.state, status.reason)
        if self._beat is not None:
            self._beat.beat(stopping=self._reason, trouble=alarm or problem or status.reason)
        if self._figures is not None:
            self._figures.look(lambda: self._snapshot(counts))

    def _snapshot(self, counts: RecorderCounts) -> Snapshot:
        return Snapshot(
            program="recorder",
            samples={
                ("dolphin_program_info", ("recorder", version("dolphin"))): 1,
                ("dolphin_told_timestamp_seconds", ()): time.time(),
                ("dolphin_recorder_records", ("recorded",)): counts.recorded,
                ("dolphin_recorder_records", ("lost",)): counts.lost,
                ("dolphin_recorder_records", ("dropped",)): counts.dropped,
                ("dolphin_recorder_waiting_records", ()): counts.waiting,
                ("dolphin_recorder_problem", ()): bool(self._problem or self._alarm),
            },
            texts={"source": str(self._source.path)},
        )

    def _print_state(self, state: SourceState, reason: str) -> None:
        text = f"{self._elapsed_s:6.1f} s  producer {state.value}"
        if state is SourceState.STALE:
            say(f"{text}: WARNING: {reason}", to=sys.stderr)
        else:
            self._print_progress(f"{text}: {reason}" if reason else text)
        self._state = state

    def _progress(self) -> str:
        counts, now_s = self._recorder.counts(), time.monotonic()
        since_s, published = self._line_at
        rate = (counts.published - published) / max(now_s - since_s, 1e-9)
        self._line_at = (now_s, counts.published)
        state = "" if self._state is SourceState.LIVE else f"  {self._state.value.upper()}"
        problem = "  NOT WRITTEN" if self._problem else ""
        return f"{self._elapsed_s:6.1f} s  {rate:,.0f}/s  {_equation(counts)}{state}{problem}"

    def _summary(self) -> str:
        counts = self._recorder.counts()
        lines = [
            "",
            f"Recorded {self._elapsed_s:.1f} s: {self._reason}",
            f"  records    {_equation(counts)}",
            f"  recording  {self._writer.name} in {self._writer.catalog}",
        ]
        if self._problem:
            lines.append(f"  problem    {self._problem}")
        if self._alarm:
            lines.append(f"  ALARM      {self._alarm}")
        return "\n".join(lines)

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _print_progress(self, text: str) -> None:
        if not self._is_quiet:
            say(text)

    def _stop(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._recorder.stop()

    def _fail(self, reason: str) -> None:
        self._code = FAILED
        self._stop(reason)

    def _on_watch_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            traceback.print_exception(error)
            self._fail(f"an error in the progress report: {error}")

    def _on_callback_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:
            traceback.print_exception(error)
        self._fail(f"an error in a callback: {error or context.get('message')}")

    def _on_first_signal(self, name: str) -> None:
        self._reason = f"stopped by {name}"
        if self._loop is not None:
            call_soon(self._loop, self._recorder.stop)

    def _on_second_signal(self, name: str) -> None:
        say(f"second signal ({name}); what was not flushed yet is lost", to=sys.stderr)
        os._exit(LEFT_AT_ONCE)


def _equation(counts: RecorderCounts) -> str:
    waiting = f" + waiting {counts.waiting:,}" if counts.waiting else ""
    equals = "==" if counts.adds_up else "!="
    return (
        f"recorded {counts.recorded:,} + lost {counts.lost:,} + dropped {counts.dropped:,}"
        f"{waiting} {equals} published {counts.published:,}"
    )
